package classify

import (
	"net/netip"
	"time"

	"spanaudit/flow"
)

// Protocol is an application protocol's name as flow records spell it
// (network.protocol).
type Protocol string

// The protocols that are told apart.
const (
	Unknown    Protocol = "unknown"
	ProtoTLS   Protocol = "tls"
	ProtoDTLS  Protocol = "dtls"
	ProtoQUIC  Protocol = "quic"
	ProtoMQTT  Protocol = "mqtt"
	ProtoRTSP  Protocol = "rtsp"
	ProtoRTP   Protocol = "rtp"
	ProtoRTCP  Protocol = "rtcp"
	ProtoNTP   Protocol = "ntp"
	ProtoNTSKE Protocol = "nts-ke"
	ProtoDNS   Protocol = "dns"
	ProtoMDNS  Protocol = "mdns"
	ProtoLLMNR Protocol = "llmnr"
	ProtoDHCP  Protocol = "dhcp"
	ProtoHTTP  Protocol = "http"

	// Protocols that may go over to TLS.
	ProtoSMTP       Protocol = "smtp"
	ProtoIMAP       Protocol = "imap"
	ProtoPOP3       Protocol = "pop3"
	ProtoFTP        Protocol = "ftp"
	ProtoIRC        Protocol = "irc"
	ProtoXMPP       Protocol = "xmpp"
	ProtoLDAP       Protocol = "ldap"
	ProtoPostgreSQL Protocol = "postgresql"
	ProtoAMQP       Protocol = "amqp"
	ProtoRDP        Protocol = "rdp"
	ProtoVNC        Protocol = "vnc"
	ProtoMySQL      Protocol = "mysql"
	ProtoTDS        Protocol = "tds" // of SQL Server
	ProtoSOCKS      Protocol = "socks"

	ProtoSSH         Protocol = "ssh"
	ProtoTelnet      Protocol = "telnet"
	ProtoSMB         Protocol = "smb"
	ProtoTFTP        Protocol = "tftp"
	ProtoRTMP        Protocol = "rtmp"
	ProtoSRT         Protocol = "srt"
	ProtoSTUN        Protocol = "stun" // and TURN
	ProtoSIP         Protocol = "sip"
	ProtoSNMP        Protocol = "snmp"
	ProtoSyslog      Protocol = "syslog"
	ProtoCoAP        Protocol = "coap"
	ProtoSSDP        Protocol = "ssdp"
	ProtoWSDiscovery Protocol = "ws-discovery"
	ProtoNATPMP      Protocol = "nat-pmp"
	ProtoPCP         Protocol = "pcp"
	ProtoNBNS        Protocol = "nbns"
	ProtoNBDS        Protocol = "nbds"
	ProtoDHCPv6      Protocol = "dhcpv6"
	ProtoWireGuard   Protocol = "wireguard"
	ProtoOpenVPN     Protocol = "openvpn"
	ProtoIKE         Protocol = "ike"
	ProtoESP         Protocol = "esp" // in UDP (RFC 3948)
)

// Facts is what the bytes of one flow say. Exactly the parts of the protocols
// that were recognised are set; a field that was not seen keeps its zero value
// and its type says what the zero value means.
type Facts struct {
	Protocol Protocol

	// Wrapped is the protocol carried inside Protocol (MQTT in TLS, RTP in
	// RTSP), WrappedBy the ground on which it is named: "alpn",
	// "alpn_offered", "server_name", "upgrade" (what was spoken before TLS),
	// "port" or, where its bytes were read, "content".
	Wrapped   Protocol
	WrappedBy string

	TLS  *TLS // of ProtoTLS, ProtoDTLS and ProtoQUIC
	QUIC *QUIC
	MQTT *MQTT
	RTSP *RTSP
	RTP  *RTP
	NTP  *NTP
	DNS  *DNS
	DHCP *DHCP
	HTTP *HTTP
	SSH  *SSH
	SMB  *SMB

	PortMapping *PortMapping // of ProtoNATPMP and ProtoPCP

	STUN bool // STUN or TURN passed over UDP, whatever else the flow carried afterwards

	Login *Login // a secret passed in clear; nil when none was seen

	Marks     []Mark // in order, at most maxMarks
	Malformed bool   // a message of the recognised protocol broke its own rules
	Clipped   bool   // more was said than is kept of a flow: one of the lists here is full

	dtls *dtlsFlow // the handshake under way; nil before and after
	quic *quicFlow
	rtsp *rtspConn // what its datagrams said so far; nil over TCP
}

