package rules

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// maxNesting bounds the levels of mappings and sequences; a policy needs 6.
const maxNesting = 32

type nodeKind int8

const (
	nullNode nodeKind = iota
	textNode
	numberNode
	boolNode
	mappingNode
	sequenceNode
)

func (k nodeKind) String() string {
	return [...]string{"nothing", "text", "a number", "true or false", "a mapping", "a list"}[k]
}

// node is one value of a policy file and the place where it stands.
type node struct {
	kind         nodeKind
	line, column int
	text         string  // of text, numbers (as written) and booleans
	fields       []field // of a mapping, in order
	items        []*node // of a sequence
	inherited    bool    // stands in the profile, not in the user's file
	merged       bool    // a mapping of the user's file laid over one of the profile's
}

type field struct {
	key          string
	line, column int
	value        *node
}

// get returns the value of a mapping's key, or nil.
func (n *node) get(key string) *node {
	for _, f := range n.fields {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

// lacks reports whether a mapping's key is missing or has nothing in it.
func (n *node) lacks(key string) bool {
	v := n.get(key)
	return v == nil || v.kind == nullNode || v.kind == textNode && v.text == "" || v.kind == sequenceNode && len(v.items) == 0
}

// treeReader turns the YAML library's tree into nodes and refuses what a policy
// has no use for: everything that lets a value stand elsewhere than where it is
// read, or be read in two ways.
type treeReader struct {
	inherited bool
	problems  []Problem
}

// readTree reads a file's single document. The problems are syntax only; with
// any of them the node may be nil or incomplete.
func readTree(data []byte, inherited bool) (*node, []Problem) {
	r := treeReader{inherited: inherited}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) // the library miscounts lines after CRLF
	if p := checkBytes(data); p != nil {
		return nil, []Problem{*p}
	}
	file, err := parseYAML(data)
	if err != nil {
		return nil, []Problem{syntaxProblem(err)}
	}
	var root *node
	for _, d := range file.Docs {
		if _, directive := d.Body.(*ast.DirectiveNode); d.Body == nil || directive {
			continue
		}
		if root != nil {
			r.second(d)
			break
		}
		root = r.read(d.Body, 0)
	}
	if root == nil {
		r.problems = append(r.problems, Problem{Message: "no policy in the file; `spanaudit policy show edge-camera` writes one"})
	} else if root.kind != mappingNode {
		r.problems = append(r.problems, Problem{root.line, root.column, fmt.Sprintf("the policy is %s; a mapping is wanted", root.kind)})
	}
	return root, r.problems
}

// second notes that a further document begins, at its "---".
func (r *treeReader) second(d *ast.DocumentNode) {
	n := r.node(d.Body, nullNode)
	if d.Start != nil {
		n.line, n.column = d.Start.Position.Line, d.Start.Position.Column
	}
	r.problems = append(r.problems, Problem{n.line, n.column, secondDocument})
}

func (r *treeReader) problem(at ast.Node, message string) *node {
	n := r.node(at, nullNode)
	r.problems = append(r.problems, Problem{n.line, n.column, message})
	return n
}

func (r *treeReader) node(at ast.Node, kind nodeKind) *node {
	n := &node{kind: kind, inherited: r.inherited}
	if t := at.GetToken(); t != nil && t.Position != nil {
		n.line, n.column = t.Position.Line, t.Position.Column
		n.text = t.Value
	}
	return n
}

func (r *treeReader) read(a ast.Node, depth int) *node {
	if depth > maxNesting {
		return r.problem(a, tooDeep)
	}
	switch a := a.(type) {
	case *ast.NullNode:
		return r.node(a, nullNode)
	case *ast.StringNode:
		n := r.node(a, textNode)
		n.text = a.Value
		return n
	case *ast.LiteralNode:
		n := r.node(a, textNode)
		n.text = a.Value.Value
		return n
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return r.node(a, numberNode)
	case *ast.BoolNode:
		return r.node(a, boolNode)
	case *ast.MappingNode:
		return r.mapping(a, a.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(a, []*ast.MappingValueNode{a}, depth)
	case *ast.SequenceNode:
		n := r.node(a, sequenceNode)
		for _, v := range a.Values {
			n.items = append(n.items, r.read(v, depth+1))
		}
		return n
	case *ast.AnchorNode:
		return r.problem(a, "an anchor (&) is not allowed; write the value where it is used")
	case *ast.AliasNode:
		return r.problem(a, "an alias (*) is not allowed; write the value itself, or quote the text")
	case *ast.TagNode:
		return r.problem(a, fmt.Sprintf("the tag %q is not allowed; remove it", a.Start.Value))
	}
	return r.problem(a, "this is not allowed in a policy; remove it")
}

func (r *treeReader) mapping(at ast.Node, values []*ast.MappingValueNode, depth int) *node {
	n := r.node(at, mappingNode)
	seen := map[string]int{}
	for i, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			r.badKey(v.Key)
			continue
		}
		place := r.node(key, textNode)
		if i == 0 && at.Type() == ast.MappingType && at.GetToken().Value != "{" {
			n.line, n.column = place.line, place.column // the library's place is the first colon
		}
		if line, ok := seen[key.Value]; ok {
			r.problem(key, fmt.Sprintf("key %q is given twice, first in line %d; keep one", key.Value, line))
			continue
		}
		seen[key.Value] = place.line
		n.fields = append(n.fields, field{key.Value, place.line, place.column, r.read(v.Value, depth+1)})
	}
	return n
}

func (r *treeReader) badKey(key ast.Node) {
	if _, ok := key.(*ast.MergeKeyNode); ok {
		r.problem(key, "the merge key (<<) is not allowed; write the keys themselves")
		return
	}
	r.problem(key, fmt.Sprintf("key %q is no text; quote it", key.GetToken().Value))
}
