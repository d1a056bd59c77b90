package bundle

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// sums returns a list that sha256sum -c reads, so that whoever has no spanaudit
// can check the files; that of the manifest stands last.
func sums(m *Manifest, manifest []byte) []byte {
	var b bytes.Buffer
	for _, f := range m.Files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Name)
	}
	b.WriteString(sumLine(manifest))
	return b.Bytes()
}

func sumLine(manifest []byte) string {
	return fmt.Sprintf("%x  %s\n", sha256.Sum256(manifest), ManifestFile)
}

// checkSums compares the list with the manifest. Where they differ, one of the
// two was changed: signed tells that it is not the manifest.
func checkSums(m *Manifest, manifest, got []byte, signed bool) *Problem {
	switch {
	case bytes.Equal(got, sums(m, manifest)):
		return nil
	case !signed && !bytes.HasSuffix(got, []byte(sumLine(manifest))):
		return &Problem{ManifestFile, "has not the SHA-256 that " + SumsFile + " says: one of the two was changed"}
	}
	return &Problem{SumsFile, "is not the list of the files in " + ManifestFile + ": it was changed"}
}
