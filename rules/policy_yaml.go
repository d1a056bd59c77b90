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

const maxPolicyFile = 1 << 20 // bytes

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
	return checkNesting(data)
}

// checkNesting counts what opens a level before the YAML parser, which recurses,
// can be driven deep. It is generous, because brackets in texts count too.
func checkNesting(data []byte) *Problem {
	depth := 0
	for i, line := range bytes.Split(data, []byte("\n")) {
		for _, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth--
			}
		}
		run := 0
		for rest := bytes.TrimLeft(line, " "); bytes.HasPrefix(rest, []byte("- ")); rest = rest[2:] {
			run++
		}
		if depth > 16*maxNesting || run > maxNesting {
			return &Problem{i + 1, 1, "nested too deeply"}
		}
	}
	return nil
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

func syntaxProblem(err error) Problem {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		p := syntax.Token.Position
		return Problem{p.Line, p.Column, "not YAML: " + syntax.Message}
	}
	return Problem{Message: "not YAML: " + strings.SplitN(err.Error(), "\n", 2)[0]}
}
