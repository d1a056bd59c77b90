package rules

import (
	"encoding/json"
	"io"
	"strings"
)

// WriteSchema writes a JSON Schema (draft 7, which editors know) of policy
// files. It accepts what Parse accepts, save what Parse refuses because of what
// values mean: names that are not declared, prefixes with host bits, endpoints
// that are too wide and the like.
func WriteSchema(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(policySchema())
}

// The forms of values. They are wider than what Parse takes where a pattern
// cannot say it.
func dateForm() schema {
	return form(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
}

func durationForm() schema {
	units := form(`^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`)
	return units.with("allOf", []schema{{"pattern": "[1-9]"}}) // more than none
}

func addressForm() schema { return form(`^[0-9A-Fa-f:.]+$`) }

func prefixForm() schema { return form(`^[0-9A-Fa-f:.]+/[0-9]{1,3}$`) }

func macForm() schema {
	const b = `[0-9A-Fa-f]{2}`
	return form(`^(` + b + `(:` + b + `){5}|` + b + `(-` + b + `){5}|` + b + b + `(\.` + b + b + `){2})$`)
}

func portsForm() schema {
	return listOf(schema{"type": []string{"integer", "string"}, "minimum": 1, "maximum": 65535, "pattern": `^[0-9]+(-[0-9]+)?$`})
}

func selectorsForm() schema {
	return listOf(form(`^(role:(` + strings.Join(Roles(), "|") + `)|zone:.+|device:.+)$`))
}

func policySchema() schema {
	s := object(map[string]schema{
		"apiVersion": words("spanaudit/v1"),
		"kind":       words("Policy"),
		"metadata":   metadataSchema(),
		"vars":       varsSchema(),
		"capture":    captureSchema(),
		"zones":      zonesSchema(),
		"devices":    listOf(deviceSchema()).says("the devices of the site, by which findings name them"),
		"endpoints":  listOf(endpointSchema()).says("the allow-list of egress; an id of the profile's changes that one"),
		"dns": object(map[string]schema{
			"resolvers":        listOf(some()).says("addresses or names that may be asked"),
			"allow_encrypted":  yesNo().says("whether DNS over TLS, HTTPS or QUIC may be used"),
			"correlate_window": durationForm().says("how long an answer names its address"),
		}),
		"ntp": object(map[string]schema{
			"local_servers":  listOf(some()).says("where any is given, public servers are a violation"),
			"public_servers": listOf(some()).says("addresses or names; empty allows none, left out allows any"),
			"max_offset":     durationForm(),
			"max_gap":        durationForm(),
		}),
		"dhcp":    object(map[string]schema{"servers": listOf(addressForm())}),
		"video":   videoSchema(),
		"tls":     tlsSchema(),
		"rules":   rulesSchema(),
		"waivers": listOf(waiverSchema()).says("violations that are accepted for a reason and for a time"),
		"report":  reportSchema(),
	})
	return s.with("$schema", "http://json-schema.org/draft-07/schema#").with("title", "spanaudit policy")
}

func metadataSchema() schema {
	var profiles []string
	for _, name := range Profiles() {
		p, _ := Builtin(name)
		profiles = append(profiles, p.File)
	}
	return object(map[string]schema{
		"name":        text().says("the policy's name in reports; the file's name where none is given"),
		"version":     text().says("quoted, so that 1.10 is not 1.1"),
		"extends":     words(profiles...).says("the built-in profile that this policy is laid over; edge-camera where none is given"),
		"description": text(), "owner": text(), "approved_by": text(),
		"approved_on": dateForm(),
		"review_by":   dateForm().says("after this day an audit says that a review is due"),
	})
}

func varsSchema() schema {
	value := form(valueForm.String())
	values := schema{"type": []string{"string", "array"}, "pattern": value["pattern"], "items": value}
	return schema{"type": "object", "propertyNames": schema{"pattern": variableForm.String()}, "additionalProperties": values.orNothing()}.
		says("what may stand for <name> in the names of endpoints, such as region, account-id, iot-prefix")
}

func captureSchema() schema {
	return object(map[string]schema{
		"vantage":              words("inside-nat", "outside-nat", "routed", "unknown"),
		"layer2":               yesNo().says("the MACs seen are those of end devices"),
		"expect_bidirectional": yesNo(),
		"max_loss_percent":     number("number", 0, 100),
		"min_duration":         durationForm(),
		"clock":                object(map[string]schema{"source": text(), "max_error": durationForm()}),
	})
}

func zonesSchema() schema {
	zone := object(map[string]schema{
		"trust":     words("local", "external", "internet").says("external is a private link that leaves the site, such as a VPN"),
		"rest":      yesNo().says("this zone is all that is in no other"),
		"public_ok": yesNo().says("the zone's public prefixes are used inside"),
		"cidrs":     listOf(prefixForm()),
	})
	zone["if"] = schema{"required": []string{"rest"}, "properties": schema{"rest": schema{"const": true}}}
	zone["else"] = schema{"required": []string{"trust", "cidrs"}, "properties": schema{
		"trust": schema{"type": "string"}, "cidrs": schema{"type": "array", "minItems": 1},
	}}
	return schema{"type": "object", "additionalProperties": zone}.
		says("the site's prefixes; the longest that holds an address decides, and what is in none is the internet")
}

func deviceSchema() schema {
	addresses := func() schema {
		return schema{"type": []string{"string", "array"}, "pattern": addressForm()["pattern"], "items": addressForm()}
	}
	iface := object(map[string]schema{
		"name": text(), "mac": macForm().says("quoted"),
		"ipv4": addresses(), "ipv6": addresses(),
		"method": words("dhcp", "static", "slaac", "unused"),
	})
	some := schema{"type": []string{"string", "array"}, "minItems": 1}
	iface["anyOf"] = given(map[string]schema{"mac": {"type": "string"}, "ipv4": some, "ipv6": some})
	return object(map[string]schema{
		"id":            text().with("minLength", 1),
		"role":          words(Roles()...),
		"zone":          text(),
		"interfaces":    listOf(iface).with("minItems", 1),
		"inbound_ports": portsForm().says("ports on which it may answer; empty is none, left out is not judged"),
		"software":      object(map[string]schema{"product": text(), "version": text()}),
	}, "id", "interfaces")
}

func endpointSchema() schema {
	return object(map[string]schema{
		"id": some(), "service": text(),
		"from":  selectorsForm().says("who may contact it: role:appliance, zone:cameras, device:cam-01; left out is every local host"),
		"names": listOf(some()).says("'*' stands inside the left-most label only; <name> is a variable"),
		"cidrs": listOf(prefixForm()).says("addresses that are reached without a name; needs a reason"),
		"ports": portsForm().with("minItems", 1).says("443 where left out"),
		"proto": words("tcp", "udp"),
		"app":   listOf(text()),
		"alpn":  schema{"type": "object", "additionalProperties": listOf(text())},

		"require_sni": yesNo(), "required": yesNo().says("the device does not work without it"),
		"enabled":        yesNo(),
		"end_of_support": dateForm(),
		"source":         text(), "owner": text(), "reason": text(),
	}, "id")
}

func videoSchema() schema {
	return object(map[string]schema{
		"rtsp_ports":      portsForm(),
		"viewers":         selectorsForm(),
		"cameras":         selectorsForm(),
		"allow_multicast": yesNo(),
		"local_trust":     listOf(words("local", "external")).says("the zones within which video may stay"),
		"max_uplink_kbps": number("integer", 0, 100_000_000),
	})
}

func tlsSchema() schema {
	return object(map[string]schema{
		"profile":            words("bcp195", "fips", "bsi", "custom"),
		"min_version":        words("1.2", "1.3"),
		"require_pfs":        yesNo(),
		"allow_early_data":   yesNo(),
		"max_resumption_age": durationForm(),
		"min_ec_bits":        number("integer", 224, 1024),
		"min_dh_bits":        number("integer", 2048, 16384),
		"min_rsa_bits":       number("integer", 2048, 16384),
	})
}

func rulesSchema() schema {
	all := map[string]schema{}
	for _, id := range ruleIDs() {
		s := object(map[string]schema{"severity": words(severityNames[:]...), "enabled": yesNo(), "reason": text()})
		s["if"] = schema{"type": "object", "required": []string{"enabled"}, "properties": schema{"enabled": schema{"const": false}}}
		s["then"] = schema{"required": []string{"reason"}, "properties": schema{"reason": some()}}
		if strings.HasPrefix(id, "capture-") {
			s["then"] = false // cannot be disabled
		}
		all[id] = s.says(docOf(id).Title)
	}
	return object(all).says("severities, and rules that are switched off, for a reason")
}

func waiverSchema() schema {
	var ids []string
	for _, id := range ruleIDs() {
		if !strings.HasPrefix(id, "capture-") {
			ids = append(ids, id)
		}
	}
	match := object(map[string]schema{
		"device": text().says("on either side of the finding"), "endpoint": text(), "peer": prefixForm().says("of the peer that the finding names"),
	})
	match["anyOf"] = given(map[string]schema{"device": some(), "endpoint": some(), "peer": {"type": "string"}})
	s := object(map[string]schema{
		"id": some(), "rule": words(ids...), "match": match,
		"reason": text().with("minLength", minReason),
		"owner":  some(), "approved_by": some(), "ticket": text(),
		"created": dateForm(),
		"expires": dateForm().says("the last day on which it holds, in UTC; at most 365 days after created"),
	}, "id", "rule", "match", "reason", "owner", "approved_by", "created", "expires")
	s["if"] = schema{"properties": schema{"rule": schema{"enum": ticketRules()}}}
	s["then"] = schema{"required": []string{"ticket"}, "properties": schema{"ticket": some()}}
	return s
}

func reportSchema() schema {
	return object(map[string]schema{
		"standards": listOf(text()),
		"fail_on":   words(severityNames[:]...).says("from this severity on violations give exit status 1"),
		"redact": object(map[string]schema{
			"payload": words("always"), "urls": words("path-hash"), "credentials": words("kind-only"), "mac": words("keep"),
		}),
	})
}
