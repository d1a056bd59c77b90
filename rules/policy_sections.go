package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

func (r *policyReader) metadata(n *node) {
	m := &r.policy.Metadata
	r.mapping(n, fields{
		"name": r.into(&r.policy.Name), "version": r.into(&r.policy.Version),
		"extends":     func(v *node) { r.text(v) }, // resolved before
		"description": r.into(&m.Description), "owner": r.into(&m.Owner),
		"approved_by": r.into(&m.ApprovedBy), "approved_on": r.dateText(&m.ApprovedOn),
		"review_by": r.dateText(&m.ReviewBy),
	})
}

func (r *policyReader) capture(n *node) {
	c := &r.policy.Capture
	r.mapping(n, fields{
		"vantage":              r.oneOf(&c.Vantage, "vantage", "inside-nat", "outside-nat", "routed", "unknown"),
		"layer2":               r.boolean(&c.Layer2),
		"expect_bidirectional": r.boolean(&c.ExpectBidirectional),
		"max_loss_percent":     r.percent(&c.MaxLossPercent),
		"min_duration":         r.duration(&c.MinDuration),
		"clock": func(v *node) {
			r.mapping(v, fields{
				"source":    r.into(&c.ClockSource),
				"max_error": r.duration(&c.ClockMaxError),
			})
		},
	})
}

func (r *policyReader) dns(n *node) {
	d := &r.policy.DNS
	r.mapping(n, fields{
		"resolvers":        r.servers(&d.Resolvers),
		"allow_encrypted":  r.boolean(&d.AllowEncrypted),
		"correlate_window": r.duration(&d.CorrelateWindow),
	})
}

func (r *policyReader) ntp(n *node) {
	t := &r.policy.NTP
	r.mapping(n, fields{
		"local_servers":  func(v *node) { r.servers(&t.LocalServers)(v); r.serversInside(v) },
		"public_servers": r.servers(&t.PublicServers),
		"max_offset":     r.duration(&t.MaxOffset),
		"max_gap":        r.duration(&t.MaxGap),
	})
	for _, s := range t.LocalServers {
		if slices.Contains(t.PublicServers, s) {
			r.problem(n, "server %s is in local_servers and in public_servers; keep one", s)
		}
	}
	if t.PublicServers != nil && len(t.PublicServers) == 0 && t.LocalServers != nil && len(t.LocalServers) == 0 {
		r.problem(n, "both lists are empty, so that no time server is allowed; add one")
	}
}

// serversInside refuses local time servers that the zones make the internet's.
func (r *policyReader) serversInside(n *node) {
	for _, item := range n.items {
		a, err := netip.ParseAddr(item.text)
		if err == nil && r.policy.ZoneOf(a).Trust == Internet {
			r.problem(item, "server %s is on the internet by the zones; write it under public_servers, or add its prefix to a zone", a)
		}
	}
}

func (s Server) String() string {
	if s.Name != "" {
		return s.Name
	}
	return s.Addr.String()
}

func (r *policyReader) dhcp(n *node) {
	r.mapping(n, fields{"servers": func(v *node) {
		r.policy.DHCP.Servers = nil
		r.each(v, func(item *node) {
			if a, ok := r.address(item); ok {
				r.policy.DHCP.Servers = append(r.policy.DHCP.Servers, a)
			}
		})
	}})
}

func (r *policyReader) video(n *node) {
	v := &r.policy.Video
	r.mapping(n, fields{
		"rtsp_ports": r.ports(&v.RTSPPorts),
		"viewers":    r.selectors(&v.Viewers), "cameras": r.selectors(&v.Cameras),
		"allow_multicast": r.boolean(&v.AllowMulticast),
		"max_uplink_kbps": r.integer(&v.MaxUplinkKbps, 0, 100_000_000),
		"local_trust": func(n *node) {
			v.LocalTrust = nil
			r.each(n, func(item *node) {
				var s string
				r.oneOf(&s, "trust", "local", "external")(item)
				if t, ok := parseTrust(s); ok {
					v.LocalTrust = append(v.LocalTrust, t)
				}
			})
		},
	})
}

func (r *policyReader) tls(n *node) {
	t := &r.policy.TLS
	var version string
	r.mapping(n, fields{
		"profile": r.oneOf(&t.Profile, "profile", "bcp195", "fips", "bsi", "custom"),
		"min_version": func(v *node) {
			if r.text(v) == "1.0" || v.text == "1.1" {
				r.problem(v, "min_version %q is below \"1.2\" (RFC 8996); waive single violations instead", v.text)
				return
			}
			r.oneOf(&version, "TLS version", "1.2", "1.3")(v)
		},
		"require_pfs":        r.boolean(&t.RequirePFS),
		"allow_early_data":   r.boolean(&t.AllowEarlyData),
		"max_resumption_age": r.duration(&t.MaxResumptionAge),
		"min_ec_bits":        r.integer(&t.MinECBits, 224, 1024),
		"min_dh_bits":        r.integer(&t.MinDHBits, 2048, 16384),
		"min_rsa_bits":       r.integer(&t.MinRSABits, 2048, 16384),
	})
	switch version {
	case "1.2":
		t.MinVersion = 0x0303
	case "1.3":
		t.MinVersion = 0x0304
	}
}

func (r *policyReader) rules(n *node) {
	if !r.is(n, mappingNode) {
		return
	}
	for _, f := range n.fields {
		if !slices.Contains(ruleIDs(), f.key) {
			r.problem(&node{line: f.line, column: f.column}, "unknown rule %q; %s", f.key, suggestRule(f.key))
			continue
		}
		if f.value.kind == nullNode {
			continue
		}
		r.where = fmt.Sprintf("rule %q", f.key)
		var s RuleSetting
		enabled := true
		r.mapping(f.value, fields{
			"severity": r.severity(&s.Severity),
			"enabled":  r.boolean(&enabled),
			"reason":   r.into(&s.Reason),
		})
		if s.Disabled = !enabled; s.Disabled && s.Reason == "" {
			r.problem(f.value, "enabled: false without a reason; add reason")
		}
		if d := docOf(f.key); s.Severity != nil && s.Reason == "" && d.Severity == Critical && *s.Severity < Critical {
			r.problem(f.value, "lowers a rule of severity critical without a reason; add reason")
		}
		if s.Disabled && strings.HasPrefix(f.key, "capture-") {
			r.problem(f.value, "cannot be disabled: without it nothing says what the verdicts rest on; remove enabled")
		}
		if !isJudged(f.key) && !f.value.inherited {
			r.warn(f.value, "this version does not judge it")
		}
		r.policy.Rules[f.key] = s
		r.where = "rules"
	}
}

func suggestRule(id string) string {
	for _, known := range ruleIDs() {
		if nearlyEqual(id, known) {
			return fmt.Sprintf("did you mean %q?", known)
		}
	}
	return "`spanaudit rules list` names them"
}

func (r *policyReader) report(n *node) {
	p := &r.policy.Report
	p.Redact = map[string]string{}
	redact := func(key, word string) func(*node) {
		return func(v *node) {
			var s string
			r.oneOf(&s, key, word)(v)
			p.Redact[key] = s
		}
	}
	r.mapping(n, fields{
		"standards": r.texts(&p.Standards),
		"fail_on":   r.severity(&p.FailOn),
		"redact": func(v *node) {
			r.mapping(v, fields{
				"payload":     redact("payload", "always"),
				"urls":        redact("urls", "path-hash"),
				"credentials": redact("credentials", "kind-only"),
				"mac":         redact("mac", "keep"),
			})
		},
	})
}
