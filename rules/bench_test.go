package rules

import (
	"testing"

	"spanaudit/classify"
)

// BenchmarkEnded judges one flow by every rule: without site data, and with
// devices and endpoints declared.
func BenchmarkEnded(b *testing.B) {
	bare, _ := Builtin("edge-camera")
	full, err := Parse("declared.yaml", []byte(declared))
	if err != nil {
		b.Fatal(err)
	}
	w := &wire{}
	for name, r := range map[string]*classify.Record{
		"tls": w.tls("10.20.0.10:40000", "198.51.100.11:443", classify.TLS{ServerName: "logs.us-east-1.amazonaws.com"}),
		"rtp": w.rtp("10.20.0.21:5004", "10.20.0.10:6004"),
		"dns": w.dns("10.20.0.10:40001", "10.30.0.53:53", true, "logs.us-east-1.amazonaws.com"),
		"tcp": w.tcp("10.20.0.10:40002", "198.51.100.12:443"),
	} {
		for policy, p := range map[string]*Policy{"edge-camera": bare, "declared": full} {
			b.Run(name+"/"+policy, func(b *testing.B) {
				a := NewAudit(p)
				b.ReportAllocs()
				for b.Loop() {
					a.Ended(r)
				}
			})
		}
	}
}
