package rules

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxImported bounds the prefixes that are imported. It leaves room for those that
// are local anyhow, in prefixes and in zones (maxPrefixes, maxKeys).
const maxImported = 900

// maxStem bounds the bytes of a tag that its zone's name has.
const maxStem = 64

// ImportNetworks makes a policy of Zeek's networks.cfg: a zone for each tag. The
// file has a line for each prefix, with a tag behind it, and comments. Problems
// are a *PolicyError with the file's lines.
func ImportNetworks(file string, data []byte) (string, error) {
	var problems []Problem
	zones := &importedZones{}
	if p := checkBytes(data); p != nil {
		return "", newPolicyError(file, []Problem{*p}, 0)
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		p, err := netip.ParsePrefix(fields[0])
		switch {
		case err != nil:
			problems = append(problems, Problem{number, 1, quote(fields[0]) + " is no prefix; networks.cfg has lines such as: 192.0.2.0/24 Office"})
		case p.Addr().Is4In6():
			problems = append(problems, Problem{number, 1, fmt.Sprintf("prefix %s is IPv4 mapped into IPv6; write it as IPv4", p)})
		case p.Addr().IsMulticast():
			problems = append(problems, Problem{number, 1, fmt.Sprintf("prefix %s is multicast, where no host is; remove it", p)})
		case zones.prefixes == maxImported:
			problems = append(problems, Problem{number, 1, fmt.Sprintf("more than %d prefixes; a policy has fewer", maxImported)})
			return "", newPolicyError(file, problems, 0)
		case p.Bits() == 0:
			problems = append(problems, Problem{number, 1, fmt.Sprintf("prefix %s is the whole internet, which is not local; remove it", p)})
		default:
			zones.add(p, strings.Join(fields[1:], " "), number)
		}
	}
	if len(zones.list) == 0 && len(problems) == 0 {
		problems = append(problems, Problem{Message: "no prefix in the file"})
	}
	if err := newPolicyError(file, problems, 0); err != nil {
		return "", err
	}
	return zones.policy(file)
}

// importedZones are the zones of a networks.cfg, in its order.
type importedZones struct {
	list     []*importedZone
	prefixes int // that were entered
}

type importedZone struct {
	tag, name string
	prefixes  []netip.Prefix
	notes     []string // what was written otherwise
	public    bool
}

// add enters a prefix into the zone of its tag. What another one holds already
// is left out: prefixes of one zone do not overlap, and no two zones have the
// same.
func (z *importedZones) add(p netip.Prefix, tag string, line int) {
	z.prefixes++
	i := slices.IndexFunc(z.list, func(x *importedZone) bool { return x.tag == tag && tag != "" })
	if i < 0 {
		z.list = append(z.list, &importedZone{tag: tag, name: z.name(tag)})
		i = len(z.list) - 1
	}
	x, masked := z.list[i], p.Masked()
	if masked != p {
		x.notes = append(x.notes, fmt.Sprintf("line %d is %s", line, p))
	}
	for _, y := range z.list {
		for j, known := range y.prefixes {
			switch {
			case known == masked || y == x && known.Overlaps(masked) && known.Bits() < masked.Bits():
				x.notes = append(x.notes, fmt.Sprintf("line %d (%s) is in %s", line, masked, known))
				return
			case y == x && known.Overlaps(masked):
				x.notes = append(x.notes, fmt.Sprintf("%s is in %s", known, masked))
				y.prefixes[j] = masked
				y.prefixes = slices.DeleteFunc(y.prefixes, func(q netip.Prefix) bool { return q != masked && masked.Overlaps(q) })
				return
			}
		}
	}
	x.prefixes = append(x.prefixes, masked)
	x.public = x.public || !isPrivate(masked)
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// name makes a zone's name of a tag.
func (z *importedZones) name(tag string) string {
	stem := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(tag), "-"), "-")
	stem = strings.TrimRight(stem[:min(len(stem), maxStem)], "-")
	if stem == "" {
		stem = "local"
	}
	name := stem
	taken := func(name string) bool {
		return name == "internet" || name == "private" || slices.ContainsFunc(z.list, func(x *importedZone) bool { return x.name == name })
	}
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", stem, n)
	}
	return name
}

func (z *importedZones) policy(file string) (string, error) {
	var t draftText
	t.line("# Made from Zeek's "+remark(file)+": its local networks are local zones.", "")
	t.line("apiVersion: spanaudit/v1", "")
	t.line("kind: Policy", "")
	t.line("zones:", "")
	for _, x := range z.list {
		notes := shorten(x.notes)
		if len(x.prefixes) == 0 {
			t.line("  # "+scalar(x.name, textNode), notes)
			continue
		}
		public := ""
		if x.public {
			public = ", public_ok: true"
		}
		if x.tag != "" {
			t.line("  # "+remark(x.tag), "")
		}
		t.line("  "+scalar(x.name, textNode)+": { trust: local"+public+", cidrs: "+quoted(x.prefixes)+" }", notes)
	}
	if private := z.privateLeft(); len(private) > 0 {
		t.line("  private: { trust: local, cidrs: "+quoted(private)+" }", "Zeek takes private addresses for local by itself; remove it where PrivateAddressSpaceIsLocal is 0")
	}
	t.line("  internet: { trust: internet, rest: true }", "")
	t.line("# devices: which hosts are cameras and who reads them; `spanaudit policy init CAPTURE` finds them in a capture", "")
	return checked(t.String())
}

// privateLeft returns the private prefixes that no zone has.
func (z *importedZones) privateLeft() (left []netip.Prefix) {
	for _, b := range builtinZones(false) {
		has := func(x *importedZone) bool { return slices.Contains(x.prefixes, b.Prefix) }
		if b.Zone.Name == "local" && !slices.ContainsFunc(z.list, has) {
			left = append(left, b.Prefix)
		}
	}
	return left
}

func quoted(prefixes []netip.Prefix) string {
	var words []string
	for _, p := range prefixes {
		words = append(words, strconv.Quote(p.String()))
	}
	return listed(words)
}

// checked returns the text of a policy, unless what it says makes none.
func checked(text string) (string, error) {
	if _, err := Parse("policy", []byte(text)); err != nil {
		return "", fmt.Errorf("this makes no valid policy:\n%w", err)
	}
	return text, nil
}
