package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"aead.dev/minisign"

	"spanaudit/report"
)

// Signature is what there is to say of the signature.
type Signature struct {
	Key     string // the id of the key that signed, 16 hexadecimal digits; empty: the bundle is not signed
	Given   bool   // it holds by the key that was given, and not merely by the one that the manifest itself names
	Holds   bool
	Comment string // minisign's trusted comment, which is signed, too; empty unless it holds
}

// KeyID writes a key's id as minisign does.
func KeyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// untrusted is the comment above a signature, which nothing protects but that
// there is one only.
func untrusted(id uint64) string { return "signature by the minisign key " + KeyID(id) }

// sign returns the signature over a manifest.
func sign(m *Manifest, text []byte, key *minisign.PrivateKey) []byte {
	comment := fmt.Sprintf("timestamp:%d file:%s tool:%s/%s policy-sha256:%s",
		m.Created.UTC().Unix(), ManifestFile, word(m.Tool.Name), word(m.Tool.Version), word(m.Policy.SHA256))
	return digest(text).SignWithComments(*key, comment, untrusted(key.ID()))
}

// word makes one short ASCII word of text, as other programs show a comment.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, report.Line(s))
	return s[:min(len(s), 100)]
}

// digest returns a message that was read: minisign signs its hash.
func digest(text []byte) *minisign.Reader {
	r := minisign.NewReader(bytes.NewReader(text))
	_, _ = io.Copy(io.Discard, r) // of memory
	return r
}

// checkSignature verifies a signature, text of the manifest's file, by the key
// that the manifest names, and by the one that is wanted, nil for none.
func checkSignature(m *Manifest, manifest, text []byte, wanted *minisign.PublicKey) (Signature, error) {
	var s minisign.Signature
	if err := s.UnmarshalText(text); err != nil {
		return Signature{}, errors.New("is no signature of minisign")
	}
	got := Signature{Key: KeyID(s.KeyID)}
	canonical, err := s.MarshalText()
	if err != nil || !bytes.Equal(canonical, text) || s.Algorithm != minisign.HashEdDSA || s.UntrustedComment != untrusted(s.KeyID) {
		return got, errors.New("is not written as spanaudit writes a signature: it was changed, perhaps where nothing is signed")
	}
	var own minisign.PublicKey
	switch err := own.UnmarshalText([]byte(m.PublicKey)); {
	case m.PublicKey == "":
		return got, fmt.Errorf("is there, but %s says that it is not signed", ManifestFile)
	case err != nil:
		return got, err
	case own.ID() != s.KeyID:
		return got, fmt.Errorf("is by the key %s, and %s names the key %s", got.Key, ManifestFile, KeyID(own.ID()))
	case !digest(manifest).Verify(own, text):
		return got, fmt.Errorf("does not fit %s: one of them was changed", ManifestFile)
	case wanted != nil && !wanted.Equal(own):
		return got, fmt.Errorf("is by another key: %s signed it, and %s is wanted", got.Key, KeyID(wanted.ID()))
	}
	got.Holds, got.Given, got.Comment = true, wanted != nil, s.TrustedComment
	return got, nil
}
