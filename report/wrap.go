package report

import "strings"

// maxWhole is the widest word that is never broken: an IPv6 address with its
// brackets and port is 47 wide.
const maxWhole = 47

// wrap breaks text into lines no wider than width, at its line breaks and
// between words. A word that is wider than that is broken where a name or a
// path has a joint, and anywhere if it has none. Nothing is left out.
func wrap(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && cells(line)+1+cells(word) <= width {
				line += " " + word
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			var parts []string
			parts, line = breakWord(word, width)
			lines = append(lines, parts...)
		}
		lines = append(lines, line)
	}
	return lines
}

// breakWord splits a word into lines of the width and what is left of it.
func breakWord(word string, width int) (lines []string, rest string) {
	for cells(word) > width {
		end, joint, wide := 0, 0, 0
		for i, r := range word {
			wide += cells(string(r))
			if wide > width && i > 0 {
				break
			}
			end = i + len(string(r))
			if strings.ContainsRune("./-:_=&?,@", r) {
				joint = end
			}
		}
		if joint > end/2 {
			end = joint
		}
		lines, word = append(lines, word[:end]), word[end:]
		if word == "" {
			break
		}
	}
	return lines, word
}

// longestWord returns the width of the widest word, or 0 of words that may be
// broken.
func longestWord(text string) int {
	longest := 0
	for word := range strings.FieldsSeq(text) {
		if n := cells(word); n <= maxWhole {
			longest = max(longest, n)
		}
	}
	return longest
}

// widest returns the width of the widest line.
func widest(text string) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n = max(n, cells(line))
	}
	return n
}
