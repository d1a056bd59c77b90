package rules

import (
	"testing"

	"spanaudit/classify"
)

func BenchmarkEnded(b *testing.B) {
	p, _ := Builtin("edge-camera")
	w := &wire{}
	for name, r := range map[string]*classify.Record{
		"tls": w.tls("10.20.0.10:40000", "198.51.100.11:443", classify.TLS{ServerName: "iot.example.com"}),
		"rtp": w.rtp("10.20.0.21:5004", "10.20.0.10:6004"),
	} {
		b.Run(name, func(b *testing.B) {
			a := NewAudit(p)
			b.ReportAllocs()
			for b.Loop() {
				a.Ended(r)
			}
		})
	}
}
