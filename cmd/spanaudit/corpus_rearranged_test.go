package main

import (
	"encoding/binary"
	"math/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Over the corpus, too, the order of the file, second copies and the division
// into files change nothing, and packets that are missing turn no failure into
// a pass.
func TestCorpusRearranged(t *testing.T) {
	captures := 0
	for _, path := range corpusFiles(t, "captures") {
		frames, ok := readEthernet(t, path)
		if !ok {
			continue // of another link type or byte order
		}
		captures++
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			table, document := reports(t, "edge-camera", writeFrames(t, frames))
			twice := duplicated(frames)
			if _, _, stderr := spanaudit("audit", writeFrames(t, frames)); strings.Contains(stderr, "duplicates") {
				twice = frames // copies of copies lie too far apart to be known
			}
			for how, files := range map[string][]string{
				"ten files":            inTenFiles(t, frames),
				"duplicates":           {writeFrames(t, twice)},
				"neighbours exchanged": {writeFrames(t, exchanged(frames))},
				"one side at a time":   {writeFrames(t, bySender(frames))},
			} {
				if got, doc := reports(t, "edge-camera", files...); got != table {
					t.Errorf("%s: the table differs:\n%s", how, firstDifference(table, got))
				} else if doc != document {
					t.Errorf("%s: the JSON differs:\n%s", how, firstDifference(document, doc))
				}
			}
			whole := verdictsOf(auditJSON(t, writeFrames(t, frames)))
			for seed := range int64(3) {
				for rule, verdict := range verdictsOf(auditJSON(t, writeFrames(t, thinned(frames, seed)))) {
					flows := !strings.HasPrefix(rule, "capture-") // those are of the capture, which is another one then
					if flows && whole[rule] == "fail" && verdict == "pass" {
						t.Errorf("thinned out (%d): %s passes", seed, rule)
					}
				}
			}
		})
	}
	if captures < 80 {
		t.Errorf("only %d captures were read", captures)
	}
}

// thinned leaves one frame of eight out.
func thinned(frames []frame, seed int64) []frame {
	random := rand.New(rand.NewSource(seed))
	return slices.DeleteFunc(slices.Clone(frames), func(frame) bool { return random.Intn(8) == 0 })
}

// readEthernet reads a little-endian capture whose frames are all of Ethernet.
func readEthernet(t *testing.T, path string) (frames []frame, ok bool) {
	t.Helper()
	b := read(t, path)
	if len(b) < 28 {
		return nil, false
	}
	le, unit := binary.LittleEndian, time.Microsecond
	switch le.Uint32(b) {
	case 0x0a0d0d0a:
		if le.Uint32(b[8:]) != 0x1a2b3c4d || !ethernetOnly(b) {
			return nil, false
		}
		frames = readFrames(t, path)
		return frames, len(frames) > 0
	case 0xa1b23c4d:
		unit = time.Nanosecond
	case 0xa1b2c3d4:
	default:
		return nil, false
	}
	if le.Uint32(b[20:]) != 1 {
		return nil, false
	}
	for b = b[24:]; len(b) >= 16; {
		n := le.Uint32(b[8:])
		if int(n) > len(b)-16 || n < 14 {
			return nil, false
		}
		at := time.Duration(le.Uint32(b))*time.Second + time.Duration(le.Uint32(b[4:]))*unit
		frames = append(frames, frame{at, le.Uint32(b[12:]), b[16 : 16+n]})
		b = b[16+n:]
	}
	return frames, len(frames) > 0
}

// ethernetOnly reports whether a pcapng file describes interfaces of Ethernet
// alone, in one section, and holds enhanced packet blocks.
func ethernetOnly(b []byte) bool {
	le, packets := binary.LittleEndian, false
	for first := true; len(b) >= 12; first = false {
		kind, size := le.Uint32(b), le.Uint32(b[4:])
		if size < 12 || int(size) > len(b) {
			return false
		}
		switch {
		case kind == 0x0a0d0d0a && !first, kind == 1 && le.Uint16(b[8:]) != 1, kind == 2, kind == 3:
			return false
		case kind == 6:
			packets = true
		}
		b = b[size:]
	}
	return packets
}
