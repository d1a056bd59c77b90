package classify

// memory is what the flows that one Analyzer reads have in common. A site has few
// clients and servers, and each says the same again and again: what is made of
// it is made once and shared by all facts that hold it, which therefore must not
// be changed. The nil memory makes everything anew.
type memory struct {
	offers       recent[*offer]
	ja3s         recent[string]
	names        recent[string] // of servers and protocols, and of DNS
	certificates recent[*Certificate]
	settled      map[tlsKey]*TLS

	key  []byte // under construction
	tls  *TLS   // given back, for the next look
	half [2]tlsHalf
}

// offer is what a ClientHello says apart from what differs each time.
type offer struct {
	versions   []TLSVersion
	suites     []CipherSuite
	groups     []Group
	alpn       []string
	pskModes   []uint8
	signatures []SignatureScheme
	ja3, ja4   string
}

// recent remembers values by the bytes that they were made of. When it is full
// it forgets all of them, which costs no more than making them again.
type recent[T any] struct{ known map[string]T }

// Bounds of each memory: entries, and bytes of a key.
const (
	maxRecent    = 1024
	maxRecentKey = 4096
)

// of returns the value of key, from make where it is not remembered.
func (r *recent[T]) of(key []byte, make func() T) T {
	if v, ok := r.known[string(key)]; ok {
		return v
	}
	v := make()
	if len(key) > maxRecentKey {
		return v
	}
	if r.known == nil {
		r.known = map[string]T{}
	} else if len(r.known) >= maxRecent {
		clear(r.known)
	}
	r.known[string(key)] = v
	return v
}

// shared returns the memory of the Analyzer, if there is one.
func (l *Learned) shared() *memory {
	if l == nil {
		return nil
	}
	return l.memory
}

// facts returns empty facts to be filled.
func (m *memory) facts() *TLS {
	if m == nil || m.tls == nil {
		return &TLS{}
	}
	t := m.tls
	m.tls = nil
	*t = TLS{}
	return t
}

// giveBack takes facts that nobody looks at any more.
func (m *memory) giveBack(t *TLS) {
	if t != nil {
		m.tls = t
	}
}

// halves returns readers of what server and client sent. They and their marks
// are good until the next call.
func (m *memory) halves(server, client []byte) (s, c *tlsHalf) {
	if m == nil {
		return newTLSHalf(server, true), newTLSHalf(client, false)
	}
	for i, b := range [][]byte{client, server} {
		h := &m.half[i]
		*h = tlsHalf{tlsSide: tlsSide{server: i == 1, marks: h.marks[:0]}, length: len(b), unread: b}
	}
	return &m.half[1], &m.half[0]
}

// name returns b as a string.
func (m *memory) name(b []byte) string {
	if m == nil || len(b) == 0 {
		return string(b)
	}
	return m.names.of(b, func() string { return string(b) })
}

// certificate returns what a certificate says.
func (m *memory) certificate(der []byte) *Certificate {
	if m == nil {
		return parseCertificate(der)
	}
	return m.certificates.of(der, func() *Certificate { return parseCertificate(der) })
}

// ja3sOf returns a ServerHello's JA3S.
func (m *memory) ja3sOf(hello *serverHello) string {
	if m == nil {
		return digest(hello.appendJA3S(nil))
	}
	m.key = hello.appendJA3S(m.key[:0])
	return m.ja3s.of(m.key, func() string { return digest(m.key) })
}

// offer returns what a ClientHello that came over transport offers.
func (m *memory) offer(hello *clientHello, transport byte) *offer {
	if m == nil {
		return hello.read(transport)
	}
	m.key = hello.appendKey(append(m.key[:0], transport))
	return m.offers.of(m.key, func() *offer { return hello.read(transport) })
}
