package panel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"spanaudit/rules"
)

// view is what the page shows, in the order in which it stands there. The same
// is written into the page when it is loaded and told to it afterwards.
type view struct {
	Headline     string
	Problems     []string // what somebody should see to, the gravest first
	Tiles        []tile
	Line         line
	Facts        []fact
	Sinks        []sink
	Requirements []requirement
	Traffic      []traffic
	Coverage     []string
	At           string // when it stood so
}

// tile is a number that is looked at first.
type tile struct {
	Key   string `json:"key"`
	Class string `json:"class"` // "" where it is good or bad of itself
	Text  string `json:"text"`
	Words string `json:"words"`
	Note  string `json:"note"`
}

// line is the picture of the last rates.
type line struct {
	Points string `json:"points"`
	Words  string `json:"words"`
}

// fact is a name and what it names.
type fact struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// sink is a row of the table of sinks.
type sink struct {
	Name    string `json:"name"`
	Told    string `json:"told"`
	Waiting string `json:"waiting"`
	Dropped string `json:"dropped"`
	State   string `json:"state"`
	Class   string `json:"class"`
}

// view returns what is to be shown. It depends on nothing but what the Panel was
// told. The lock is held.
func (p *Panel) view() *view {
	s := p.state
	if s == nil {
		s = &State{}
	}
	points, most := p.rates.line()
	return &view{
		Headline: p.digest.headline, Problems: p.problems(s), Tiles: p.tiles(s), Facts: facts(s), Sinks: newSinks(s),
		Line:         line{points, fmt.Sprintf("Packets a second in the last %s; at most %s", span(time.Duration(len(p.rates))*time.Second), scaled(most, ""))},
		Requirements: p.digest.requirements, Traffic: p.digest.traffic, Coverage: p.digest.coverage,
		At: instant(s.At) + " UTC",
	}
}

// parts are those of a view as JSON, by name.
type parts map[string]json.RawMessage

// parts returns what is to be shown. The lock is held.
func (p *Panel) parts() parts {
	v := p.view()
	all := parts{}
	for name, value := range map[string]any{
		"headline": v.Headline, "problems": list(v.Problems), "tiles": v.Tiles, "line": v.Line, "facts": v.Facts, "sinks": list(v.Sinks),
		"requirements": list(v.Requirements), "traffic": list(v.Traffic), "coverage": list(v.Coverage), "at": v.At,
	} {
		if text, err := json.Marshal(value); err == nil { // text, numbers and lists of them: there is no other case
			all[name] = text
		}
	}
	return all
}

// since returns the parts that are not as they were.
func (now parts) since(before parts) parts {
	news := parts{}
	for name, text := range now {
		if !bytes.Equal(text, before[name]) {
			news[name] = text
		}
	}
	return news
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// problems says what keeps the sensor from seeing, judging, telling or keeping.
func (p *Panel) problems(s *State) []string {
	var lines []string
	say := func(is bool, format string, args ...any) {
		if is {
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	}
	if p.state == nil {
		return []string{"The engine has not begun."}
	}
	say(!s.Up, "Nothing is captured: the interface %s is down.", clip(s.Interface, 40))
	say(p.rates.last().dropped > 0, "Packets are being lost, %s a second: violations in them are not seen.", scaled(p.rates.last().dropped, ""))
	say(s.Policy.SHA256 == "", "No policy is in force.")
	say(s.Policy.Error != "", "The last policy was refused, and the one before is in force: %s", clip(s.Policy.Error, 400))
	say(s.Record.Error != "", "The record could not be written: %s", clip(s.Record.Error, 400))
	for _, k := range s.sinks() {
		say(k.Failing, "Alerts are not told to %s: %s", clip(k.Name, 80), clip(k.Error, 300))
		say(!k.Failing && k.Dropped > 0, "%s not told to %s.", counted(k.Dropped, "alert"), clip(k.Name, 80))
	}
	return lines
}

func (p *Panel) tiles(s *State) []tile {
	now := p.rates.last()
	alarm := func(is bool) string {
		if is {
			return "fail"
		}
		return "none"
	}
	var grave []string
	findings := 0
	for v := rules.Critical; v >= rules.Info; v-- {
		n := p.digest.severities[v]
		findings += n
		if n > 0 {
			grave = append(grave, number(n)+" "+v.String())
		}
	}
	if p.digest.waived > 0 {
		grave = append(grave, number(p.digest.waived)+" more waived")
	}
	return []tile{
		{"packets", "", scaled(now.packets, ""), "packets a second", number(s.Packets) + " in all"},
		{"bits", "", scaled(8*now.bytes, "bit/s"), "of traffic", scaled(float64(s.Bytes), "B") + " in all"},
		{"dropped", alarm(s.Dropped.total() > 0), number(s.Dropped.total()), "packets lost", dropped(s.Dropped)},
		{"blind", alarm(s.Blind > 0), span(s.Blind), "without sight", counted(s.Outages, "outage")},
		{"flows", "", number(max(s.Flows, 0)), "flows open", ""},
		{"findings", alarm(findings > 0), number(findings), "findings", strings.Join(grave, ", ")},
	}
}

func dropped(d Dropped) string {
	var by []string
	for _, part := range []struct {
		n    uint64
		what string
	}{{d.Kernel, "by the kernel"}, {d.Ring, "by the ring"}, {d.Interface, "by the interface"}} {
		if part.n > 0 {
			by = append(by, number(part.n)+" "+part.what)
		}
	}
	return strings.Join(by, ", ")
}

func facts(s *State) []fact {
	is := func(known bool, text string) string {
		if known {
			return text
		}
		return "–"
	}
	state := "down"
	if s.Up {
		state = "up"
	}
	policy := clip(s.Policy.Name, 120)
	if s.Policy.Version != "" {
		policy += ", " + clip(s.Policy.Version, 60)
	}
	memory := scaled(float64(s.Memory), "B")
	if s.Budget > 0 {
		memory += " of " + scaled(float64(s.Budget), "B")
	}
	return []fact{
		{"interface", "Interface", is(s.Interface != "", clip(s.Interface, 40)+", "+state)},
		{"since", "Watched since", is(!s.Since.IsZero(), instant(s.Since)+" UTC, "+span(s.At.Sub(s.Since)))},
		{"policy", "Policy", is(policy != "", policy)},
		{"sha256", "Its SHA-256", is(s.Policy.SHA256 != "", clip(s.Policy.SHA256, 64))},
		{"loaded", "In force since", is(!s.Policy.Loaded.IsZero(), instant(s.Policy.Loaded)+" UTC")},
		{"record", "Record", is(s.Record != Record{}, scaled(float64(max(s.Record.Bytes, 0)), "B")+", last written "+instant(s.Record.Commit)+" UTC")},
		{"memory", "Memory", is(s.Memory > 0, memory)},
		{"goroutines", "Goroutines", is(s.Goroutines > 0, number(max(s.Goroutines, 0)))},
	}
}

func newSinks(s *State) []sink {
	var rows []sink
	for _, k := range s.sinks() {
		row := sink{clip(k.Name, 80), number(k.Told), number(max(k.Waiting, 0)), number(k.Dropped), "in order", "pass"}
		if k.Failing {
			row.State, row.Class = "failing", "fail"
		}
		rows = append(rows, row)
	}
	return rows
}
