package rules

import (
	"fmt"

	"spanaudit/classify"
)

// tlsGroup judges the group in which keys were exchanged, and counts those that
// withstand a quantum computer.
type tlsGroup struct {
	judged, hybrid int
	good           map[classify.Group]bool // named groups that pass, and whether they are hybrids
}

func (*tlsGroup) Doc() Doc {
	return Doc{
		ID:          "tls-group",
		Title:       "Key-exchange group too weak",
		Severity:    High,
		Kind:        Obligation,
		Checks:      "the curve or prime of the ServerKeyExchange, in TLS 1.3 of the ServerHello's key share, reaches tls.min_ec_bits and tls.min_dh_bits and is a named group; with tls.profile fips or bsi it is one of that document's. How many exchanges were hybrids with a post-quantum KEM is told",
		Fails:       "a group below the floor, or explicit curve parameters; a group above the floor that the profile does not list is medium",
		NotSeen:     "no key exchange was seen",
		Remediation: "Use X25519, P-256 or larger (with fips, P-256, P-384 or P-521); replace primes of one's own or of 1024 bits.",
		Source:      "RFC 9325, section 4.4; NIST SP 800-52r2; BSI TR-02102-2",
	}
}

// Why the group of a handshake could not be judged.
const (
	groupless    = "a key exchange without a group (static RSA or a pre-shared key alone)"
	unknownGroup = "a group that is not registered with IANA"
)

func (r *tlsGroup) Judge(c *Case) {
	t := c.serverHello()
	switch {
	case t == nil:
	case t.Group != 0 || t.DHBits != 0:
		r.judge(c, t)
	case t.Version.TLS() <= classify.TLS12 && t.Resumed == classify.Yes:
		if !c.Site.knowsParent(t) { // else its group was judged
			c.Undecided(parentUnseen)
		}
	case t.Version == classify.SSL2 || t.ForwardSecrecy == classify.No:
		c.Undecided(groupless)
	default:
		c.Undecided(keyShareUnseen)
	}
}

func (r *tlsGroup) judge(c *Case, t *classify.TLS) {
	r.judged++
	hybrid, passes := r.good[t.Group] // never of no group, which is that of a prime
	if passes {
		if hybrid {
			r.hybrid++
		}
		c.Examine()
		return
	}
	if t.Group.Kind() == "hybrid" {
		r.hybrid++
	}
	severity, problem := groupProblem(c.Policy, t)
	switch {
	case t.Group != 0 && !t.Group.Explicit() && t.Group.Bits() == 0:
		c.Undecided(unknownGroup)
	case problem != "":
		c.failHandshake(severity, "exchanged keys %s", problem)
	default:
		c.Examine()
		if t.Group != 0 {
			if r.good == nil {
				r.good = map[classify.Group]bool{}
			}
			r.good[t.Group] = t.Group.Kind() == "hybrid"
		}
	}
}

// groupProblem says what is wrong with the group of a key exchange, "" when
// nothing is; severity is nil for the rule's own.
func groupProblem(policy *Policy, t *classify.TLS) (severity *Severity, problem string) {
	prime := max(t.DHBits, t.Group.Prime())
	profile := profileOf(policy)
	switch p := policy.TLS; {
	case prime > 0 && prime < p.MinDHBits:
		return nil, fmt.Sprintf("with a prime of %d bits (%s); at least %d bits are wanted", prime, t.CipherSuite, p.MinDHBits)
	case t.Group.Explicit():
		return nil, "over a curve of the server's own (explicit parameters); a named curve such as x25519 or secp256r1 is wanted"
	case prime == 0 && t.Group.Bits() < curveStrength(p.MinECBits):
		return nil, fmt.Sprintf("in %s, of %d bits of security; a curve of at least %d bits (%d bits of security) is wanted",
			t.Group, t.Group.Bits(), p.MinECBits, curveStrength(p.MinECBits))
	case profile.groups != nil && t.Group != 0 && !profile.groups(t.Group):
		medium := Medium
		return &medium, fmt.Sprintf("in %s; a group of %s is wanted, such as secp256r1", t.Group, profile.document)
	}
	return nil, ""
}

// curveStrength returns the security in bits of a curve of so many bits: half of
// them, up to the 256 beyond which none is counted.
func curveStrength(bits int) int { return min(bits/2, 256) }

// Conclude tells how many key exchanges were hybrids.
func (r *tlsGroup) Conclude(c *Conclusion) {
	if r.hybrid > 0 {
		c.ledger.note(fmt.Sprintf("%d of %d key exchanges were hybrids with a post-quantum KEM", r.hybrid, r.judged))
	}
}
