package rules

import (
	"strings"
	"testing"

	"spanaudit/classify"
)

func TestCleartextCredentials(t *testing.T) {
	http := func(h classify.HTTP) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.http("10.20.0.10:40000", "10.20.0.1:80", h) })
	}
	rtsp := func(r classify.RTSP) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.rtsp("10.20.0.10:40000", "10.20.0.21:554", r) })
	}
	mqtt := func(m classify.MQTT) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.mqtt("10.20.0.10:40000", "203.0.113.30:1883", m) })
	}
	testVerdicts(t, parse(t, site), "cleartext-credentials", []verdictCase{
		{"HTTP Basic", http(classify.HTTP{BasicAuth: true}), Fail, []string{"high 10.20.0.10 10.20.0.1"}},
		{"HTTP URL", http(classify.HTTP{URLPassword: true}), Fail, []string{"high 10.20.0.10 10.20.0.1"}},
		{"HTTP", http(classify.HTTP{}), NotObserved, nil},
		{"RTSP Basic", rtsp(classify.RTSP{Auth: []string{"basic"}}), Fail, []string{"high 10.20.0.10 10.20.0.21"}},
		{"RTSP URL", rtsp(classify.RTSP{URLPassword: true}), Fail, []string{"high 10.20.0.10 10.20.0.21"}},
		{"RTSP Digest", rtsp(classify.RTSP{Auth: []string{"digest"}}), Pass, nil},
		{"RTSP Basic offered", rtsp(classify.RTSP{AuthOffered: []string{"basic"}}), NotObserved, nil},
		{"MQTT password", mqtt(classify.MQTT{UserNamePresent: true, PasswordPresent: true}), Fail, []string{"high 10.20.0.10 203.0.113.30"}},
		{"MQTT user name alone", mqtt(classify.MQTT{Connect: true, UserNamePresent: true}), Pass, nil},
		{"MQTT without either", mqtt(classify.MQTT{Connect: true}), NotObserved, nil},
		{"MQTT without its CONNECT", mqtt(classify.MQTT{}), Indeterminate, nil},
		{"FTP password", one(func(w *wire) *classify.Record {
			return spoken(w.tcp("10.20.0.10:40000", "10.20.0.1:21", opened...), classify.Facts{Protocol: classify.ProtoFTP, Login: &classify.Login{Scheme: "pass"}})
		}), Fail, []string{"high 10.20.0.10 10.20.0.1"}},
		{"SMTP password before STARTTLS", one(func(w *wire) *classify.Record {
			return spoken(w.tcp("10.20.0.10:40000", "10.20.0.1:25", opened...), classify.Facts{Protocol: classify.ProtoTLS,
				TLS: &classify.TLS{ClientHello: true, UpgradedFrom: classify.ProtoSMTP}, Login: &classify.Login{Scheme: "plain"}})
		}), Fail, []string{"high 10.20.0.10 10.20.0.1"}},
		{"HTTP without its requests", one(func(w *wire) *classify.Record {
			return spoken(w.tcp("10.20.0.10:40000", "10.20.0.1:80", answer), classify.Facts{Protocol: classify.ProtoHTTP, HTTP: &classify.HTTP{StatusCode: 200}})
		}), Indeterminate, nil},
		{"RTSP without its requests", one(func(w *wire) *classify.Record {
			return spoken(w.tcp("10.20.0.10:40000", "10.20.0.21:554", answer), classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{StatusCodes: []int{200}}})
		}), Indeterminate, nil},
		{"two services of one peer", func(w *wire) []*classify.Record {
			return append(http(classify.HTTP{BasicAuth: true})(w), w.http("10.20.0.10:40001", "10.20.0.1:8080", classify.HTTP{BasicAuth: true}))
		}, Fail, []string{"high 10.20.0.10 10.20.0.1", "high 10.20.0.10 10.20.0.1"}},
	})
}

func TestPeerNamedByAnAddressIsJustTheAddress(t *testing.T) {
	w := &wire{}
	r := judge(parse(t, site), w.http("10.20.0.10:40000", "10.20.0.1:80", classify.HTTP{BasicAuth: true, Host: "10.20.0.1"}),
		w.http("[fd00:20::10]:40000", "[fd00:20::1]:80", classify.HTTP{BasicAuth: true, Host: "fd00:20::1"}))
	for _, f := range findings(r, "cleartext-credentials") {
		if f.Peer.Name != "" || strings.Contains(f.Message, `"`) {
			t.Errorf("peer %+v, %q", f.Peer, f.Message)
		}
	}
}

