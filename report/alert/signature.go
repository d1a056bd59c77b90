package alert

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader is the header of a webhook that carries its signature:
//
//	X-Spanaudit-Signature: t=1764064800,v1=5257a869e7ec...
//
// t is when it was sent, in seconds since 1970, and v1 the HMAC-SHA256 (RFC 2104)
// in hex, with the shared secret as key, of t, a full stop, and the body as it came.
// A receiver computes the same over the bytes that it received, before it parses
// them, compares in constant time, and refuses a t that is minutes away from its
// own clock; what it does not know beside t and v1 it leaves alone. A request that
// is sent again is signed again. Verify does all that.
const SignatureHeader = "X-Spanaudit-Signature"

// Sign returns the value of SignatureHeader.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return fmt.Sprintf("t=%s,v1=%s", t, hex.EncodeToString(mac(secret, t, body)))
}

// Verify checks the value of SignatureHeader. The time that it was signed at may be
// as far from now as tolerance, either way. One of several v1 is enough, so that
// secrets can be changed.
func Verify(secret []byte, header string, body []byte, now time.Time, tolerance time.Duration) error {
	var t string
	var sums [][]byte
	for part := range strings.SplitSeq(header, ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "t":
			t = value
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil {
				sums = append(sums, sum)
			}
		}
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return errors.New("the signature has no time")
	}
	if away := now.Sub(time.Unix(seconds, 0)); away > tolerance || away < -tolerance {
		return errors.New("the signature is of another time")
	}
	want := mac(secret, t, body)
	for _, sum := range sums {
		if hmac.Equal(sum, want) {
			return nil
		}
	}
	return errors.New("the signature is not that of the body by this secret")
}

func mac(secret []byte, t string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}