// take moves to f what was noted of a side of a handshake.
func (f *Facts) take(s *tlsSide) {
	f.Malformed = f.Malformed || s.broken
	f.Marks = append(f.Marks, s.marks[:min(len(s.marks), maxMarks-len(f.Marks))]...)
	s.marks = nil
}

// Trit is yes, no or, its zero value, unknown.
type Trit int8

const (
	UnknownTrit Trit = iota
	Yes
	No
)

func (t Trit) String() string { return [...]string{"unknown", "yes", "no"}[t] }

// TLS holds the facts of a TLS or SSL handshake as far as it is readable
// without keys.
type TLS struct {
	ClientHello, ServerHello bool // seen and whole; a HelloRetryRequest is no ServerHello

	// UpgradedFrom is what the connection spoke before TLS: smtp and others by
	// STARTTLS, http by CONNECT, socks; "" when it began with TLS.
	UpgradedFrom Protocol

	// What the client offered. Versions and lists are in the client's order
	// without GREASE values (RFC 8701). OfferedVersions is
	// supported_versions, else the one version that legacy_version names: a
	// client that offers it may or may not speak older ones. Lists of code
	// points are cut after 512, names after 32.
	OfferedVersions   []TLSVersion
	SupportedVersions bool // OfferedVersions is that extension's, so that it names the oldest version too
	OfferedSuites     []CipherSuite
	OfferedGroups     []Group
	OfferedSignatures []SignatureScheme // signature_algorithms; empty when absent
	OfferedALPN       []string
	PSKModes          []uint8 // RFC 8446, section 4.2.9: 0 psk_ke, 1 psk_dhe_ke
	OfferedPSK        bool    // pre_shared_key present
	EarlyData         bool    // early_data offered
	EarlyDataSent     bool    // the client sent early data; whether the server took it is encrypted
	SSLv2Framed       bool    // the hello came in SSLv2 framing
	ServerName        string  // SNI host_name; with ECH the outer one, which is not the destination
	ECH               bool
	JA3, JA4          string

	// What the server chose.
	Version     TLSVersion  // negotiated; 0 until a ServerHello tells
	CipherSuite CipherSuite // meaningful only when ServerHello is true; of SSL 2 never
	Group       Group       // of the key exchange; 0 when none or not seen
	DHBits      int         // length of the FFDH prime of a ServerKeyExchange; 0 when none
	ALPN        string
	KeyShare    bool // ServerHello carried key_share
	PSK         bool // ServerHello carried pre_shared_key
	HelloRetry  bool
	JA3S        string

	EncryptThenMAC bool // RFC 7366, which only CBC suites need

	ServerKeyExchange bool
	SignatureScheme   SignatureScheme   // of a TLS 1.2 ServerKeyExchange; 0 when none
	ClientSignature   SignatureScheme   // of a TLS 1.2 CertificateVerify; 0 when none
	WantedSignatures  []SignatureScheme // that a TLS 1.2 CertificateRequest lets the client use
	Certificate       *Certificate      // the server's leaf, visible up to TLS 1.2
	ClientCertificate bool              // the client sent a certificate, visible up to TLS 1.2

	Resumed        Trit
	ForwardSecrecy Trit   // of the key exchange; of a session resumed up to TLS 1.2, that of its first handshake, whose suite it keeps
	Established    bool   // both sides went over to encrypted records
	Alert          string // name of the first fatal alert that was readable
	AlertByServer  bool

	// SessionKeys are SHA-256 digests of the session identifiers and tickets
	// by which a later TLS 1.2 handshake may resume this one;
	// ResumedKeys are those that this handshake offered.
	SessionKeys, ResumedKeys [][32]byte
}

// QUIC holds what the long headers of a QUIC flow say (RFC 8999). Its handshake
// is in Facts.TLS; of Google's QUIC before TLS only the ServerName is.
type QUIC struct {
	// Version is the one in which the server answered, else the client's last
	// attempt. Of Google's QUIC before RFC 9000 it is four characters of ASCII,
	// as "Q046".
	Version  uint32
	Versions []uint32 // that the client tried, each once, in its order, at most 8
	Retry    bool     // the server had the client prove its address (RFC 9000, section 8.1)
}

