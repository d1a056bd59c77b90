package rules

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Bounds of a policy file.
const (
	maxPolicyFile = 1 << 20 // bytes
	maxLines      = 20_000
	maxLine       = 4096 // bytes of one line
	maxBlank      = 100  // lines in a row
	maxKeys       = 1000 // of one mapping in block style
	maxIndent     = 256  // spaces
)

const tooDeep = "nested too deeply; a policy needs 6 levels"

const secondDocument = "a second document begins; a policy is one document"

// checkBytes refuses what is no plain UTF-8 text of a bounded size.
func checkBytes(data []byte) *Problem {
	if len(data) > maxPolicyFile {
		return &Problem{Message: fmt.Sprintf("file is %d bytes; a policy has at most %d", len(data), maxPolicyFile)}
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		switch {
		case i == 0 && bytes.HasPrefix(line, []byte("\ufeff")):
			return &Problem{1, 1, "file begins with a byte order mark; save it as UTF-8 without one"}
		case !utf8.Valid(line):
			return &Problem{i + 1, 1, "line is not UTF-8; save the file as UTF-8"}
		}
		for _, c := range line {
			if c < 0x20 && c != '\t' || c == 0x7f {
				return &Problem{i + 1, 1, fmt.Sprintf("line has the control character 0x%02x; remove it", c)}
			}
		}
	}
	return checkShape(data)
}

// checkShape refuses, before the YAML parser sees it, what would drive it deep,
// because it recurses, or make it slow, because its time grows with the square
// of some lengths. It is generous, because brackets and colons in texts count,
// too.
func checkShape(data []byte) *Problem {
	var s shape
	for i, line := range bytes.Split(data, []byte("\n")) {
		if message := s.add(line); message != "" {
			return &Problem{i + 1, 1, message}
		}
	}
	return nil
}

// shape is what was seen of a file's structure so far.
type shape struct {
	lines   int
	blank   int            // lines in a row
	depth   int            // of open brackets
	keys    [maxIndent]int // of the block mapping that is open at each indentation
	content bool           // a document has begun
}

// add takes one more line and returns what is wrong with it, or "".
func (s *shape) add(line []byte) string {
	rest := bytes.TrimLeft(line, " ")
	indent, items := len(line)-len(rest), 0
	rest = bytes.TrimRight(rest, " \t")
	s.lines++
	s.blank++
	switch {
	case s.lines > maxLines:
		return fmt.Sprintf("more than %d lines; a policy has fewer", maxLines)
	case len(line) > maxLine:
		return fmt.Sprintf("line is %d bytes; break lines longer than %d", len(line), maxLine)
	case s.blank > maxBlank:
		return fmt.Sprintf("more than %d blank lines in a row; remove them", maxBlank)
	case len(rest) == 0:
		return ""
	}
	s.blank = 0
	if rest[0] == '#' {
		return ""
	}
	for bytes.HasPrefix(rest, []byte("- ")) {
		rest, items = rest[2:], items+1
	}
	for _, c := range rest {
		switch c {
		case '[', '{':
			s.depth++
		case ']', '}':
			s.depth--
		}
	}
	switch {
	case s.depth > 16*maxNesting || items > maxNesting || indent >= maxIndent:
		return tooDeep
	case bytes.HasPrefix(rest, []byte("? ")) || len(rest) == 1 && rest[0] == '?':
		return "a key behind '?' is not allowed; write it before its colon"
	case bytes.HasPrefix(line, []byte("---")) && s.content:
		return secondDocument
	}
	s.content = s.content || line[0] != '%' // a directive
	clear(s.keys[indent+1:])
	if items == 0 && (bytes.Contains(rest, []byte(": ")) || rest[len(rest)-1] == ':') {
		s.keys[indent]++
	}
	if s.keys[indent] > maxKeys {
		return fmt.Sprintf("a mapping with more than %d keys; a policy has fewer", maxKeys)
	}
	return ""
}

// parseYAML calls the YAML library; a panic of it is one more way of not being
// YAML, because a policy is a text that a person wrote.
func parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = nil, errors.New("not readable as YAML")
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

const checkYAML = "check brackets and indentation, and quote texts with any of * & ! : # { } [ ]"

func syntaxProblem(err error) Problem {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		p := syntax.Token.Position
		return Problem{p.Line, p.Column, "not YAML: " + syntax.Message + "; " + checkYAML}
	}
	return Problem{Message: "not YAML: " + strings.SplitN(err.Error(), "\n", 2)[0] + "; " + checkYAML}
}
