package classify

import "slices"

// Response codes that say that a name led nowhere (RFC 1035, section 4.1.1).
const (
	dnsServFail = 2
	dnsNXDomain = 3
	dnsRefused  = 5
)

const maxNameFailures = 16 // of one flow

// NameFailure is a name that a resolver did not resolve, and why: "SERVFAIL",
// "NXDOMAIN" or "REFUSED".
type NameFailure struct{ Name, Code string }

// fail notes the failure that a response tells of its one question.
func (f *DNS) fail(m dnsMessage) {
	if !m.response || len(m.questions) != 1 || len(f.Failures) >= maxNameFailures {
		return
	}
	failure := NameFailure{Name: m.questions[0].name}
	switch m.rcode {
	case dnsServFail:
		failure.Code = "SERVFAIL"
	case dnsNXDomain:
		failure.Code = "NXDOMAIN"
	case dnsRefused:
		failure.Code = "REFUSED"
	default:
		return
	}
	if !slices.Contains(f.Failures, failure) {
		f.Failures = append(f.Failures, failure)
	}
}
