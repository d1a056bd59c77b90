package main

import (
	"bytes"
	"slices"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/report/bundle"
	"spanaudit/rules"
)

// carver makes of what was audited an excerpt for each finding, which is all that
// is needed to show it again, and shows it again: an excerpt is right when the
// engine finds in it what it is to prove.
type carver struct {
	quarry
	policy  *rules.Policy
	inputs  []report.Input
	secrets bundle.Redaction // what the manifest says of them; of those blanked by blank the counts grow

	// blank overwrites secrets in copies of frames; nil where frames are written as
	// they are.
	blank func([]capture.RawFrame) ([]capture.RawFrame, redaction)

	received, dropped uint64 // as the capture itself counted
}

// quarry is what excerpts are cut from.
type quarry interface {
	// cut returns the frames of each selection, in the order of the capture.
	cut([]*selection) ([][]capture.RawFrame, error)

	// widest is up to what scope a selection may find more than the one before.
	widest() scope

	// unshown says why an excerpt does not show its finding.
	unshown(*excerpt) string
}

// excerpt is a capture of a finding's decisive packets.
type excerpt struct {
	finding *rules.Finding
	shown   *rules.Finding // as the excerpt shows it again; nil where it does not
	content []byte         // pcapng
	frames  []flow.Frame   // of the source, in the order of the packets
	blanked redaction
}

// Bounds of the findings whose excerpts are made at once, in three readings of the
// inputs: all, and those for which more is picked than they name.
const (
	maxGroup = 500
	maxWide  = 100
)

func atOnce(s scope) int {
	if s == scopeNamed {
		return maxGroup
	}
	return maxWide
}

// carve makes an excerpt for each finding and hands it to take. A finding that
// the packets it names do not show again is tried with all packets of its
// parties, then with all of the capture, where that can be had.
func (c *carver) carve(findings []rules.Finding, take func(*excerpt) error) error {
	for group := range slices.Chunk(findings, maxGroup) {
		pending := make([]*selection, len(group))
		done := make([]*excerpt, len(group))
		index := map[*rules.Finding]int{}
		for i := range group {
			pending[i] = newSelection(&group[i], scopeNamed)
			index[&group[i]] = i
		}
		for scope := scopeNamed; scope <= c.widest() && len(pending) > 0; scope++ {
			var again []*selection
			for some := range slices.Chunk(pending, atOnce(scope)) {
				cut, err := c.cut(some)
				if err != nil {
					return err
				}
				made := make([]*excerpt, len(some))
				if err := inParallel(len(some), func(i int) (err error) {
					made[i], err = c.prove(some[i], cut[i], min(maxTrialFrames, maxAllTrials/len(some)))
					cut[i] = nil
					if err == nil && made[i].shown == nil && scope > scopeNamed {
						made[i].content = nil // that of the frames which are named is kept
					}
					return err
				}); err != nil {
					return err
				}
				for i, s := range some {
					e := made[i]
					if done[index[s.finding]] == nil || e.shown != nil {
						done[index[s.finding]] = e
					}
					if e.shown == nil && scope < c.widest() {
						again = append(again, newSelection(s.finding, scope+1))
					}
				}
			}
			pending = again
		}
		for _, e := range done {
			if err := take(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// Bounds of the frames that are audited to see which conversations an excerpt
// needs: for one finding, and for those that are made at once.
const (
	maxTrialFrames = 500_000
	maxAllTrials   = 10_000_000
)

// prove makes the excerpt of a selection and shows the finding again. Of one that
// took more than the finding names, conversations that it is shown without are
// left out: all, or half of them, or half of those, as long as trials may take no
// more than so many frames.
func (c *carver) prove(s *selection, frames []capture.RawFrame, trials int) (*excerpt, error) {
	e, err := c.write(s, frames)
	if err != nil || e.shown == nil {
		return e, err
	}
	place := map[flow.Frame]int{} // of the conversation among those beside, from 1
	sets := s.besides()
	for i, set := range sets {
		for f := range set {
			place[f] = i + 1
		}
	}
	var leaveOut func(from, to int)
	leaveOut = func(from, to int) {
		rest := slices.DeleteFunc(slices.Clone(frames), func(f capture.RawFrame) bool { return place[f.Frame] > from && place[f.Frame] <= to })
		if trials -= len(rest); from == to || trials < 0 {
			return
		}
		if smaller, err := c.write(s, rest); err == nil && smaller.shown != nil {
			e, frames = smaller, rest
		} else if to-from > 1 {
			middle := (from + to) / 2
			leaveOut(from, middle)
			leaveOut(middle, to)
		}
	}
	leaveOut(0, len(sets))
	return e, nil
}

// write writes an excerpt and audits it.
func (c *carver) write(s *selection, frames []capture.RawFrame) (*excerpt, error) {
	var names []string
	for _, in := range c.inputs {
		names = append(names, in.Name)
	}
	var blanked redaction
	if c.blank != nil {
		frames, blanked = c.blank(frames)
	}
	var b bytes.Buffer
	w, err := capture.NewPcapngWriter(&b, capture.PcapngOptions{Application: tool().Name + " " + tool().Version, Inputs: names})
	if err != nil {
		return nil, err
	}
	for _, f := range frames {
		if err := w.Write(f, c.comment(s, f.Frame)); err != nil {
			return nil, err
		}
	}
	if c.received > 0 {
		if err := w.Losses(c.received, c.dropped); err != nil {
			return nil, err
		}
	}
	e := &excerpt{finding: s.finding, content: b.Bytes(), blanked: blanked}
	for _, f := range frames {
		e.frames = append(e.frames, f.Frame)
	}
	if r, err := reaudit(e.content, c.policy); err == nil {
		e.shown = shown(r, s.finding)
	}
	return e, nil
}

// comment says where a frame comes from and what it proves.
func (c *carver) comment(s *selection, f flow.Frame) string {
	e := report.Evidence{Frame: f.Number, Time: report.Instant(f.Time), What: s.wanted[f]}
	if f.Input < len(c.inputs) {
		e.File = c.inputs[f.Input].Name
	}
	return e.String()
}
