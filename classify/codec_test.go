package classify

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"unsafe"

	"spanaudit/flow"
)

// uncoded lists the fields by which a record came about, or its flow would go on.
// Nothing that judges or prints a record looks at them.
var uncoded = map[string]bool{
	"Flow.App": true, "Flow.queue": true, "Flow.settled": true, "Flow.older": true, "Flow.newer": true,
	"stream.synced": true, "stream.closed": true, "stream.synacks": true, "stream.first": true, "stream.edge": true, "stream.head": true,
	"Facts.Marks": true, "Facts.dtls": true, "Facts.quic": true, "Facts.rtsp": true, "RTP.evidence": true, "NTP.asked": true,
	"Learned.memory": true, "Learned.spent": true, "Flow.Told": true, "Flow.hash": true, "Record.New": true,
}

// filler sets every field of a value, exported or not, to something else than
// zero and than the fields before it.
type filler struct{ n uint64 }

func (f *filler) fill(t *testing.T, v reflect.Value, path string) {
	f.n++
	switch v.Interface().(type) {
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{10, 0, byte(f.n >> 8), byte(f.n)})))
		return
	case netip.AddrPort:
		v.Set(reflect.ValueOf(netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 15: byte(f.n)}), uint16(f.n))))
		return
	case Trit:
		v.SetInt(1 + int64(f.n%2))
		return
	case flow.Ground:
		v.SetUint(1 + f.n%2)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			if !uncoded[name] {
				field := v.Field(i)
				f.fill(t, reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem(), name)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(t, v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(t, v.Index(0), path)
		f.fill(t, v.Index(1), path)
	case reflect.Array:
		for i := range v.Len() {
			f.fill(t, v.Index(i), path)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.n))
	case reflect.Uint8:
		v.SetUint(1 + f.n%255)
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(300 + f.n)
	case reflect.Int, reflect.Int64:
		v.SetInt(-300 - int64(f.n))
		if path == "Frame.Input" {
			v.SetInt(int64(f.n % 1000))
		}
	default:
		t.Fatalf("%s: a %s, which this test cannot set", path, v.Kind())
	}
}

// codedForm stands for how records are coded: a sum of what TestEveryFieldIsCoded
// codes first.
const codedForm = "181cd559feac8d9c"

// Whatever field is added to what rules read must be coded, or be listed above.
func TestEveryFieldIsCoded(t *testing.T) {
	for _, n := range []uint64{1, 100_000} {
		var r, back Record
		f := filler{n}
		f.fill(t, reflect.ValueOf(&r).Elem(), "")
		var learned, learnedBack Learned
		f.fill(t, reflect.ValueOf(&learned).Elem(), "")
		var tls, tlsBack TLS
		f.fill(t, reflect.ValueOf(&tls).Elem(), "")
		var arp, arpBack flow.ARP
		f.fill(t, reflect.ValueOf(&arp).Elem(), "")

		var c flow.Codec
		r.Code(&c)
		learned.Code(&c)
		tls.Code(&c)
		c.ARP(&arp)
		if sum := fmt.Sprintf("%x", sha256.Sum256(c.Bytes()))[:16]; n == 1 && sum != codedForm {
			t.Errorf("records are coded otherwise (%s): the record of a watch made before cannot be read. Add to migrations in report/record/schema.go what does away with its batches, then change codedForm", sum)
		}
		d, err := flow.NewDecoder(c.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		back.Code(d)
		learnedBack.Code(d)
		tlsBack.Code(d)
		d.ARP(&arpBack)
		if d.Err() != nil || d.Len() > 0 {
			t.Fatalf("%v, %d bytes are left", d.Err(), d.Len())
		}
		for _, pair := range [][2]any{{*r.Flow, *back.Flow}, {r.Facts, back.Facts}, {r.Evidence, back.Evidence}, {learned, learnedBack}, {tls, tlsBack}, {arp, arpBack}} {
			if name := differs(reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1]), ""); name != "" {
				t.Errorf("%s is not what it was", name)
			}
		}
	}
}

