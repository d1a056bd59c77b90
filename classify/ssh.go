package classify

import (
	"bytes"
	"strings"
)

const (
	maxSSHBanner = 255 // RFC 4253, section 4.2
	maxSSHBefore = 16  // lines that a server sends before its version
)

// sshStream recognises SSH by the version strings that both sides begin with
// (RFC 4253, section 4.2).
func sshStream(s Stream, _ *Learned) (Facts, Answer) {
	client, fromClient := readSSHVersion(s.Client)
	server, fromServer := readSSHVersion(s.Server)
	if client == recognised && server == refused {
		server, fromServer = readSSHVersion(skipLinesBefore(s.Server, "SSH-"))
	}
	switch {
	case client == refused && !s.ClientJoined, server == refused && !s.ServerJoined:
		return Facts{}, NoMatch
	case client != recognised && server != recognised:
		if s.Final || client == refused || server == refused {
			return Facts{}, NoMatch
		}
		return Facts{}, NeedMore
	}
	f := Facts{Protocol: ProtoSSH, SSH: &SSH{Client: fromClient.software, Server: fromServer.software}}
	f.SSH.Version = fromClient.protocol
	if v := fromServer.protocol; f.SSH.Version == "" || v != "" && v < f.SSH.Version {
		f.SSH.Version = v
	}
	if client == recognised {
		f.Marks = append(f.Marks, Mark{What: "SSH version"})
	}
	if client == recognised && server == recognised || s.Final {
		return f, Matched
	}
	return f, NeedMore
}

type sshVersion struct{ protocol, software string }

// readSSHVersion reads "SSH-protoversion-softwareversion SP comments CR LF".
func readSSHVersion(b []byte) (verdict, sshVersion) {
	if v := beginsWith(b, "SSH-"); v != recognised {
		return v, sshVersion{}
	}
	line, _, whole := cutLine(b[:min(len(b), maxSSHBanner)])
	protocol, software, ok := strings.Cut(string(line[len("SSH-"):]), "-")
	switch {
	case !isText(line), whole && (!ok || len(protocol) < 3 || protocol[1] != '.'), !whole && len(b) >= maxSSHBanner:
		return refused, sshVersion{}
	case !whole:
		return unsure, sshVersion{}
	}
	software, _, _ = strings.Cut(software, " ")
	return recognised, sshVersion{protocol, software}
}

// skipLinesBefore skips lines of text up to the first that begins with text.
func skipLinesBefore(b []byte, text string) []byte {
	for range maxSSHBefore {
		if bytes.HasPrefix(b, []byte(text)) {
			return b
		}
		line, rest, ok := cutTextLine(b)
		if !isText(line) {
			return b
		}
		if !ok {
			return nil
		}
		b = rest
	}
	return b
}