func TestMQTTCleartext(t *testing.T) {
	mqtt := func(client, server string) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			return w.mqtt(client, server, classify.MQTT{Version: "5.0", Connect: true})
		})
	}
	testVerdicts(t, parse(t, site), "mqtt-cleartext", []verdictCase{
		{"to the internet", mqtt("10.20.0.10:40000", "203.0.113.30:1883"), Fail, []string{"critical 10.20.0.10 203.0.113.30"}},
		{"from the internet", mqtt("203.0.113.30:40000", "10.20.0.10:1883"), Fail, []string{"critical 10.20.0.10 203.0.113.30"}},
		{"inside, at an odd port", mqtt("10.20.0.10:40000", "10.20.0.5:9001"), Fail, []string{"high 10.20.0.10 10.20.0.5"}},
		{"to the partner, over IPv6", mqtt("[fd00:20::10]:40000", "[fd00:99::5]:1883"), Fail, []string{"high fd00:20::10 fd00:99::5"}},
		{"inside TLS", one(func(w *wire) *classify.Record {
			r := w.tls("10.20.0.10:40000", "198.51.100.10:443", classify.TLS{})
			r.Wrapped, r.WrappedBy = classify.ProtoMQTT, "alpn"
			return r
		}), Pass, nil},
		{"TLS", one(func(w *wire) *classify.Record { return w.tls("10.20.0.10:40000", "198.51.100.10:443", classify.TLS{}) }), NotObserved, nil},
	})
}

func TestAWSCleartextRequest(t *testing.T) {
	http := func(client, server string, h classify.HTTP) func(w *wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.http(client, server, h) })
	}
	const client, server = "10.20.0.10:40000", "198.51.100.11:80"
	critical := []string{"critical 10.20.0.10 198.51.100.11"}
	signed := &classify.AWSSignature{KeyIDPrefix: "ASIA", Region: "us-east-1", Service: "logs", SessionToken: true}
	testVerdicts(t, parse(t, site), "aws-cleartext-request", []verdictCase{
		{"signed", http(client, server, classify.HTTP{Host: "logs.us-east-1.amazonaws.com", AWS: signed}), Fail, critical},
		{"signed, to any name", http(client, server, classify.HTTP{Host: "proxy.example", AWS: signed}), Fail, critical},
		{"not signed", http(client, server, classify.HTTP{Host: "logs.us-east-1.amazonaws.com"}), Fail, critical},
		{"under the page's spelling", http(client, server, classify.HTTP{Host: "logs.us-east-1.aws.amazon.com"}), Fail, critical},
		{"to a proxy", http(client, "10.20.0.99:3128", classify.HTTP{Host: "logs.us-east-1.amazonaws.com"}), Fail, []string{"critical 10.20.0.10 10.20.0.99"}},
		{"received", http("203.0.113.9:40000", "10.20.0.10:80", classify.HTTP{AWS: signed}), Fail, []string{"critical 10.20.0.10 203.0.113.9"}},
		{"a customer's server", http(client, server, classify.HTTP{Host: "ec2-198-51-100-11.us-east-2.compute.amazonaws.com"}), Pass, nil},
		{"one's own address asked", http(client, server, classify.HTTP{Host: "checkip.amazonaws.com"}), Pass, nil},
		{"another name", http(client, server, classify.HTTP{Host: "www.example.com"}), Pass, nil},
		{"an answer alone", one(func(w *wire) *classify.Record {
			return spoken(w.tcp(client, server, answer), classify.Facts{Protocol: classify.ProtoHTTP, HTTP: &classify.HTTP{StatusCode: 200}})
		}), Indeterminate, nil},
	})
}

// DNS unmasks a request whose Host field names something else.
func TestAWSCleartextRequestKnowsServersByDNS(t *testing.T) {
	a := NewAudit(parse(t, site))
	told(a, "10.20.0.10", "logs.us-east-1.amazonaws.com", "198.51.100.11")
	a.Ended((&wire{}).http("10.20.0.10:40000", "198.51.100.11:80", classify.HTTP{Host: "www.example.com"}))
	if q := requirement(t, a.Finish(Loss{}), "aws-cleartext-request"); q.Verdict != Fail {
		t.Errorf("%s", q.Verdict)
	}
}