// Certificate holds what a certificate says of itself; nothing is verified.
type Certificate struct {
	Subject, Issuer     string
	DNSNames            []string
	IPAddresses         []netip.Addr
	MoreNames           bool   // there are names or addresses beyond the 256 of each that are kept
	SerialNumber        string // hexadecimal
	NotBefore, NotAfter flow.Time
	PublicKeyAlgorithm  string
	PublicKeyBits       int
	SignatureAlgorithm  string
	SHA256              [32]byte // of the DER encoding
}

// MQTT holds the facts of an MQTT connection (OASIS MQTT 3.1.1, 5.0).
type MQTT struct {
	Version         string // "3.1", "3.1.1", "5.0"; empty when no CONNECT was seen
	ClientID        string
	UserNamePresent bool
	PasswordPresent bool
	Connect         bool // a CONNECT was seen
	ReturnCode      int  // of CONNACK (reason code in 5.0); −1 when none was seen
	WebSocket       bool // carried in WebSocket frames
}

// RTSP holds the facts of an RTSP connection (RFC 2326, RFC 7826).
type RTSP struct {
	Version       string   // "1.0" or "2.0"
	Methods       []string // requests seen, each once, in order of first appearance
	URL           string   // of the first request, user information removed
	UserAgent     string
	Auth          []string // schemes of Authorization headers, lower case: "basic", "digest"
	AuthOffered   []string // schemes of WWW-Authenticate headers, lower case
	URLPassword   bool     // a request URL carried a password: in its user information or in a parameter named so
	StatusCodes   []int    // each once
	Interleaved   bool     // $-framed media was seen
	Tunnel        bool     // carried in HTTP (x-sessioncookie)
	SessionCookie string   // digest of x-sessioncookie, which joins a tunnel's two connections; empty when none
	Setups        []Setup
	External      []string // hosts named to a SOCKS proxy, and by Content-Base, Location, SDP c= and Transport destination
}

// Setup is one Transport that a SETUP response (or, unanswered, its request)
// agreed on.
type Setup struct {
	Transport   string     // "udp", "tcp" (interleaved) or "multicast"
	ClientPorts [2]uint16  // of RTP and RTCP, 0 when not said; of multicast, the group's ports
	ServerPorts [2]uint16  // of RTP and RTCP, 0 when not said
	Source      netip.Addr // where the server said it sends from; invalid when not said
	Destination netip.Addr // where media goes when not to the client; invalid when not said
	SSRC        uint32     // 0 when not said
	TTL         uint8
	Secure      bool // an SRTP profile
	Answered    bool
}

// RTP holds the facts of an RTP or RTCP flow (RFC 3550). With Protocol unknown
// it is a candidate: what the flow's datagrams say if they are RTP, which a
// SETUP may confirm.
type RTP struct {
	SSRC        uint32 // of RTCP, the sender's of its first report
	PayloadType uint8  // 0 in RTCP
	Packets     int    // RTP packets that passed as such
	SetupBy     string // Community ID of the RTSP flow that set it up; empty when none is known
	Heuristic   bool   // recognised only from a run of packets

	evidence rtpEvidence
}

// NTP holds the facts of an NTP flow (RFC 5905). Lists hold each value once,
// in order of first appearance, at most 8.
type NTP struct {
	Versions      []uint8
	Modes         []uint8
	Strata        []uint8  // of all messages but requests of clients
	ReferenceIDs  []string // of the same, 8 hexadecimal digits: ASCII for stratum 0 and 1, else an IPv4 address or a digest
	KissCodes     []string // of messages of stratum 0 (RFC 5905, section 7.4): "RATE", "DENY"
	Requests      int      // client, symmetric, and control messages that ask
	Responses     int      // server, broadcast, and control messages that answer
	LeapIndicator uint8    // the last server message's

	// Offset is the server's clock minus the capture's, and Delay the time that
	// request and answer spent beyond the capture, of the last pair that was
	// seen whole; Paired says that there was one. They come from the server's
	// two timestamps and the capture's own (RFC 5905, section 8): what the
	// client's clock showed when the answer came is not on the wire.
	Offset, Delay time.Duration
	Paired        bool

	NTS bool // a message carried NTS extension fields (RFC 8915, section 5)

	asked ntpRequest
}