// differs returns where two values differ first; empty if they do not.
func differs(a, b reflect.Value, path string) string {
	switch a.Kind() {
	case reflect.Struct:
		if a.Type().PkgPath() == "net/netip" {
			break
		}
		for i := range a.NumField() {
			if at := differs(a.Field(i), b.Field(i), a.Type().Name()+"."+a.Type().Field(i).Name); at != "" {
				return at
			}
		}
		return ""
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			break
		}
		return differs(a.Elem(), b.Elem(), path)
	case reflect.Slice:
		if a.Len() != b.Len() {
			return path
		}
		for i := range a.Len() {
			if at := differs(a.Index(i), b.Index(i), path); at != "" {
				return at
			}
		}
	}
	if !equal(a, b) {
		return path
	}
	return ""
}

func equal(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Interface, reflect.Map, reflect.Func:
		return a.IsNil() == b.IsNil()
	}
	return a.Equal(b)
}

// An empty record stays one: nil lists nil, what was not seen not seen.
func TestZeroRecordIsCoded(t *testing.T) {
	r, back := Record{Flow: &flow.Flow{}}, Record{}
	var c flow.Codec
	r.Code(&c)
	d, _ := flow.NewDecoder(c.Bytes())
	back.Code(d)
	if !reflect.DeepEqual(r, back) || d.Len() > 0 || d.Err() != nil {
		t.Errorf("%+v, %d bytes are left, %v", back, d.Len(), d.Err())
	}
	r.Facts.TLS = &TLS{OfferedALPN: []string{}}
	c.Reset()
	r.Code(&c)
	d, _ = flow.NewDecoder(c.Bytes())
	if back.Code(d); back.TLS.OfferedALPN == nil || back.TLS.OfferedSuites != nil {
		t.Errorf("empty and missing lists are not told apart: %#v", back.TLS)
	}
}

// What is cut short is an error, wherever that is, and no panic.
func TestEveryPrefixOfARecordIsAnError(t *testing.T) {
	var r Record
	(&filler{}).fill(t, reflect.ValueOf(&r).Elem(), "")
	var c flow.Codec
	r.Code(&c)
	whole := c.Bytes()
	for n := 1; n < len(whole); n++ {
		d, err := flow.NewDecoder(whole[:n])
		if err != nil {
			t.Fatal(err)
		}
		var back Record
		if back.Code(d); d.Err() == nil {
			t.Fatalf("of %d bytes the first %d are taken for a record", len(whole), n)
		}
	}
}

func BenchmarkCode(b *testing.B) {
	r := Record{Flow: &flow.Flow{}, Facts: Facts{Protocol: ProtoTLS, TLS: &TLS{
		ClientHello: true, ServerHello: true, OfferedVersions: []TLSVersion{TLS13, TLS12}, OfferedSuites: make([]CipherSuite, 30),
		OfferedGroups: make([]Group, 6), OfferedSignatures: make([]SignatureScheme, 12), OfferedALPN: []string{"h2", "http/1.1"},
		JA3: "0123456789abcdef0123456789abcdef", JA4: "t13d1516h2_8daaf6152771_b0da82dd1658", ServerName: "logs.us-east-1.amazonaws.com",
	}}, Evidence: []Evidence{{"ClientHello", flow.Frame{Number: 1, Time: 1}}, {"ServerHello", flow.Frame{Number: 2, Time: 2}}}}
	var c flow.Codec
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Reset()
			r.Code(&c)
		}
		b.ReportMetric(float64(c.Len()), "bytes")
	})
	b.Run("read", func(b *testing.B) {
		c.Reset()
		for range 1000 {
			r.Code(&c)
		}
		b.ReportAllocs()
		for b.Loop() {
			d, err := flow.NewDecoder(c.Bytes())
			if err != nil {
				b.Fatal(err)
			}
			for d.Len() > 0 {
				var back Record
				back.Code(d)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
	})
}
