package classify

import (
	"net/netip"
	"reflect"
	"testing"

	"spanaudit/flow"
)

// No field of a handshake is forgotten when two are compared.
func TestSameComparesEveryField(t *testing.T) {
	for i := range reflect.TypeFor[TLS]().NumField() {
		var a, b TLS
		v := reflect.ValueOf(&a).Elem().Field(i)
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(true)
		case reflect.String:
			v.SetString("x")
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
		case reflect.Uint16:
			v.SetUint(1)
		default:
			v.SetInt(1)
		}
		if name := reflect.TypeFor[TLS]().Field(i).Name; a.same(&b) || !a.same(&a) {
			t.Errorf("two handshakes that differ in %s pass for the same", name)
		}
	}
}

// Flows that say the same share their facts, and those that differ do not.
func TestSettledFactsAreShared(t *testing.T) {
	l := &log{}
	table := flow.NewTable(flow.Config{}, NewAnalyzer(l))
	for i, name := range []string{"tls13.0", "tls13.0", "tls12-ecdhe.0", "tls12-ecdhe.0", "tls13-psk_ke.0"} {
		for _, p := range connect(tlsTurns(t, name)...).packets {
			host := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 40000)
			table.Add(with(host, p), uint64(i))
		}
	}
	table.Flush()
	all := l.ended
	if len(all) != 5 || all[0].TLS != all[1].TLS || all[2].TLS != all[3].TLS || all[0].TLS == all[4].TLS {
		t.Errorf("%d flows; their facts are not shared as they should be", len(all))
	}
	if len(l.sessions) != 2 || len(l.sessions[0].SessionKeys) == 0 || len(all[2].TLS.SessionKeys) != 0 {
		t.Errorf("%d sessions were told", len(l.sessions))
	}
}
