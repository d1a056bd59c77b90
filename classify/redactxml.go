package classify

import (
	"bytes"
	"strings"
)

// redactXML blanks character data and the values of attributes, but for those
// that say what XML it is: namespaces, and the SASL mechanism of XMPP.
func redactXML(b []byte) {
	for len(b) > 0 {
		open := bytes.IndexByte(b, '<')
		if open < 0 {
			open = len(b)
		}
		redactCharacters(b[:open])
		b = b[open:]
		end := bytes.IndexByte(b, '>')
		if end < 0 {
			blank(b[min(1, len(b)):])
			return
		}
		if bytes.HasPrefix(b, []byte("<!")) {
			blank(b[2:end])
		} else {
			redactTag(b[1:end])
		}
		b = b[end+1:]
	}
}

// redactCharacters blanks character data unless it is a name of the standards,
// as an action of WS-Addressing is.
func redactCharacters(b []byte) {
	t := bytes.TrimSpace(b)
	for _, known := range []string{"http://schemas.xmlsoap.org/ws/", "http://docs.oasis-open.org/ws-dd/"} {
		if bytes.HasPrefix(t, []byte(known)) && !bytes.ContainsAny(t, "?&@=") {
			return
		}
	}
	blank(t)
}

// redactTag blanks the values of attributes in what stands between < and >.
func redactTag(b []byte) {
	for {
		i := bytes.IndexAny(b, `"'`)
		if i < 0 {
			if j := bytes.IndexByte(b, '='); j >= 0 {
				blank(b[j+1:])
			}
			return
		}
		name := b[:i]
		if j := bytes.LastIndexAny(bytes.TrimRight(name, "= \t\r\n"), " \t\r\n"); j >= 0 {
			name = name[j+1:]
		}
		value := b[i+1:]
		end := bytes.IndexByte(value, b[i])
		if end < 0 {
			blank(value)
			return
		}
		if n := string(bytes.TrimRight(name, "= \t\r\n")); n != "version" && n != "mechanism" && n != "encoding" && n != "xmlns" && !strings.HasPrefix(n, "xmlns:") {
			blank(value[:end])
		}
		b = value[end+1:]
	}
}
