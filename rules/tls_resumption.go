package rules

import (
	"fmt"
	"time"

	"spanaudit/classify"
)

// tlsResumption judges sessions that go on from an earlier handshake.
type tlsResumption struct{}

func (tlsResumption) Doc() Doc {
	return Doc{
		ID:          "tls-resumption",
		Title:       "Resumption or early data weakens forward secrecy",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "a resumed TLS 1.3 session exchanges keys anew (psk_dhe_ke) and carries no early data unless tls.allow_early_data is set; a session resumed up to TLS 1.2 goes back to a first handshake with forward secrecy that is no older than tls.max_resumption_age",
		Why:         "A resumed session is no more secret than the ticket that it rests on, and early data can be replayed.",
		Fails:       "a first handshake without forward secrecy or too old, psk_ke, or early data: encrypted records, in QUIC 0-RTT packets, that the client sent before it had the answer of a server that took the pre-shared key",
		NotSeen:     "no session was resumed",
		Remediation: "Allow psk_dhe_ke only, change the keys of tickets at least weekly, and turn 0-RTT off for protocols that must not be replayed, such as MQTT.",
		Source:      "RFC 9325, sections 3.4 and 3.8; RFC 8446, sections 2.3 and 8",
	}
}

func (tlsResumption) Judge(c *Case) {
	t := c.serverHello()
	switch {
	case t == nil:
	case t.Version.TLS() == classify.TLS13:
		c.judgePSK(t)
	case t.Resumed == classify.Yes:
		c.judgeParent(t)
	case t.Resumed == classify.UnknownTrit && len(t.ResumedKeys) > 0:
		c.Undecided(keyShareUnseen)
	}
}

const earlyDataUnseen = "a handshake that offered early data, of which what the client sent next was not seen"

// judgePSK judges a handshake of TLS 1.3. Its tickets are encrypted, so that
// nothing leads back from it to an earlier one.
func (c *Case) judgePSK(t *classify.TLS) {
	may := t.EarlyData && t.PSK && !t.HelloRetry && !c.Policy.TLS.AllowEarlyData
	early := may && t.EarlyDataSent
	switch {
	case t.PSK && !t.KeyShare:
		c.failHandshake(nil, "resumed with a pre-shared key alone (psk_ke), which has no forward secrecy; psk_dhe_ke is wanted")
	case early:
		c.failHandshake(nil, "resumed with early data (0-RTT), which has no forward secrecy and can be replayed; none is wanted (tls.allow_early_data)")
	case may && !t.Established:
		c.Undecided(earlyDataUnseen)
	case t.PSK:
		c.Examine()
	}
	if t.EarlyData && !early {
		c.ledger.note("early data was offered, and none was used that the policy forbids")
	}
}

// judgeParent judges a session resumed up to TLS 1.2 by its first handshake.
func (c *Case) judgeParent(t *classify.TLS) {
	parent, known := c.Site.parent(t)
	limit := c.Policy.TLS.MaxResumptionAge
	switch {
	case t.ForwardSecrecy == classify.No: // the suite is that of the first handshake
		c.failHandshake(nil, "resumed a session of %s, whose first handshake had no forward secrecy; a session begun with ECDHE is wanted", t.CipherSuite)
	case !known:
		c.Undecided(parentUnseen)
	case limit > 0 && c.Start.Sub(parent.start) > limit:
		c.failHandshake(nil, "resumed a session %s old; one of no more than %s is wanted (tls.max_resumption_age)",
			c.Start.Sub(parent.start).Round(time.Second), plainDuration(limit))
	case t.ForwardSecrecy != classify.Yes:
		c.Undecided(unknownSuite)
	default:
		c.Examine()
	}
}

// plainDuration writes a duration of a policy as the policy does: 24h, not
// 24h0m0s.
func plainDuration(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return d.String()
}
