package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"spanaudit/classify"
)

// A field of a flow, as the truth has it and as a flow record has it. Its name
// begins with the protocol of the flows that it is asked of.
type field struct {
	name     string
	truth    func(object) any // nil where the capture does not show it
	record   func(object) any // nil where the record says nothing
	optional bool             // that there is none is an answer
	count    bool             // grows with every packet
}

// fields lists what is compared.
func fields() []field {
	list := append(handshakeFields("tls"), handshakeFields("dtls")...)
	list = append(list,
		field{"tls.next_protocol", hello("tls", "alpn"), at("tls.next_protocol"), true, false},
		field{"tls.offered_alpn", hello("tls", "alpn_offered"), at("tls.client.offered_alpn"), true, false},
		field{"tls.max_offered", maxOfferedTruth, maxOffered, false, false},
		field{"tls.resumed", hello("tls", "resumed"), at("tls.resumed"), false, false},
		field{"tls.hello_retry", answered("hello_retry", "hello_retry"), at("tls.hello_retry"), false, false},
		field{"tls.alert", fatalAlert, func(o object) any { return only(o, "tls", o.text("tls.alert") != "") }, false, false},
		field{"tls.ech", hello("tls", "ech_offered"), at("tls.client.ech"), false, false},
		field{"quic.version", quicVersion, at("quic.version"), false, false},
		field{"quic.sni", at("quic.sni"), at("tls.client.server_name"), true, false},
		field{"quic.alpn_offered", quicALPN, at("tls.client.offered_alpn"), true, false},
	)
	list = append(list, deviceFields()...)
	return append(list,
		field{"dns.queries", at("dns.query_msgs"), at("dns.queries"), false, true},
		field{"dns.responses", at("dns.response_msgs"), at("dns.responses"), false, true},
		field{"dns.answers", at("dns.answers"), at("dns.answers"), false, true},
		field{"dns.names", dnsNamesTruth, names("dns.names"), false, true},
		field{"dhcp.message_types", someOf("dhcp.msg_types"), at("dhcp.message_types"), false, false},
		field{"dhcp.requested_ip", firstOrNone("dhcp.requested_ip"), at("dhcp.requested_ip"), true, false},
		field{"dhcp.hostname", firstOrNone("dhcp.hostname"), at("dhcp.hostname"), true, false},
	)
}

// handshakeFields are those that TLS and DTLS have in common.
func handshakeFields(p string) []field {
	return []field{
		{p + ".version", versionTruth(p), version, false, false},
		{p + ".cipher", named(p, "cipher_id", func(id uint16) string { return classify.CipherSuite(id).String() }), at("tls.cipher"), false, false},
		{p + ".group", named(p, "group_id", func(id uint16) string { return classify.Group(id).String() }), at("tls.curve"), false, false},
		{p + ".server_name", hello(p, "sni"), at("tls.client.server_name"), true, false},
		{p + ".forward_secrecy", hello(p, "pfs"), secrecy, false, false},
	}
}

// deviceFields are those of the protocols that cameras and their appliances
// speak in clear.
func deviceFields() []field {
	return []field{
		{"mqtt.version", at("mqtt.version"), at("mqtt.version"), false, false},
		{"mqtt.client_id", ofConnect(firstOf("mqtt.client_ids")), at("mqtt.client_id"), true, false},
		{"mqtt.username_present", ofConnect(at("mqtt.username_present")), at("mqtt.username_present"), false, false},
		{"mqtt.password_present", ofConnect(at("mqtt.password_present")), at("mqtt.password_present"), false, false},
		{"mqtt.return_code", firstOf("mqtt.connack"), at("mqtt.return_code"), false, true},
		{"rtsp.methods", someOf("rtsp.methods"), at("rtsp.methods"), false, false},
		{"rtsp.url", firstOf("rtsp.urls"), at("rtsp.url"), false, false},
		{"rtsp.port", rtspPort, func(o object) any { return only(o, "rtsp", o.at("destination.port")) }, false, false},
		{"rtsp.transport", rtspTransport, at("rtsp.transport"), false, false},
		{"rtsp.auth", rtspAuth, at("rtsp.auth"), true, false},
		{"ntp.versions", someOf("ntp.versions"), at("ntp.versions"), false, false},
		{"ntp.modes", someOf("ntp.modes"), at("ntp.modes"), false, false},
		{"ntp.stratum", someOf("ntp.stratum"), at("ntp.stratum"), false, false},
		{"ntp.reference_id", someOf("ntp.refid"), at("ntp.reference_id"), false, false},
	}
}

// merged is the field of a flow that we cut into several records: all of a
// list, the sum of a count, and else the first that says something.
func (f field) merged(records []object) (value any) {
	for _, r := range records {
		v := f.record(r)
		list, isList := v.([]any)
		n, isNumber := v.(float64)
		sum, _ := value.(float64)
		switch {
		case v == nil:
		case isList:
			have, _ := value.([]any)
			value = append(slices.Clone(have), list...)
		case isNumber && f.count && strings.HasPrefix(f.name, "dns."):
			value = sum + n
		case value == nil || value == "":
			value = v
		}
	}
	return value
}

// canonical writes a value so that equal values are equal text: lists as sets,
// names without case or the dot at their end.
func canonical(v any) (text string, known bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case []any:
		var words []string
		for _, e := range v {
			word, _ := canonical(e)
			words = append(words, word)
		}
		slices.Sort(words)
		return strings.Join(slices.Compact(words), " "), true
	case string:
		return strings.ToLower(strings.TrimRight(strings.Trim(v, " \x00\t\r\n"), ".")), true
	}
	return fmt.Sprint(v), true
}

