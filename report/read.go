package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strings"

	"spanaudit/rules"
)

// Bounds of a saved audit, far above what an audit comes to.
const (
	maxSaved = 1 << 30 // bytes
	maxCount = 1 << 53 // the highest whole number that every reader of JSON reads as it stands
)

// Read reads an audit that JSON wrote, of at most 1 GiB. Keys that this version
// does not know are passed over; an audit with what no audit can say is refused: a
// negative count, an address with a zone, a period that ends before it starts.
func Read(r io.Reader) (*Audit, error) {
	var a Audit
	in := &io.LimitedReader{R: r, N: maxSaved + 1}
	d := json.NewDecoder(in)
	err := d.Decode(&a)
	switch {
	case in.N == 0:
		return nil, errors.New("is larger than 1 GiB, which no audit is")
	case errors.Is(err, io.EOF):
		return nil, errors.New("is empty; an audit is wanted, as `spanaudit audit --format json` writes it")
	case err != nil:
		return nil, fmt.Errorf("is no audit in JSON, as `spanaudit audit --format json` writes it: %w", err)
	case a.Schema != Schema:
		return nil, fmt.Errorf("is no audit: its schema is %q, and %q is wanted", a.Schema, Schema)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has more behind the audit; one audit is wanted")
	}
	if at, what := fault(reflect.ValueOf(&a)); what != "" {
		return nil, fmt.Errorf("is no audit: %s %s", strings.TrimPrefix(at, "."), what)
	}
	if p := a.Period; p != nil && p.End < p.Start {
		return nil, errors.New("is no audit: its period ends before it starts")
	}
	return &a, nil
}

// fault returns the first part of a saved audit that no audit has, and what is
// wrong with it; "" where nothing is.
func fault(v reflect.Value) (at, what string) {
	switch x := v.Type(); {
	case x == reflect.TypeFor[Instant]() || x == reflect.TypeFor[rules.Severity]():
	case x == reflect.TypeFor[netip.Addr]():
		if v.Interface().(netip.Addr).Zone() != "" { // which may be any text, and no packet has one
			return "", "is an address with a zone"
		}
	case x == reflect.TypeFor[json.RawMessage]():
		if text := v.Bytes(); len(text) > 0 && text[0] != '{' {
			return "", "is no object"
		}
	case v.CanInt() && (v.Int() < 0 || v.Int() > maxCount):
		return "", fmt.Sprintf("is %d, which is no count", v.Int())
	case v.CanUint() && v.Uint() > maxCount:
		return "", fmt.Sprintf("is %d, which is no count", v.Uint())
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return fault(v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if at, what = fault(v.Field(i)); what != "" {
				key, _, _ := strings.Cut(x.Field(i).Tag.Get("json"), ",")
				return "." + key + at, what
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if at, what = fault(v.Index(i)); what != "" {
				return fmt.Sprintf("[%d]%s", i, at), what
			}
		}
	case v.Kind() == reflect.Map:
		for _, n := range v.Seq2() {
			if at, what = fault(n); what != "" {
				return at, what
			}
		}
	}
	return "", ""
}
