package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxProblems bounds how many problems of a policy file are listed.
const maxProblems = 20

// Problem is one thing wrong in a policy file: what is there, what was wanted
// and the mend.
type Problem struct {
	Line, Column int // from 1; Line is 0 when the problem is the file's as a whole
	Message      string
}

// PolicyError lists what is wrong in a policy file, by line: all of it, or the
// first 20 problems and how many more there are.
type PolicyError struct {
	File     string
	Problems []Problem
	More     int
}

// Error is one line a problem, as Lines.
func (e *PolicyError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines has each problem as file:line:column: message. The name of the file is as
// it was given, and may have a line's end in it.
func (e *PolicyError) Lines() []string {
	lines := make([]string, 0, len(e.Problems)+1)
	for _, p := range e.Problems {
		place := e.File
		if p.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", e.File, p.Line, p.Column)
		}
		lines = append(lines, place+": "+p.Message)
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more problems", e.File, e.More))
	}
	return lines
}

// newPolicyError sorts the problems by place, drops repetitions and bounds the
// list; nil when there are none. unlisted counts problems that were not noted.
func newPolicyError(file string, problems []Problem, unlisted int) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	problems = slices.Compact(problems)
	listed := min(len(problems), maxProblems)
	e := &PolicyError{File: file, Problems: problems[:listed], More: len(problems) - listed + unlisted}
	return e
}
