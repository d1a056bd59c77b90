package alert

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzSpool holds that whatever files a directory has, a spool takes in those that
// are named as its own, gives each back as it is or says why not, in the order of
// their numbers, and comes to an end.
func FuzzSpool(f *testing.F) {
	f.Add("0000000000000001-2.json", "0000000000000002-1.json", []byte(`{"alerts":[]}`))
	f.Add("9999999999999999-999999.json", "partial", []byte{})
	f.Add("0000000000000001-2.json", "0000000000000001-1.json", []byte("\x00\xff"))
	f.Add("lock", "0000000000000001-01.json", []byte("x"))
	f.Fuzz(func(t *testing.T, one, two string, body []byte) {
		dir := t.TempDir()
		for _, name := range []string{one, two} {
			if filepath.Base(name) == name && name != ".." {
				os.WriteFile(filepath.Join(dir, name), body, 0o600) // what no file can be called is none
			}
		}
		s, err := openSpool(dir, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		if err := s.put([]byte("last"), 1); err != nil {
			t.Fatal(err)
		}
		var serial uint64
		for n := 0; ; n++ {
			e, ok := s.front()
			if !ok {
				break
			}
			got, err := s.read(e)
			last := string(got) == "last" && len(s.entries) == 1
			if err != nil || n > 2 || e.serial < serial || !last && !bytes.Equal(got, body) {
				t.Fatalf("entry %d, %v, is %q (%v)", n, e, got, err)
			}
			serial = e.serial
			if err := s.remove(e); err != nil {
				t.Fatal(err)
			}
		}
		if s.used != 0 || s.waiting() != 0 {
			t.Fatalf("%d octets and %d alerts are left", s.used, s.waiting())
		}
	})
}