// DNS holds the facts of a DNS, mDNS or LLMNR flow (RFC 1035).
type DNS struct {
	Queries, Responses int
	Answers            int           // resource records in answer sections
	Names              []string      // question names, lower case, no trailing dot, each once, at most 512
	Failures           []NameFailure // each once, at most 16
}

// Name is one address that a DNS response gave for a name, along its chain of
// CNAMEs.
type Name struct {
	Query     string // the question
	Canonical string // the owner of the address record
	Address   netip.Addr
	TTL       uint32 // seconds, the smallest along the chain
}

// DHCP holds the facts of one DHCP flow (RFC 2131).
type DHCP struct {
	MessageTypes []uint8 // option 53 values, each once, in order
	RequestedIP  netip.Addr
	HostName     string
	ClientID     string // option 61, hexadecimal
}

// Lease is one DHCP message that speaks of a client's address.
type Lease struct {
	MessageType uint8 // option 53 (RFC 2132, section 9.6)
	ClientMAC   flow.MAC
	ClientID    string       // option 61, hexadecimal
	HostName    string       // option 12
	Requested   netip.Addr   // option 50
	ClientIP    netip.Addr   // ciaddr
	YourIP      netip.Addr   // yiaddr
	Server      netip.Addr   // option 54
	LeaseTime   uint32       // option 51, seconds
	NTPServers  []netip.Addr // option 42
}

// HTTP holds the facts of an HTTP/1 connection (RFC 9112).
type HTTP struct {
	Methods     []string // each once, in order of first appearance
	Host        string   // of the first request that names one, lower case, without port
	Path        string   // of the first request, without its query
	StatusCode  int      // of the first response that is not interim (1xx), else of the first; 0 when none was seen
	UserAgent   string
	BasicAuth   bool // an Authorization or Proxy-Authorization header with the Basic scheme
	URLPassword bool // user information in an absolute-form target or Referer
	AWS         *AWSSignature
	Upgrade     string   // protocol of a 101 response, lower case
	Actions     []string // UPnP actions that SOAPAction fields name, each once, at most 8
}

// AWSSignature tells that a request was signed with AWS Signature Version 4,
// without the signature.
type AWSSignature struct {
	Presigned       bool   // in the query rather than in the Authorization header
	KeyIDPrefix     string // first four characters: AKIA long-term, ASIA temporary
	Region, Service string // of the credential scope
	SessionToken    bool
}

// Login tells that a client sent a secret which anybody on the way could read.
// Servers may have refused it all the same. Of HTTP, RTSP and MQTT their own
// facts tell it.
type Login struct {
	// Scheme is "pass" (PASS of FTP, POP3 and IRC), "login" (IMAP's LOGIN,
	// SASL's LOGIN), "plain" (SASL, VNC), "simple" (LDAP), "password" (PostgreSQL, SOCKS),
	// "login7" (TDS) or "community" (SNMP before version 3).
	Scheme string
}

// PortMapping holds what NAT-PMP (RFC 6886) and PCP (RFC 6887) messages ask of a
// router.
type PortMapping struct {
	Mapped       bool   // a mapping was asked for, or confirmed; announcements and questions for the address are none
	Confirmed    bool   // the router said that it made one
	Internal     uint16 // port of the host
	External     uint16 // port that was granted, else the one suggested; 0 when the router may choose
	Lifetime     uint32 // seconds, of the last message about a mapping
	Transport    uint8  // IP protocol number; 0 is all
	PeerMessages bool   // PCP PEER: an outbound mapping for one peer (RFC 6887, section 12)
}

// SSH holds the version strings of an SSH connection (RFC 4253, section 4.2).
type SSH struct {
	Version        string // of the protocol, the lower of both sides': "2.0", "1.99", "1.5"
	Client, Server string // software versions without comments; "" when not seen
}

// SMB holds the facts of an SMB connection.
type SMB struct {
	// Dialect is what the server agreed on: "1", "2.0.2", "2.1", "3.0",
	// "3.0.2", "3.1.1"; of a connection joined later "1" or "3"; "" when
	// nothing tells.
	Dialect string
}
