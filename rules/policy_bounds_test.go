package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The YAML library needs time that grows with the square of some lengths, or
// worse: before they were bounded the first of these took minutes.
func TestGarbageIsRefusedInTime(t *testing.T) {
	const limit = 15 * time.Second // each takes about one where a test has the machine to itself
	full := func(s string) string { return strings.Repeat(s, maxPolicyFile/len(s)) }
	var keys strings.Builder
	for i := range maxPolicyFile / 10 {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	for _, c := range []struct{ name, text, want string }{
		{"keys", keys.String(), "x:1001:1: a mapping with more than 1000 keys; a policy has fewer"},
		{"one key", full("a: b\n"), "x:1001:1: a mapping with more than 1000 keys; a policy has fewer"},
		{"blank lines in a folded text", ">" + full("\n")[1:], "x:102:1: more than 100 blank lines in a row; remove them"},
		{"complex keys", full("? a\n"), "x:1:1: a key behind '?' is not allowed; write it before its colon"},
		{"documents", full("---\na: b\n"), "x:3:1: a second document begins; a policy is one document"},
		{"lines", full("- !t\n  "), "x:20001:1: more than 20000 lines; a policy has fewer"},
		{"a long line", "a: [" + full("- ")[4:], "x:1:1: line is 1048576 bytes; break lines longer than 4096"},
		{"tags", full("- !t {a: b} # long enough that 1 MiB is less than 20,000 lines\n"), "x:1:1: the policy is a list; a mapping is wanted"},
		{"devices", "devices:\n" + full(`- { id: "", role: x, zone: a, software: { a: b } } #####` + "\n")[57:], "x:2:3: device"},
		{"prefixes", "zones:\n  a:\n    trust: local\n    cidrs:\n" + prefixes(), "x:1005:9: zone \"a\": more than 1000 prefixes in all zones; write wider ones"},
		{"brackets", full(strings.Repeat("[", 500) + "\n"), "x:2:1: nested too deeply"},
	} {
		start := time.Now()
		_, err := Parse("x", []byte(c.text))
		if took := time.Since(start); took > limit {
			t.Errorf("%s: refused after %v", c.name, took)
		}
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %.120v\nwant %s", c.name, err, c.want)
		}
	}
}

func prefixes() string {
	var b strings.Builder
	for i := range maxLines - 5 {
		fmt.Fprintf(&b, "      - 10.%d.%d.0/24\n", i/256, i%256)
	}
	return b.String()
}

// What is refused above must not stand in the way of a large site.
func TestLargePolicyIsAccepted(t *testing.T) {
	var b strings.Builder
	b.WriteString("zones:\n  plant: { trust: local, cidrs: [10.0.0.0/8] }\ndevices:\n")
	for i := range 2500 {
		fmt.Fprintf(&b, "  - id: cam-%d\n    role: camera\n    zone: plant\n    interfaces:\n      - name: lan\n        ipv4: 10.1.%d.%d\n\n", i, i/250, i%250+1)
	}
	if _, err := Parse("x", []byte(b.String())); err != nil {
		t.Fatalf("%.300v", err)
	}
}
