package report

import (
	"encoding/json"
	"net/netip"
	"reflect"
)

// shown returns a copy of the audit in which every text is as Line writes it, so
// that a form which has text in a hundred places cannot forget one. What is to be
// taken as it stands, as by a shell, is taken from the audit itself.
func shown(a *Audit) *Audit { return shownValue(reflect.ValueOf(a)).Interface().(*Audit) }

func shownValue(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		w := reflect.New(v.Type()).Elem()
		w.SetString(Line(v.String()))
		return w
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		w := reflect.New(v.Type().Elem())
		w.Elem().Set(shownValue(v.Elem()))
		return w
	case reflect.Slice:
		if _, is := v.Interface().(json.RawMessage); is {
			return v // text in JSON: whoever reads it has the rest to do
		}
		w := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			w.Index(i).Set(shownValue(v.Index(i)))
		}
		return w
	case reflect.Map:
		w := reflect.MakeMapWithSize(v.Type(), v.Len())
		for k, e := range v.Seq2() {
			w.SetMapIndex(shownValue(k), shownValue(e))
		}
		return w
	case reflect.Struct:
		if at, is := v.Interface().(netip.Addr); is {
			// The zone of an IPv6 address can be any text.
			return reflect.ValueOf(at.WithZone(Line(at.Zone())))
		}
		w := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			w.Field(i).Set(shownValue(v.Field(i)))
		}
		return w
	}
	return v
}
