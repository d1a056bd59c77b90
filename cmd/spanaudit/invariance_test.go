package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The same packets give the same report, byte for byte: whatever the number of
// workers, the division into files, the second copies of a SPAN port and small
// inversions. In JSON the inputs, and the file and number of a frame, are what
// the rearrangement changes.
func TestSamePacketsSameReport(t *testing.T) {
	captures, err := filepath.Glob("../../fixtures/*/*.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range captures {
		base := strings.TrimSuffix(path, ".pcapng")
		frames := readFrames(t, path)
		if len(frames) == 0 {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(base))+"/"+filepath.Base(base), func(t *testing.T) {
			policy := policyFor(base)
			table, document := reports(t, policy, writeFrames(t, frames))
			for name, files := range map[string][]string{
				"ten files":            inTenFiles(t, frames),
				"duplicates":           {writeFrames(t, duplicated(frames))},
				"neighbours exchanged": {writeFrames(t, exchanged(frames))},
				"one side at a time":   {writeFrames(t, bySender(frames))},
			} {
				if got, doc := reports(t, policy, files...); got != table {
					t.Errorf("%s: the table differs:\n%s", name, firstDifference(table, got))
				} else if doc != document {
					t.Errorf("%s: the JSON differs:\n%s", name, firstDifference(document, doc))
				}
			}
			// The file itself has counters of dropped packets, which are part of what is reported.
			table, document = reports(t, policy, path)
			for _, workers := range []string{"1", "3", "8"} {
				if got, doc := reports(t, policy, "--workers", workers, path); got != table {
					t.Errorf("%s workers: the table differs:\n%s", workers, firstDifference(table, got))
				} else if doc != document {
					t.Errorf("%s workers: the JSON differs:\n%s", workers, firstDifference(document, doc))
				}
			}
		})
	}
}

// A file that turns out not to be in order is read anew, and no flow record of
// the first time is left.
func TestDisorderLeavesNoRecordTwice(t *testing.T) {
	frames := readFrames(t, "../../fixtures/clean/site.pcapng")
	records := func(path string) []string {
		flows := filepath.Join(t.TempDir(), "flows.ndjson")
		if status, _, stderr := spanaudit("audit", "--quiet", "--fail-on", "none", "--flows", flows, path); status != statusDone {
			t.Fatal(stderr)
		}
		return strings.Split(string(read(t, flows)), "\n")
	}
	last := slices.Concat(frames[:len(frames)-2], frames[len(frames)-1:], frames[len(frames)-2:len(frames)-1])
	want, got := records(writeFrames(t, frames)), records(writeFrames(t, last))
	if len(want) < 20 || !slices.Equal(got, want) {
		t.Errorf("%d records, %d are wanted", len(got), len(want))
	}
}

// reports returns the table, and the JSON without inputs and frame references.
func reports(t *testing.T, policy string, args ...string) (table, document string) {
	t.Helper()
	args = append([]string{"audit", "--policy", policy, "--quiet"}, args...)
	_, table, stderr := spanaudit(args...)
	if table == "" {
		t.Fatal(stderr)
	}
	_, out, _ := spanaudit(append(args, "--format", "json", "--now", "2026-11-25T10:00:00Z")...)
	var doc map[string]any
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc, "inputs")
	for _, f := range doc["findings"].([]any) {
		for _, list := range []string{"evidence", "context"} {
			frames, _ := f.(map[string]any)[list].([]any)
			for _, e := range frames {
				delete(e.(map[string]any), "file")
				delete(e.(map[string]any), "frame")
			}
		}
	}
	text, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return table, string(text)
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n  was %s\n  is  %s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines were %d", len(y), len(x))
}

// A frame is one Ethernet frame of a fixture.
type frame struct {
	time time.Duration // since the epoch
	wire uint32        // length on the wire
	data []byte
}

// readFrames reads the little-endian pcapng that the fixtures are: one section
// with enhanced packet blocks, at nanosecond or microsecond resolution.
func readFrames(t *testing.T, path string) (frames []frame) {
	t.Helper()
	b := read(t, path)
	unit := time.Microsecond
	for len(b) >= 12 {
		kind, size := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
		body := b[8 : size-4]
		switch kind {
		case 1:
			if i := strings.Index(string(body), "\x09\x00\x01\x00\x09"); i > 0 {
				unit = time.Nanosecond
			}
		case 6:
			at := uint64(binary.LittleEndian.Uint32(body[4:]))<<32 | uint64(binary.LittleEndian.Uint32(body[8:]))
			n := binary.LittleEndian.Uint32(body[12:])
			frames = append(frames, frame{time.Duration(at) * unit, binary.LittleEndian.Uint32(body[16:]), body[20 : 20+n]})
		}
		b = b[size:]
	}
	return frames
}

// writeFrames writes a nanosecond pcap.
func writeFrames(t *testing.T, frames []frame) string {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 262144)
	b = binary.LittleEndian.AppendUint32(b, 1) // Ethernet
	for _, f := range frames {
		b = binary.LittleEndian.AppendUint32(b, uint32(f.time/time.Second))
		b = binary.LittleEndian.AppendUint32(b, uint32(f.time%time.Second))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f.data)))
		b = binary.LittleEndian.AppendUint32(b, f.wire)
		b = append(b, f.data...)
	}
	return put(t, "capture.pcap", b)
}

// inTenFiles cuts the capture into ten and names them in another order.
func inTenFiles(t *testing.T, frames []frame) (files []string) {
	for i := range 10 {
		files = append(files, writeFrames(t, frames[i*len(frames)/10:(i+1)*len(frames)/10]))
	}
	rand.New(rand.NewSource(1)).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return files
}

// duplicated repeats every frame within a millisecond, as a port does that
// mirrors both ends of a link.
func duplicated(frames []frame) []frame {
	twice := slices.Clone(frames)
	for i, f := range frames {
		f.time += time.Duration(1+i*37%900) * time.Microsecond
		twice = append(twice, f)
	}
	slices.SortStableFunc(twice, func(a, b frame) int { return int(a.time - b.time) })
	return twice
}

// exchanged swaps every frame of even number with the one after it, unless
// nothing but the file tells which of them came first.
func exchanged(frames []frame) []frame {
	out := slices.Clone(frames)
	for i := 1; i+1 < len(out); i += 2 {
		if out[i].time != out[i+1].time {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	return out
}

// bySender gives all frames of one Ethernet source, then of the next, as a file
// does that was joined from the captures of two taps.
func bySender(frames []frame) []frame {
	out := slices.Clone(frames)
	slices.SortStableFunc(out, func(a, b frame) int { return strings.Compare(string(a.data[6:12]), string(b.data[6:12])) })
	return out
}
