package alert

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"spanaudit/rules"
)

// options are those behind the question mark of a target. A method takes one out,
// or returns its default; the first that is wrong is kept.
type options struct {
	names  []string // in order
	values url.Values
	asked  []string
	kept   []string // those of a webhook's own
	failed error
}

func parseOptions(query string) (*options, error) {
	o := &options{values: url.Values{}}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.PathUnescape(value)
		if err := errors.Join(nameErr, valueErr); err != nil {
			return nil, fmt.Errorf("option %q is not escaped as in a URL; write %% as %%25", name)
		}
		o.names = append(o.names, name)
		o.values.Add(name, value)
	}
	return o, nil
}

// others takes out the options that are none of the names, as a query. One that
// only looks like one of them is not sent to a server.
func (o *options) others(names []string) string {
	query := url.Values{}
	plain := func(s string) string { return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s)) }
	for _, name := range o.names {
		if slices.Contains(names, name) {
			continue
		}
		for _, known := range names {
			if plain(known) == plain(name) {
				o.fail("option %q is not known; write %s", name, known)
			}
		}
		query[name] = o.values[name]
		o.kept = append(o.kept, name)
	}
	return query.Encode()
}

func (o *options) fail(format string, args ...any) {
	if o.failed == nil {
		o.failed = fmt.Errorf(format, args...)
	}
}

// text returns an option, or "".
func (o *options) text(name string) string {
	o.asked = append(o.asked, name)
	values := o.values[name]
	switch {
	case len(values) == 0:
		return ""
	case len(values) > 1:
		o.fail("option %s is given twice", name)
	case values[0] == "":
		o.fail("option %s has no value; write %s=VALUE, or leave it out", name, name)
	}
	return values[0]
}

// word returns an option that is one of some words, the first by default.
func (o *options) word(name string, words []string) string {
	text := o.text(name)
	if text == "" {
		return words[0]
	}
	if !slices.Contains(words, text) {
		o.fail("%s=%s is not known; use one of %s", name, text, strings.Join(words, ", "))
	}
	return text
}

func (o *options) yes(name string) bool { return o.word(name, []string{"no", "yes"}) == "yes" }

func (o *options) number(name string, otherwise, least, most int) int {
	text := o.text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		o.fail("%s=%s is no number from %d to %d", name, text, least, most)
	}
	return n
}

func (o *options) severity(name string) (s rules.Severity) {
	if text := o.text(name); text != "" {
		if err := s.UnmarshalText([]byte(text)); err != nil {
			o.fail("%s: %w", name, err)
		}
	}
	return s
}

var sizeForm = regexp.MustCompile(`^([0-9]{1,9})(kB|MB|GB)$`)

// size returns a number of octets.
func (o *options) size(name string, otherwise, least int64) int64 {
	text := o.text(name)
	if text == "" {
		return otherwise
	}
	part := sizeForm.FindStringSubmatch(text)
	if part == nil {
		o.fail("%s=%s is no size; write a whole number and kB, MB or GB, such as 10MB", name, text)
		return otherwise
	}
	n, _ := strconv.ParseInt(part[1], 10, 64)
	n *= map[string]int64{"kB": 1e3, "MB": 1e6, "GB": 1e9}[part[2]]
	if n < least {
		o.fail("%s=%s is too small; at least %dkB", name, text, (least+999)/1000)
	}
	return n
}

var periodForm = regexp.MustCompile(`^([0-9]{1,4})(m|h|d)$`)

// period returns a length of time of at least a minute, or zero.
func (o *options) period(name string) time.Duration {
	text := o.text(name)
	if text == "" {
		return 0
	}
	part := periodForm.FindStringSubmatch(text)
	if part == nil || part[1] == "0" {
		o.fail("%s=%s is no length of time; write a whole number and m, h or d, such as 24h", name, text)
		return 0
	}
	n, _ := strconv.Atoi(part[1])
	return time.Duration(n) * map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[part[2]]
}

var sdidForm = regexp.MustCompile(`^[!#-<>-?A-Z\[^-~\\]{1,20}@[0-9]{1,11}$`)

// sdid returns an SD-ID (RFC 5424, section 7), or "" for none.
func (o *options) sdid(name string) string {
	switch text := o.text(name); {
	case text == "":
		return DefaultSDID
	case text == "none":
		return ""
	case !sdidForm.MatchString(text):
		o.fail("%s=%s is no SD-ID; write a name, @ and a private enterprise number, such as spanaudit@32473, or none", name, text)
		return text
	default:
		return text
	}
}

// end returns the first error. An option that was not asked for is one.
func (o *options) end(scheme string) error {
	for _, name := range o.names {
		if !slices.Contains(o.asked, name) && !slices.Contains(o.kept, name) {
			o.fail("option %q is not known here; %s takes %s", name, scheme, strings.Join(slices.Sorted(slices.Values(o.asked)), ", "))
		}
	}
	return o.failed
}
