package main

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"spanaudit/capture"
	"spanaudit/flow"
)

// rereading is the inputs of an audit, read once more for each thing that is wanted
// of them.
type rereading struct {
	open  func() (*capture.Source, error) // with Options.Raw
	again bool                            // they are still there when the audit is over
}

var _ quarry = (*rereading)(nil)

func (r *rereading) widest() scope { return scopeAll }

func (r *rereading) unshown(*excerpt) string {
	if r.again {
		return "its packets alone do not show the finding again: the source does (spanaudit verify --source)"
	}
	return "its packets alone do not show the finding again, and what was captured beside them was not kept"
}

// cut returns the frames of each selection, in the order of the capture.
func (r *rereading) cut(selections []*selection) ([][]capture.RawFrame, error) {
	named := map[flow.Frame][]*selection{}
	for _, s := range selections {
		for f := range s.wanted {
			named[f] = append(named[f], s)
		}
	}
	parts := map[flow.Frame][]flow.Frame{} // that a packet was put together from
	followed := map[conversation][]*selection{}
	err := r.read(func(b *capture.Batch) {
		for i := range b.Packets {
			p := &b.Packets[i]
			for _, s := range named[p.Frame] {
				s.locate(p)
				if on := followed[conversationOf(p)]; !slices.Contains(on, s) {
					followed[conversationOf(p)] = append(on, s)
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	err = r.read(func(b *capture.Batch) {
		for i := range b.Packets {
			p := &b.Packets[i]
			for _, s := range followed[conversationOf(p)] {
				s.follow(p, s.heads[conversationOf(p)])
			}
		}
		for _, s := range selections {
			s.take(b)
		}
		for _, whole := range b.Reassembled {
			if slices.ContainsFunc(selections, func(s *selection) bool { return s.mayPick(whole.Frame) }) {
				parts[whole.Frame] = whole.Others
			}
		}
	})
	if err != nil {
		return nil, err
	}
	takers := map[flow.Frame][]int{}
	for i, s := range selections {
		s.finish()
		for f := range s.picked {
			for _, part := range parts[f] {
				s.picked[part] = true
			}
		}
		for f := range s.picked {
			takers[f] = append(takers[f], i)
		}
	}
	cut := make([][]capture.RawFrame, len(selections))
	return cut, r.read(func(b *capture.Batch) {
		for _, f := range b.Frames {
			if on := takers[f.Frame]; len(on) > 0 {
				f.Data = bytes.Clone(f.Data)
				for _, i := range on {
					cut[i] = append(cut[i], f)
				}
			}
		}
	})
}

// read goes through the inputs once more.
func (r *rereading) read(look func(*capture.Batch)) error {
	src, err := r.open()
	if err != nil {
		return err
	}
	defer src.Close()
	var b capture.Batch
	for {
		switch err := src.Read(&b); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		look(&b)
	}
}
