package classify

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestCapturedHTTP(t *testing.T) {
	for name, want := range map[string]HTTP{
		"curl": {Methods: []string{"GET", "PUT", "HEAD"}, Host: "127.0.0.1", Path: "/a", StatusCode: 200, UserAgent: "curl/7.88.1", BasicAuth: true},
		"aws": {
			Methods: []string{"GET"}, Host: "127.0.0.1", Path: "/x", StatusCode: 200, UserAgent: "curl/7.88.1",
			AWS: &AWSSignature{KeyIDPrefix: "AKIA", Region: "us-east-1", Service: "logs", SessionToken: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			list := segments(t, "http/"+name)
			f, answer := httpStream(halves(list), nil)
			if answer != Matched || f.Protocol != ProtoHTTP || !reflect.DeepEqual(*f.HTTP, want) || f.Malformed {
				t.Errorf("%v %s", answer, show(f))
			}
			checkSecret(t, f)
			checkPrefixes(t, httpStream, list)
		})
	}
}

func TestHTTPRequests(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		want    HTTP
	}{
		"absolute form": {
			"GET http://u:s3cret@Shop.Example:8080/p/q?x=1 HTTP/1.1\nHost: other\n\n",
			HTTP{Methods: []string{"GET"}, Host: "shop.example", Path: "/p/q", URLPassword: true},
		},
		"password in the referer": {
			"GET / HTTP/1.0\nReferer: http://u:s3cret@a/\n\n",
			HTTP{Methods: []string{"GET"}, Path: "/", URLPassword: true},
		},
		"proxy authorization": {
			"CONNECT Host.Example:443 HTTP/1.1\nProxy-Authorization: Basic czNjcmV0\n\n",
			HTTP{Methods: []string{"CONNECT"}, Host: "host.example", BasicAuth: true},
		},
		"later request": {
			"POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5;x=y\nGET /\n0\nTrailer: x\n\nGET /b HTTP/1.1\nHost: b\nAuthorization: Basic czNjcmV0\n\n",
			HTTP{Methods: []string{"POST", "GET"}, Host: "a", Path: "/a", BasicAuth: true},
		},
		"presigned": {
			"PUT /bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAs3cret%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Security-Token=s3cret&X-Amz-Signature=s3cret HTTP/1.1\nHost: s3\n\n",
			HTTP{
				Methods: []string{"PUT"}, Host: "s3", Path: "/bucket/key",
				AWS: &AWSSignature{Presigned: true, KeyIDPrefix: "ASIA", Region: "eu-west-1", Service: "s3", SessionToken: true},
			},
		},
		"signature version 4A": {
			"GET / HTTP/1.1\nX-Amz-Region-Set: eu-west-1,us-*\nAuthorization: AWS4-ECDSA-P256-SHA256 Credential=AKIAs3cret/20260101/s3/aws4_request, SignedHeaders=host, Signature=s3cret\n\n",
			HTTP{Methods: []string{"GET"}, Path: "/", AWS: &AWSSignature{KeyIDPrefix: "AKIA", Region: "eu-west-1,us-*", Service: "s3"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, answer := httpStream(dialogue(c.request), nil)
			if answer != Matched || !reflect.DeepEqual(*f.HTTP, c.want) {
				t.Errorf("%v\ngot  %+v\nwant %+v", answer, *f.HTTP, c.want)
			}
			checkSecret(t, f)
		})
	}
}

func TestHTTPResponses(t *testing.T) {
	for name, c := range map[string]struct {
		server  string
		status  int
		upgrade string
	}{
		"continue comes first": {"HTTP/1.1 100 Continue\n\nHTTP/1.1 403 Forbidden\nContent-Length: 0\n\n", 403, ""},
		"until the end":        {"HTTP/1.0 200 OK\n\nbody HTTP/1.1 500 no", 200, ""},
		"upgrade":              {"HTTP/1.1 101 Switching Protocols\nUpgrade: H2C\n\nHTTP/1.1 500 no\n\n", 101, "h2c"},
	} {
		f, answer := httpStream(dialogue("", c.server), nil)
		if answer != Matched || f.HTTP.StatusCode != c.status || f.HTTP.Upgrade != c.upgrade {
			t.Errorf("%s: %v %s", name, answer, show(f))
		}
	}
}

