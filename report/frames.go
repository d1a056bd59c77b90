package report

import (
	"slices"
	"strconv"
	"strings"
)

// fileFrames are the frames of one file, each once, in order of appearance.
type fileFrames struct {
	file    string
	numbers []string
}

func (f fileFrames) list() string { return strings.Join(f.numbers, ", ") }

// framesByFile returns the frames that prove a finding, the file of the first
// one first.
func framesByFile(evidence []Evidence) (files []fileFrames) {
	for _, e := range evidence {
		i := slices.IndexFunc(files, func(f fileFrames) bool { return f.file == e.File })
		if i < 0 {
			i = len(files)
			files = append(files, fileFrames{file: e.File})
		}
		if n := strconv.FormatUint(e.Frame, 10); !slices.Contains(files[i].numbers, n) {
			files[i].numbers = append(files[i].numbers, n)
		}
	}
	return files
}
