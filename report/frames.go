package report

import (
	"strconv"
	"strings"
)

// fileFrames are the frames of one file, each once, in order of appearance.
type fileFrames struct {
	file    string
	numbers []string
	known   map[uint64]bool
}

func (f fileFrames) list() string { return strings.Join(f.numbers, ", ") }

// framesByFile returns the frames that prove a finding, the file of the first
// one first.
func framesByFile(evidence []Evidence) (files []fileFrames) {
	at := map[string]int{}
	for _, e := range evidence {
		i, known := at[e.File]
		if !known {
			i = len(files)
			at[e.File] = i
			files = append(files, fileFrames{file: e.File, known: map[uint64]bool{}})
		}
		if f := &files[i]; !f.known[e.Frame] {
			f.known[e.Frame] = true
			f.numbers = append(f.numbers, strconv.FormatUint(e.Frame, 10))
		}
	}
	return files
}
