package alert

import (
	"strings"
	"testing"
	"time"
)

func TestSignature(t *testing.T) {
	secret, body, sent := []byte("0123456789abcdef"), []byte(`{"a":1}`), time.Unix(1764064800, 0)
	header := Sign(secret, sent, body)
	// printf '1764064800.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
	if want := "t=1764064800,v1=a03d291b426b53babbe6b383c3c4596a27b05a0ffc43f091c7435af718683a36"; header != want {
		t.Fatalf("%s, want %s", header, want)
	}
	other := Sign([]byte("another secret of 16"), sent, body)
	for name, c := range map[string]struct {
		header string
		body   string
		now    time.Time
		want   string
	}{
		"what was signed":                {header, string(body), sent.Add(4 * time.Minute), ""},
		"a receiver whose clock is slow": {header, string(body), sent.Add(-4 * time.Minute), ""},
		"with what is not known":         {"v0=ab,x,=," + header + ",v2=zz", string(body), sent, ""},
		"two secrets":                    {other + "," + strings.Split(header, ",")[1], string(body), sent, ""},
		"another body":                   {header, `{"a":2}`, sent, "not that of the body"},
		"another secret":                 {other, string(body), sent, "not that of the body"},
		"another time":                   {strings.Replace(header, "t=1764064800", "t=1764064801", 1), string(body), sent, "not that of the body"},
		"sent again by a thief":          {header, string(body), sent.Add(6 * time.Minute), "another time"},
		"from the future":                {header, string(body), sent.Add(-6 * time.Minute), "another time"},
		"no time":                        {strings.Split(header, ",")[1], string(body), sent, "no time"},
		"half a sum":                     {header[:len(header)-2], string(body), sent, "not that of the body"},
		"no hex":                         {"t=1764064800,v1=xyz", string(body), sent, "not that of the body"},
		"nothing":                        {"", string(body), sent, "no time"},
	} {
		err := Verify(secret, c.header, []byte(c.body), c.now, 5*time.Minute)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
