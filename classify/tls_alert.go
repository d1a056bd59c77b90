package classify

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// Alert levels (RFC 8446, section 6).
const (
	alertWarning = 1
	alertFatal   = 2
)

// alert reads an alert that stands in clear and notes the first fatal one. An
// encrypted alert is longer than its two bytes. It reports whether the half
// ends with it.
func (h *handshake) alert(side *tlsSide, body cryptobyte.String, offset int) (last bool) {
	var level, description uint8
	if !body.ReadUint8(&level) || !body.ReadUint8(&description) || !body.Empty() || level != alertFatal {
		return false
	}
	h.fatal(side, description, offset)
	return true
}

func (h *handshake) fatal(side *tlsSide, description uint8, offset int) {
	if h.tls.Alert == "" {
		h.tls.Alert, h.tls.AlertByServer = alertName(description), side.server
		side.mark("Alert", offset)
	}
}

// alertName returns an alert's name in RFC 8446, section 6, or in the RFC that
// last had it.
func alertName(description uint8) string {
	switch description {
	case 0:
		return "close_notify"
	case 10:
		return "unexpected_message"
	case 20:
		return "bad_record_mac"
	case 21:
		return "decryption_failed"
	case 22:
		return "record_overflow"
	case 30:
		return "decompression_failure"
	case 40:
		return "handshake_failure"
	case 41:
		return "no_certificate"
	case 42:
		return "bad_certificate"
	case 43:
		return "unsupported_certificate"
	case 44:
		return "certificate_revoked"
	case 45:
		return "certificate_expired"
	case 46:
		return "certificate_unknown"
	case 47:
		return "illegal_parameter"
	case 48:
		return "unknown_ca"
	case 49:
		return "access_denied"
	case 50:
		return "decode_error"
	case 51:
		return "decrypt_error"
	case 52:
		return "too_many_cids_requested"
	case 60:
		return "export_restriction"
	case 70:
		return "protocol_version"
	case 71:
		return "insufficient_security"
	case 80:
		return "internal_error"
	case 86:
		return "inappropriate_fallback"
	case 90:
		return "user_canceled"
	case 100:
		return "no_renegotiation"
	case 109:
		return "missing_extension"
	case 110:
		return "unsupported_extension"
	case 111:
		return "certificate_unobtainable"
	case 112:
		return "unrecognized_name"
	case 113:
		return "bad_certificate_status_response"
	case 114:
		return "bad_certificate_hash_value"
	case 115:
		return "unknown_psk_identity"
	case 116:
		return "certificate_required"
	case 120:
		return "no_application_protocol"
	case 121:
		return "ech_required"
	}
	return fmt.Sprintf("alert_%d", description)
}

// tooShortForFinished bounds from above the record that can hold an encrypted
// alert and from below the one that can hold a TLS 1.3 Finished: a hash of 32
// bytes, a header of 4, a content type and a tag of 8 (RFC 8446, sections 4.4.4
// and 5.2).
const tooShortForFinished = 4 + 32 + 1 + 8

// finishedLength reports whether an encrypted record is exactly as long as a
// TLS 1.3 Finished is with one of the registered suites.
func finishedLength(body cryptobyte.String) bool {
	switch len(body) {
	case tooShortForFinished, 4 + 32 + 1 + 16, 4 + 48 + 1 + 16, 4 + 64 + 1 + 16:
		return true
	}
	return false
}

// endOfEarlyDataLength reports whether an encrypted record is as long as an
// EndOfEarlyData is: a header of 4 bytes, a content type and a tag.
func endOfEarlyDataLength(body cryptobyte.String) bool {
	return len(body) == 4+1+16 || len(body) == 4+1+8
}
