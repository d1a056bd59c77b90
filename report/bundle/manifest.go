package bundle

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"aead.dev/minisign"

	"spanaudit/report"
)

// Schema names the form of a Manifest.
const Schema = "spanaudit/bundle/v1"

// Manifest says what a bundle is evidence of, how it was made and of what files
// it consists. Writer.Finish sets Schema, Files and PublicKey; the rest is the
// caller's. One that was read may have been written by anybody: its text is to be
// printed by report.Line.
type Manifest struct {
	Schema  string         `json:"schema"`
	Tool    report.Tool    `json:"tool"`
	Created report.Instant `json:"created"` // the report's own time
	Command []string       `json:"command,omitempty"`

	Policy Policy         `json:"policy"`
	Inputs []report.Input `json:"inputs"` // in the order in which they were read

	Anonymized bool      `json:"anonymized"` // addresses and MACs are not those of the wire
	Redaction  Redaction `json:"redaction"`
	Excerpts   []Excerpt `json:"excerpts"` // in the order of the audit's findings

	PublicKey string `json:"public_key,omitempty"` // minisign's, of the key that signs this; empty: it is not signed
	Files     []File `json:"files"`                // by name, in the order of its bytes
}

// Policy is the policy that was judged by.
type Policy struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256"`         // of the file as read
	File    string `json:"file,omitempty"` // in the bundle
}

// Redaction says what was taken out of the excerpts, length by length.
type Redaction struct {
	Secrets string            `json:"secrets"`        // "blanked" or "kept"
	Counts  map[string]uint64 `json:"counts"`         // "packets" that were altered, and "bytes" in them; none where nobody counted
	Note    string            `json:"note,omitempty"` // why nobody did
}

// The values of Redaction.Secrets.
const (
	Blanked = "blanked"
	Kept    = "kept"
)

// Excerpt is the packets that prove one finding.
type Excerpt struct {
	Finding    string   `json:"finding"` // its id
	Rule       string   `json:"rule"`
	File       string   `json:"file,omitempty"` // a pcapng of the bundle; empty where none could be made, and Note says why
	Packets    int      `json:"packets"`
	Frames     []Frames `json:"frames,omitempty"` // where they come from
	Reproduced bool     `json:"reproduced"`       // the finding came out again when the bundle was made, from the excerpt alone
	Note       string   `json:"note,omitempty"`
}

// Frames is the frames of one input.
type Frames struct {
	Input   string   `json:"input"`   // its name in Inputs
	Numbers []uint64 `json:"numbers"` // from 1, as the packets stand in the excerpt
}

// File is one file of the bundle.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`

	// Packed is what stands in the archive for a file that was compressed: two
	// streams may unpack to the same bytes. Nothing else rests on it, so that an
	// archive may be unpacked and still verifies.
	Packed *Packed `json:"packed,omitempty"`
}

// Packed is a compressed file.
type Packed struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// file returns what the manifest lists of a file.
func (m *Manifest) file(name string) (*File, bool) {
	i, ok := slices.BinarySearchFunc(m.Files, name, func(f File, name string) int { return cmp.Compare(f.Name, name) })
	if !ok {
		return nil, false
	}
	return &m.Files[i], true
}

// encode writes the manifest.
func (m *Manifest) encode() ([]byte, error) {
	doc := *m
	if doc.Inputs == nil {
		doc.Inputs = []report.Input{}
	}
	if doc.Excerpts == nil {
		doc.Excerpts = []Excerpt{}
	}
	if doc.Redaction.Counts == nil {
		doc.Redaction.Counts = map[string]uint64{}
	}
	text, err := report.Document(&doc)
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("%s would have %d bytes, more than %d", ManifestFile, len(text), maxManifest)
	}
	return text, err
}

// parseManifest reads a manifest and refuses one that no Writer writes. Keys that
// this version does not know are passed over.
func parseManifest(text []byte) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("is no manifest in JSON: %w", err)
	}
	if m.Schema != Schema {
		return nil, fmt.Errorf("is no manifest that is known here: its schema is %q, and %q is wanted", m.Schema, Schema)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return &m, nil
}

// check says what no Writer writes.
func (m *Manifest) check() error {
	var taken names
	for i := range m.Files {
		f := &m.Files[i]
		if i > 0 && m.Files[i-1].Name >= f.Name {
			return fmt.Errorf("lists %q out of order, or twice", f.Name)
		}
		if err := taken.add(f.Name); err != nil {
			return fmt.Errorf("lists a file that cannot be: %w", err)
		}
		if f.Size < 0 || f.Size > maxFile || !isSHA256(f.SHA256) {
			return fmt.Errorf("lists %q with a size or a SHA-256 that cannot be", f.Name)
		}
		if p := f.Packed; p != nil && (p.Size < 0 || p.Size > maxFile || !isSHA256(p.SHA256)) {
			return fmt.Errorf("lists %q as packed with a size or a SHA-256 that cannot be", f.Name)
		}
	}
	if m.Redaction.Secrets != Blanked && m.Redaction.Secrets != Kept {
		return fmt.Errorf("says %q of the secrets in the excerpts, and %q or %q is wanted", m.Redaction.Secrets, Blanked, Kept)
	}
	for _, x := range m.Excerpts {
		if _, ok := m.file(x.File); x.File != "" && !ok {
			return fmt.Errorf("names the excerpt %q and does not list it", x.File)
		}
	}
	if _, ok := m.file(m.Policy.File); m.Policy.File != "" && !ok {
		return fmt.Errorf("names the policy %q and does not list it", m.Policy.File)
	}
	if m.PublicKey != "" {
		var key minisign.PublicKey
		if err := key.UnmarshalText([]byte(m.PublicKey)); err != nil || key.String() != m.PublicKey {
			return fmt.Errorf("names the public key %q, which is none", m.PublicKey)
		}
	}
	return nil
}

func isSHA256(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == 32 && hex.EncodeToString(sum) == s
}
