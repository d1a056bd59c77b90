package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A release in the directory SPANAUDIT_RELEASE: the bill of materials of each program
// is valid by the schema in SPANAUDIT_CYCLONEDX, and names the commit, the program
// by its hash, and every module that is linked into it.
func TestReleaseSaysWhatItIsMadeOf(t *testing.T) {
	dist := os.Getenv("SPANAUDIT_RELEASE")
	if dist == "" {
		t.Skip("there is no release to look at; .ci/reproducible makes one")
	}
	schema := cycloneDX(t, os.Getenv("SPANAUDIT_CYCLONEDX"))
	archives, err := filepath.Glob(filepath.Join(dist, "*.tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in %s (%v)", dist, err)
	}
	for _, archive := range archives {
		program := unpacked(t, archive, "spanaudit")
		info, err := buildinfo.Read(bytes.NewReader(program))
		if err != nil {
			t.Fatal(err)
		}
		if v := info.Main.Version; !strings.HasPrefix(v, "v") || strings.HasSuffix(v, "+dirty") {
			t.Errorf("%s: the program says that it is version %q, not of which commit it is", archive, v)
		}

		bom := read(t, strings.TrimSuffix(archive, ".tar.gz")+".cdx.json")
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(bom))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", archive, err)
		}
		if sum := sha256.Sum256(program); !bytes.Contains(bom, []byte(hex.EncodeToString(sum[:]))) {
			t.Errorf("%s: the bill of materials is not that of the program", archive)
		}
		var listed struct {
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(bom, &listed); err != nil {
			t.Fatal(err)
		}
		have := map[string]string{}
		for _, c := range listed.Components {
			have[c.Name] = c.Version
		}
		for _, m := range info.Deps {
			if have[m.Path] != m.Version {
				t.Errorf("%s: the bill of materials has %s in version %q, the program has %s", archive, m.Path, have[m.Path], m.Version)
			}
		}
	}
}

// cycloneDX is the schema of a bill of materials, from a directory with the schemas
// as the modules of CycloneDX have them.
func cycloneDX(t *testing.T, dir string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	for name, file := range map[string]string{"bom-1.6": "bom-1.6.schema.json", "spdx": "spdx.schema.json", "jsf-0.82": "jsf-0.82.schemax.json"} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, filepath.Join(dir, file))))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+name+".schema.json", doc); err != nil {
			t.Fatal(err)
		}
	}
	return c.MustCompile("http://cyclonedx.org/schema/bom-1.6.schema.json")
}

// unpacked is the file of that base name in a tar.gz.
func unpacked(t *testing.T, archive, base string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(read(t, archive)))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatalf("%s in %s: %v", base, archive, err)
		}
		if filepath.Base(h.Name) == base && h.Typeflag == tar.TypeReg {
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
}
