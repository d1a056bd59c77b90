package rules

import (
	"bytes"
	"net/netip"
	"testing"
	"time"
)

// FuzzPolicy holds that any bytes are in time a policy or a listed error, and
// that a policy written resolved is a policy that resolves to the same. The
// schema accepts all that are policies.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte(smallPolicy))
	for _, c := range badPolicies {
		if len(c.text) < 1000 {
			f.Add([]byte(c.text))
		}
	}
	for _, name := range Profiles() {
		data, err := profileFiles.ReadFile("profiles/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		p, err := Parse("fuzz.yaml", data)
		if took := time.Since(start); took > 3*time.Second {
			t.Fatalf("%d bytes took %v", len(data), took)
		}
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a message")
			}
			return
		}
		schemaAccepts(t, string(data))
		p.ZoneOf(netip.AddrFrom4([4]byte{10, 0, 0, 1}))
		p.Endpoint("x.example.com", netip.AddrPort{}, "tcp", netip.Addr{}, nil)
		var first, second bytes.Buffer
		if err := p.WriteYAML(&first); err != nil {
			t.Fatal(err)
		}
		q, err := Parse("fuzz.yaml", first.Bytes())
		if err != nil {
			t.Fatalf("resolved policy is refused: %v\n%s", err, first.Bytes())
		}
		if err := q.WriteYAML(&second); err != nil {
			t.Fatal(err)
		}
		_, a, _ := bytes.Cut(first.Bytes(), []byte("\n"))
		_, b, _ := bytes.Cut(second.Bytes(), []byte("\n"))
		if !bytes.Equal(a, b) {
			t.Fatalf("resolved twice differs:\n%s\n%s", a, b)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte("metadata: { extends: \"builtin:aws-panorama@1\" }\n")
	for b.Loop() {
		if _, err := Parse("site.yaml", text); err != nil {
			b.Fatal(err)
		}
	}
}