func at(path string) func(object) any { return func(o object) any { return o.at(path) } }

// only is the value in records that have a part, nil in others.
func only(o object, part string, value any) any {
	if o.at(part) == nil {
		return nil
	}
	return value
}

func firstOf(path string) func(object) any {
	return func(o object) any {
		if l := o.list(path); len(l) > 0 {
			return l[0]
		}
		return nil
	}
}

func firstOrNone(path string) func(object) any {
	return func(o object) any { return cmp.Or(firstOf(path)(o), any("")) }
}

// someOf is a list that is not empty.
func someOf(path string) func(object) any {
	return func(o object) any {
		if l := o.list(path); len(l) > 0 {
			return l
		}
		return nil
	}
}

// hello is a fact of the handshake, where one was seen.
func hello(part, fact string) func(object) any {
	return func(o object) any {
		if o.at(part+".n_client_hello") == nil {
			return nil
		}
		return o.at(part + "." + fact)
	}
}

// answered is a fact of a TLS handshake in which the server, or at least its
// HelloRetryRequest, was seen.
func answered(fact, or string) func(object) any {
	return func(o object) any {
		if o.at("tls.server_hello") == true || o.at("tls."+or) == true {
			return hello("tls", fact)(o)
		}
		return nil
	}
}

func fatalAlert(o object) any {
	if o.at("tls.fatal_alert") == true {
		return true
	}
	return answered("fatal_alert", "server_hello")(o)
}

// named is the name of an identifier, which the truth has as a number or as
// hexadecimal text.
func named(part, fact string, name func(uint16) string) func(object) any {
	return func(o object) any {
		v := hello(part, fact)(o)
		if v == nil {
			return nil
		}
		id, err := strconv.ParseUint(fmt.Sprint(v), 0, 16)
		if err != nil {
			return fmt.Sprint(v) // a suite of SSL 2.0 has three bytes
		}
		return name(uint16(id))
	}
}

// versionTruth is "tls1.2" of "TLSv1.2". Of what 0x7exx stands for there is no
// public word.
func versionTruth(part string) func(object) any {
	return func(o object) any {
		v, _ := hello(part, "version")(o).(string)
		if v == "" || strings.HasPrefix(o.text(part+".version_id"), "0x7e") {
			return nil
		}
		return versionName(v)
	}
}

func versionName(v string) string {
	v = strings.ToLower(strings.Replace(v, "v", "", 1))
	return strings.TrimSuffix(v, "(openssl)")
}

func version(o object) any {
	v := o.text("tls.version")
	if v == "" {
		return nil
	}
	return protocolVersion(o.text("tls.version_protocol"), v)
}

// protocolVersion is "tls1.2" of 1.2, and "ssl3" of 3.0.
func protocolVersion(protocol, v string) string {
	if strings.HasPrefix(v, "1.") {
		return protocol + v
	}
	return "ssl" + strings.TrimSuffix(v, ".0")
}

func maxOfferedTruth(o object) any {
	v, _ := hello("tls", "max_offered_version")(o).(string)
	if v == "" || o.at("tls.client_hello") != true {
		return nil
	}
	return versionName(v)
}

func maxOffered(o object) any {
	most := ""
	for _, v := range o.list("tls.client.offered_versions") {
		most = max(most, protocolVersion("tls", v.(string)))
	}
	return only(o, "tls.client.offered_versions", most)
}

func secrecy(o object) any {
	switch o.text("tls.forward_secrecy") {
	case "yes":
		return true
	case "no":
		return false
	}
	return nil
}

// quicVersion is nil where nothing but a version negotiation was seen.
func quicVersion(o object) any {
	versions := slices.DeleteFunc(slices.Clone(o.list("quic.server_versions")), func(v any) bool { return v == "0x00000000" })
	if o.at("quic.version_negotiation") == true && len(versions) == 0 {
		return nil
	}
	v := o.text("quic.version")
	if len(v) == 4 && strings.ContainsAny(v[:1], "QT") {
		return fmt.Sprintf("0x%x", v)
	}
	return o.at("quic.version")
}

func quicALPN(o object) any {
	if o.at("quic.google") == true {
		return nil
	}
	return o.at("quic.alpn_offered")
}

// ofConnect is a fact of the CONNECT, where one was seen.
func ofConnect(fact func(object) any) func(object) any {
	return func(o object) any { return only(o, "mqtt.version", fact(o)) }
}

func rtspPort(o object) any {
	if o.text("initiator") == "first" {
		return nil // who called whom is a guess
	}
	return o.at("rtsp.port")
}

func rtspTransport(o object) any {
	transports, _ := canonical(o.at("rtsp.transports"))
	switch {
	case o.at("rtsp.interleaved") == true, strings.Contains(transports, "interleaved"), strings.Contains(transports, "/tcp"):
		return "tcp"
	case transports == "":
		return nil
	}
	return "udp"
}

func rtspAuth(o object) any {
	if used := o.list("rtsp.auth_used"); len(used) > 0 {
		return used
	}
	return o.list("rtsp.auth_offered")
}

// dnsNamesTruth is nil of flows with more names than a record lists.
func dnsNamesTruth(o object) any {
	if len(o.list("dns.names")) >= 60 {
		return nil
	}
	return names("dns.names")(o)
}

// names writes the root, whose name is empty, as one that is not.
func names(path string) func(object) any {
	return func(o object) any {
		var list []any
		for _, n := range o.list(path) {
			list = append(list, cmp.Or(strings.TrimRight(n.(string), "."), "<root>"))
		}
		return only(o, "dns", list)
	}
}

// address writes an address as this program does.
func address(text string) string {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	return a.WithZone("").String()
}
