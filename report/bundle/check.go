package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"aead.dev/minisign"

	"spanaudit/report"
)

// Problem is one thing that is wrong with a bundle.
type Problem struct {
	File string // of the bundle, or the archive itself; may come from the bundle
	Says string // what is wrong with it, to be read behind its name; may hold text of the bundle
}

// String returns the problem as one line that a terminal shows as it stands.
func (p Problem) String() string { return report.Line(p.File + ": " + p.Says) }

// Result is what Check came to.
type Result struct {
	Manifest  *Manifest // nil where there is none that can be read
	Files     int       // that have the size and SHA-256 of the manifest
	Bytes     int64     // in those
	Signature Signature
	Problems  []Problem // none when the bundle is whole

	// Of Problems, how many are about the archive or what stands in it beside the
	// files, about the files themselves, about files that are missing or not
	// listed, and about the manifest and its signature.
	BadContainer, BadFiles, Incomplete, BadManifest, BadSignature int
}

// Check compares the bundle with its manifest: that every file is there as it is
// listed, that there is nothing else, and that the signature holds. With a key,
// the signature must be there and be that key's. Without a signature, a bundle
// that was changed throughout, manifest and all, cannot be told from another.
func (b *Bundle) Check(key *minisign.PublicKey) *Result {
	r := &Result{}
	_, bad := b.store.files()
	for _, p := range bad {
		r.say(&r.BadContainer, p.File, "%s", p.Says)
	}
	switch r.Manifest = b.manifest; {
	case errors.Is(b.why, errMissing) && len(bad) > 0:
		r.say(&r.BadManifest, ManifestFile, "was not reached, and no file could be checked")
		return r
	case b.why != nil:
		r.say(&r.BadManifest, ManifestFile, "%v", b.why)
		return r
	}
	b.checkSignature(r, b.text, key)
	b.checkSums(r, b.text)
	for i := range r.Manifest.Files {
		b.checkFile(r, &r.Manifest.Files[i])
	}
	b.checkRest(r)
	return r
}

// say notes a problem of a kind.
func (r *Result) say(kind *int, file, format string, args ...any) {
	*kind++
	r.Problems = append(r.Problems, Problem{file, fmt.Sprintf(format, args...)})
}

func (b *Bundle) checkSignature(r *Result, manifest []byte, key *minisign.PublicKey) {
	text, err := b.load(SignatureFile, 1<<16)
	switch {
	case err == nil:
		r.Signature, err = checkSignature(r.Manifest, manifest, text, key)
	case errors.Is(err, errMissing) && r.Manifest.PublicKey != "":
		err = fmt.Errorf("is missing: %s says that it is signed", ManifestFile)
	case errors.Is(err, errMissing) && key != nil:
		err = fmt.Errorf("is missing: the bundle is not signed, and the key %s is wanted", KeyID(key.ID()))
	case errors.Is(err, errMissing):
		return
	}
	if err != nil {
		r.say(&r.BadSignature, SignatureFile, "%v", err)
	}
}

func (b *Bundle) checkSums(r *Result, manifest []byte) {
	text, err := b.load(SumsFile, maxManifest)
	if err != nil {
		r.say(&r.Incomplete, SumsFile, "%v", err)
		return
	}
	if p := checkSums(r.Manifest, manifest, text, r.Signature.Holds); p != nil {
		r.say(&r.BadManifest, p.File, "%s", p.Says)
	}
}

// checkFile compares a file with what is listed of it.
func (b *Bundle) checkFile(r *Result, listed *File) {
	i, ok := b.at[listed.Name]
	if !ok {
		r.say(&r.Incomplete, listed.Name, "is missing")
		return
	}
	f := b.files[i]
	if f.size != listed.Size {
		r.say(&r.BadFiles, f.name, "has %d bytes, and %d are listed: it was changed", f.size, listed.Size)
		return
	}
	sum, err := b.sum(f)
	switch {
	case err != nil:
		r.say(&r.BadFiles, f.name, "cannot be read, it was changed: %v", err)
		return
	case sum != listed.SHA256:
		r.say(&r.BadFiles, f.name, "has the SHA-256 %s, and %s is listed: it was changed", sum, listed.SHA256)
		return
	}
	if a, ok := b.store.(*archive); ok && !a.checkPacked(r, f, listed) {
		return
	}
	r.Files++
	r.Bytes += f.size
}

// sum returns the SHA-256 of a file.
func (b *Bundle) sum(f file) (string, error) {
	r, err := b.store.open(f)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, f.size+1))
	if err == nil && n != f.size {
		err = fmt.Errorf("it has not the %d bytes that it is said to have", f.size)
	}
	return hex.EncodeToString(h.Sum(nil)), err
}

// checkPacked compares what stands in the archive for a file: other bytes there
// may unpack to the same.
func (a *archive) checkPacked(r *Result, f file, listed *File) bool {
	p := listed.Packed
	if f.packed.method == stored && p == nil {
		return true
	}
	h := sha256.New()
	if _, err := io.Copy(h, a.raw(f)); err != nil {
		r.say(&r.BadFiles, f.name, "cannot be read: %v", err)
		return false
	}
	if f.packed.method != deflated || p == nil || p.Size != f.packed.size || p.SHA256 != hex.EncodeToString(h.Sum(nil)) {
		r.say(&r.BadFiles, f.name, "is not compressed as it was: the archive was changed, though what it holds is as listed")
		return false
	}
	return true
}

// checkRest looks for files that are not listed, or stand in an archive twice.
func (b *Bundle) checkRest(r *Result) {
	seen := map[string]bool{}
	for _, f := range b.files {
		_, listed := r.Manifest.file(f.name)
		switch own := f.name == ManifestFile || f.name == SignatureFile || f.name == SumsFile; {
		case seen[f.name]:
			r.say(&r.Incomplete, f.name, "is there twice")
		case !own && !listed:
			r.say(&r.Incomplete, f.name, "is not in the manifest: it was added")
		case own && f.packed.method != stored:
			r.say(&r.BadContainer, f.name, "is compressed, which it is in no bundle")
		}
		seen[f.name] = true
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
