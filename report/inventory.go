package report

import "spanaudit/rules"

// TLSUse is one way in which TLS, DTLS or QUIC is in use between a client and a
// service. rules.TLSUse says what each part means.
type TLSUse struct {
	Client         Device  `json:"client"`
	Server         Peer    `json:"server"`
	ClientZone     string  `json:"client_zone"`
	ServerZone     string  `json:"server_zone"`
	Purpose        string  `json:"purpose,omitempty"`
	Protocol       string  `json:"protocol"`
	Version        string  `json:"version"`          // as flow records spell it
	Cipher         string  `json:"cipher,omitempty"` // IANA's name
	Class          string  `json:"class,omitempty"`  // of the suite: good, legacy, weak, broken or unknown
	Group          string  `json:"group,omitempty"`
	ForwardSecrecy string  `json:"forward_secrecy"` // yes, no or unknown
	Flows          uint64  `json:"flows"`
	First          Instant `json:"first"`
	Last           Instant `json:"last"`
}

func newTLSUse(u rules.TLSUse) TLSUse {
	use := TLSUse{
		Client: newDevice(u.Client), Server: Peer(u.Server), ClientZone: u.ClientZone, ServerZone: u.ServerZone,
		Purpose: u.Purpose, Protocol: u.Protocol, Version: u.Version.String(),
		Cipher: u.Cipher.String(), Class: u.Cipher.Class().String(), ForwardSecrecy: u.ForwardSecrecy.String(),
		Flows: u.Flows, First: Instant(u.First), Last: Instant(u.Last),
	}
	if u.Group != 0 {
		use.Group = u.Group.String()
	}
	return use
}
