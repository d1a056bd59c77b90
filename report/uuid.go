package report

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
)

// uuid is a UUID in its text form.
type uuid string

// namespace is what the UUIDs of reports are derived from: version 5 (RFC 9562,
// section 5.5) of the name below in the namespace of URLs.
const namespace uuid = "e0c83fc4-a0ac-5b1c-bf43-a0e959528801"

// namespaceURI names the vocabulary of this program in forms that want one.
const namespaceURI = "urn:spanaudit:ns"

// derive returns the UUID version 5 of a name, whose parts are kept apart, in the
// namespace u.
func (u uuid) derive(parts ...string) uuid {
	h := sha1.New()
	space, _ := hex.DecodeString(strings.ReplaceAll(string(u), "-", ""))
	h.Write(space)
	h.Write([]byte(strings.Join(parts, "\x00")))
	b := h.Sum(nil)[:16]
	b[6] = b[6]&0x0f | 5<<4
	b[8] = b[8]&0x3f | 0x80
	x := hex.EncodeToString(b)
	return uuid(x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:])
}

// identities gives out UUIDs, and none of them twice: where a name comes again,
// as it can in an audit that anybody wrote, it is told apart by its turn.
type identities map[uuid]int

func (ids identities) of(space uuid, parts ...string) uuid {
	id := space.derive(parts...)
	turn := ids[id]
	ids[id]++
	if turn > 0 {
		return id.derive("again", strconv.Itoa(turn))
	}
	return id
}

// settled returns the audit as it reads when it was saved, in which what is not
// UTF-8 is replaced, and the UUID of what it found out. When it is reported does
// not matter for that.
func (a *Audit) settled() (*Audit, uuid, error) {
	undated := *a
	undated.Reported = 0
	text, err := DocumentLine(&undated)
	if err != nil {
		return nil, "", err
	}
	saved := new(Audit)
	if err := json.Unmarshal(text, saved); err != nil {
		return nil, "", err
	}
	saved.Reported = a.Reported
	return saved, namespace.derive("audit", string(text)), nil
}
