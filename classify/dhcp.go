package classify

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"

	"spanaudit/flow"

	"golang.org/x/crypto/cryptobyte"
)

// DHCP options that are read (RFC 2132).
const (
	dhcpPad          = 0
	dhcpHostName     = 12
	dhcpNTPServers   = 42
	dhcpRequestedIP  = 50
	dhcpLeaseTime    = 51
	dhcpOverload     = 52
	dhcpMessageType  = 53
	dhcpServer       = 54
	dhcpClientID     = 61
	dhcpEnd          = 255
	dhcpMagicCookie  = 0x63825363 // RFC 2131, section 3
	dhcpFixed        = 240        // bytes up to and with the cookie
	maxDHCPAddresses = 8
)

// Ports of server and client (RFC 2131, section 4.1).
const (
	dhcpServerPort = 67
	dhcpClientPort = 68
)

// dhcpDatagram reads DHCP (RFC 2131) by its magic cookie, on any port. A BOOTP
// message without one is no match; one that the capture cut off before it is
// taken for DHCP on the ports of DHCP.
func dhcpDatagram(d Datagram, f *Facts, l *Learned) (Answer, bool) {
	b := d.Payload
	ports := min(d.Src.Port(), d.Dst.Port()) == dhcpServerPort && max(d.Src.Port(), d.Dst.Port()) <= dhcpClientPort
	if room := dhcpFixed - len(b); room > 0 && room <= d.Missing && ports && len(b) >= 34 {
		b = append(append(make([]byte, 0, dhcpFixed), b...), make([]byte, room)...)
		binary.BigEndian.PutUint32(b[dhcpFixed-4:], dhcpMagicCookie)
	}
	m, ok := readDHCP(b)
	if !ok {
		return NoMatch, false
	}
	lease := m.lease()
	l.Leases = append(l.Leases, lease)
	if f.DHCP == nil {
		f.DHCP = &DHCP{}
	}
	f.Protocol = ProtoDHCP
	f.Malformed = f.Malformed || m.broken && d.Missing == 0
	c := f.DHCP
	if lease.MessageType != 0 {
		c.MessageTypes = addOnce(c.MessageTypes, lease.MessageType, 16)
	}
	if o := m.options[dhcpRequestedIP]; !c.RequestedIP.IsValid() && len(o) == 4 {
		c.RequestedIP = netip.AddrFrom4([4]byte(o))
	}
	if c.HostName == "" {
		c.HostName = lease.HostName
	}
	if c.ClientID == "" {
		c.ClientID = lease.ClientID
	}
	return Matched, m.reply != d.FromServer
}

// dhcpMessage is the fixed part of a message (RFC 2131, section 2) and its
// options, those that came in pieces put together (RFC 3396).
type dhcpMessage struct {
	reply            bool
	client           flow.MAC // of Ethernet; zero otherwise
	clientIP, yourIP netip.Addr
	options          map[uint8][]byte
	broken           bool // an option's length went beyond the end
}

func readDHCP(b []byte) (m dhcpMessage, ok bool) {
	s := cryptobyte.String(b)
	var op, hardware, hardwareLen uint8
	var clientIP, yourIP, address, serverName, file []byte
	var cookie uint32
	ok = s.ReadUint8(&op) && s.ReadUint8(&hardware) && s.ReadUint8(&hardwareLen) && s.Skip(9) && // hops, xid, secs, flags
		s.ReadBytes(&clientIP, 4) && s.ReadBytes(&yourIP, 4) && s.Skip(8) && // siaddr, giaddr
		s.ReadBytes(&address, 16) && s.ReadBytes(&serverName, 64) && s.ReadBytes(&file, 128) && s.ReadUint32(&cookie)
	if !ok || op != 1 && op != 2 || hardwareLen > 16 || cookie != dhcpMagicCookie {
		return m, false
	}
	m.reply = op == 2
	if hardware == 1 && hardwareLen == 6 {
		copy(m.client[:], address)
	}
	m.clientIP, m.yourIP = someAddr(clientIP), someAddr(yourIP)
	m.options = make(map[uint8][]byte)
	m.readOptions(s)
	if o := m.options[dhcpOverload]; len(o) == 1 { // RFC 2132, section 9.3
		if o[0]&1 != 0 {
			m.readOptions(file)
		}
		if o[0]&2 != 0 {
			m.readOptions(serverName)
		}
	}
	return m, true
}

func (m *dhcpMessage) readOptions(s cryptobyte.String) {
	for !s.Empty() {
		var code uint8
		var value cryptobyte.String
		s.ReadUint8(&code)
		switch {
		case code == dhcpPad:
		case code == dhcpEnd:
			return
		case !s.ReadUint8LengthPrefixed(&value):
			m.broken = true
			return
		default:
			m.options[code] = append(m.options[code], value...)
		}
	}
}

func (m *dhcpMessage) lease() Lease {
	l := Lease{
		ClientMAC:  m.client,
		ClientID:   hex.EncodeToString(m.options[dhcpClientID][:min(len(m.options[dhcpClientID]), 255)]),
		HostName:   text(m.options[dhcpHostName]),
		Requested:  someAddr(m.options[dhcpRequestedIP]),
		ClientIP:   m.clientIP,
		YourIP:     m.yourIP,
		Server:     someAddr(m.options[dhcpServer]),
		NTPServers: m.addresses(dhcpNTPServers),
	}
	t := cryptobyte.String(m.options[dhcpMessageType])
	t.ReadUint8(&l.MessageType)
	t = m.options[dhcpLeaseTime]
	t.ReadUint32(&l.LeaseTime)
	return l
}

func (m *dhcpMessage) addresses(option uint8) (list []netip.Addr) {
	s := cryptobyte.String(m.options[option])
	var a []byte
	for len(list) < maxDHCPAddresses && s.ReadBytes(&a, 4) {
		list = append(list, netip.AddrFrom4([4]byte(a)))
	}
	return list
}

// someAddr returns an IPv4 address, or the zero Addr for 0.0.0.0, which stands
// for none, and for bytes that are no address.
func someAddr(b []byte) netip.Addr {
	if len(b) != 4 || [4]byte(b) == [4]byte{} {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(b))
}
