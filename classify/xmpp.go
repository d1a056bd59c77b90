package classify

import "bytes"

// xmppStream reads XMPP (RFC 6120) up to SASL, with STARTTLS (section 5).
func xmppStream(s Stream, _ *Learned) (Facts, Answer) {
	client, server := xmppBeginning(s.Client), xmppBeginning(s.Server)
	switch {
	case client == refused, server == refused, bytes.Contains(s.Client, []byte("<stream:features")): // which servers send
		return Facts{}, NoMatch
	case client == recognised || server == recognised:
	case s.Final:
		return Facts{}, NoMatch
	default:
		return Facts{}, NeedMore
	}
	o := newOpening(s)
	if at := tlsBehindTag(s.Client, "<starttls", false); at > 0 {
		o.mark("STARTTLS", bytes.Index(s.Client, []byte("<starttls")), false)
		o.begin(at, false)
	}
	if at := tlsBehindTag(s.Server, "<proceed", true); at > 0 {
		o.begin(at, true)
	}
	if at := bytes.Index(s.Client, []byte("<auth")); at >= 0 && !o.upgraded {
		tag, _, whole := bytes.Cut(s.Client[at:], []byte{'>'})
		if whole && (bytes.Contains(tag, []byte(`"PLAIN"`)) || bytes.Contains(tag, []byte(`'PLAIN'`))) {
			o.credentials("plain", at)
			o.last = true
		}
	}
	return o.answer(s, Facts{Protocol: ProtoXMPP})
}

// xmppBeginning says whether b begins with a stream header (RFC 6120, section
// 4.7), which names the namespace of streams.
func xmppBeginning(b []byte) verdict {
	head := bytes.TrimLeft(b[:min(len(b), 1024)], " \r\n\t")
	v := beginsWith(head, "<?xml ")
	if v == refused {
		v = beginsWith(head, "<stream:stream")
	}
	switch {
	case v != recognised:
		return v
	case bytes.Contains(head, []byte("http://etherx.jabber.org/streams")):
		return recognised
	case len(b) >= 1024:
		return refused
	}
	return unsure
}

// tlsBehindTag returns where TLS begins behind an element, 0 where it does not.
func tlsBehindTag(b []byte, tag string, server bool) int {
	at := bytes.Index(b, []byte(tag))
	if at < 0 {
		return 0
	}
	rest := b[at:]
	for range 2 { // the tag that ends the element may be one of its own
		_, after, ok := bytes.Cut(rest, []byte{'>'})
		if !ok {
			return 0
		}
		rest = bytes.TrimLeft(after, " \r\n\t")
		if beginsTLS(rest, server) {
			return len(b) - len(rest)
		}
	}
	return 0
}

// beginsWith compares the beginning of b with text; it is unsure of a b that
// ends within it.
func beginsWith(b []byte, text string) verdict {
	n := min(len(b), len(text))
	switch {
	case string(b[:n]) != text[:n]:
		return refused
	case n < len(text):
		return unsure
	}
	return recognised
}
