package rules

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// WriteYAML writes the resolved policy: the file laid over its profile, with
// names in their real spelling and variables as they are, below comments that
// name every file with its SHA-256. Comments of the files are lost. What is
// written is a valid policy of the same meaning.
func (p *Policy) WriteYAML(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# resolved from %s, sha256 %x\n", commentText(p.File), p.SHA256)
	for _, base := range p.Extends {
		fmt.Fprintf(b, "# extends builtin:%s@%s, sha256 %x\n", base.Name, base.Version, base.SHA256)
	}
	if len(p.Zones) == 0 {
		b.WriteString("# no zones declared; local are:")
		for _, z := range builtinZones(false) {
			b.WriteString(" " + z.Prefix.String())
		}
		b.WriteString("\n")
	}
	writeNode(b, p.tree, "")
	return b.Flush()
}

func writeTree(w *bytes.Buffer, tree *node) {
	b := bufio.NewWriter(w)
	writeNode(b, tree, "")
	_ = b.Flush() // a buffer takes everything
}

// commentText keeps a file's name on its line.
func commentText(s string) string {
	if plainText.MatchString(s) {
		return s
	}
	return quote(s)
}

// writeNode writes a mapping's or a list's lines, each behind the indent.
func writeNode(b *bufio.Writer, n *node, indent string) {
	for _, f := range n.fields {
		fmt.Fprintf(b, "%s%s:", indent, scalar(f.key, textNode))
		writeValue(b, f.value, indent)
	}
	for _, item := range n.items {
		b.WriteString(indent + "-")
		writeValue(b, item, indent)
	}
}

func writeValue(b *bufio.Writer, n *node, indent string) {
	switch {
	case n.kind == mappingNode && len(n.fields) == 0:
		b.WriteString(" {}\n")
	case n.kind == sequenceNode && isFlat(n):
		words := make([]string, len(n.items))
		for i, item := range n.items {
			words[i] = scalar(item.text, item.kind)
		}
		b.WriteString(" [" + strings.Join(words, ", ") + "]\n")
	case n.kind == mappingNode || n.kind == sequenceNode:
		b.WriteString("\n")
		writeNode(b, n, indent+"  ")
	default:
		b.WriteString(" " + scalar(n.text, n.kind) + "\n")
	}
}

// isFlat reports whether a list holds nothing but scalars.
func isFlat(n *node) bool {
	for _, item := range n.items {
		if item.kind == mappingNode || item.kind == sequenceNode {
			return false
		}
	}
	return true
}

// plainText is text that every YAML reader takes as text without quotes.
var plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./@-]*[A-Za-z0-9]$`)

func scalar(text string, kind nodeKind) string {
	switch kind {
	case nullNode:
		return "null"
	case numberNode, boolNode:
		return text
	}
	switch strings.ToLower(text) {
	case "true", "false", "yes", "no", "on", "off", "null":
	default:
		if plainText.MatchString(text) {
			return text
		}
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(text) + `"`
}