func TestHTTPJoinedInTheMiddle(t *testing.T) {
	s := dialogue("half a body GET /next HTTP/1.1\nHost: a\n\n", "bytes\x00HTTP/1.1 204 No Content\n\n")
	s.ClientJoined, s.ServerJoined = true, true
	f, answer := httpStream(s, nil)
	if answer != Matched || f.HTTP.Path != "/next" || f.HTTP.StatusCode != 204 {
		t.Errorf("%v %s", answer, show(f))
	}
	if f, answer := httpStream(s.swap(), nil); answer != NoMatch {
		t.Errorf("halves swapped: %v %s", answer, show(f))
	}
}

// What a CONNECT tunnel carries is looked at for TLS.
func TestTLSInHTTPConnect(t *testing.T) {
	s := dialogue("CONNECT a:443 HTTP/1.1\n\n", "HTTP/1.1 200 OK\n\n")
	before := len(s.Client)
	inner := tlsHalves(tlsTurns(t, "tls13.0"))
	s.Client, s.Server = append(s.Client, inner.Client...), append(s.Server, inner.Server...)
	f, _ := httpStream(s, nil)
	if f.Protocol != ProtoTLS || f.HTTP == nil || f.TLS.UpgradedFrom != ProtoHTTP || f.TLS.Version != TLS13 {
		t.Fatalf("%s", show(f))
	}
	for _, m := range f.Marks {
		if m.What == "ClientHello" && m.Offset == before {
			return
		}
	}
	t.Errorf("no mark at the ClientHello: %+v", f.Marks)
}

func TestBytesThatAreNoHTTP(t *testing.T) {
	for _, s := range []Stream{
		dialogue("DESCRIBE rtsp://a/b RTSP/1.0\nCSeq: 1\n\n"),
		dialogue("PRI * HTTP/2.0\n\nSM\n\n"),
		dialogue("INVITE sip:a@b SIP/2.0\n\n"),
		dialogue("EHLO a\n", "220 mail\n"),
		dialogue("", "RTSP/1.0 200 OK\n\n"),
		dialogue("GET /\n"),
	} {
		s.Final = false
		if f, answer := httpStream(s, nil); answer != NoMatch {
			t.Errorf("%q %q: %v %s", s.Client, s.Server, answer, show(f))
		}
	}
	long := dialogue("GET /" + strings.Repeat("a", 9000))
	long.Final = false
	if _, answer := httpStream(long, nil); answer != NoMatch {
		t.Errorf("a request line without an end: %v", answer)
	}
}

// A request whose head is not whole may be that of an RTSP tunnel.
func TestHTTPYieldsToTunnels(t *testing.T) {
	for _, name := range []string{"tunnel-get", "tunnel-post"} {
		list := segments(t, "rtsp/"+name)
		for cut := range list[0].bytes {
			if f, answer := httpStream(Stream{Client: list[0].bytes[:cut]}, nil); answer != NeedMore || f.Protocol != "" {
				t.Fatalf("%s cut at %d: %v %s", name, cut, answer, show(f))
			}
		}
	}
}

func FuzzHTTP(f *testing.F) { fuzzStream(f, httpStream, "http") }

// The actions of UPnP are named in a field of the request.
func TestHTTPActions(t *testing.T) {
	post := func(action string) string {
		return "POST /ctl/IPConn HTTP/1.1\r\nHost: 10.0.0.1:5000\r\nSOAPAction: " + action + "\r\nContent-Length: 2\r\n\r\n{}"
	}
	const service = "urn:schemas-upnp-org:service:WANIPConnection:1"
	for requests, want := range map[string][]string{
		post(`"`+service+`#AddPortMapping"`) + post(`"`+service+`#GetExternalIPAddress"`): {"AddPortMapping", "GetExternalIPAddress"},
		post(service + "#AddPortMapping"):                                                 {"AddPortMapping"},
		post(`"http://tempuri.org/#Login"`):                                               nil,
		post(`"` + service + `#Add Port"`):                                                nil,
		post(`"` + service + `"`):                                                         nil,
	} {
		f, _ := httpStream(Stream{Client: []byte(requests), Final: true}, nil)
		if f.HTTP == nil || !slices.Equal(f.HTTP.Actions, want) {
			t.Errorf("%q: %+v; actions %q are wanted", requests, f.HTTP, want)
		}
	}
}
