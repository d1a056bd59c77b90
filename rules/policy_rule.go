package rules

// ruleIDs are the ids that a policy may name: the whole catalogue, of which a
// version of the program may judge a part. An id never changes its meaning.
func ruleIDs() []string {
	return []string{
		"tls-version", "tls-version-offered", "tls-deprecated-offered",
		"tls-forward-secrecy", "tls-forward-secrecy-offered", "tls-weak-offered", "tls-broken-cipher",
		"tls-current-practice", "tls-group", "tls-signature", "tls-resumption", "tls-certificate",
		"egress-allow-list", "internet-inbound", "internal-peer", "camera-internet", "open-service", "network-bridging",
		"endpoint-reachable", "endpoint-identity", "endpoint-port", "endpoint-region", "aws-cleartext-request",
		"endpoint-retired", "dns-source",
		"rtsp-boundary", "media-boundary", "rtsp-port", "rtsp-parties", "camera-stream", "video-disguised", "video-encryption",
		"ntp-source", "ntp-sync",
		"device-address", "address-conflict", "unknown-device",
		"cleartext-credentials", "mqtt-cleartext", "remote-admin", "cleartext-protocol", "port-mapping",
		"capture-loss", "capture-visibility", "capture-period",
	}
}

// isJudged reports whether this version of the program judges the rule.
func isJudged(id string) bool { return docOf(id).ID != "" }

// docOf returns the documentation of a rule, the zero Doc where this version
// does not judge it.
func docOf(id string) Doc {
	for _, r := range all() {
		if d := r.Doc(); d.ID == id {
			return d
		}
	}
	return Doc{}
}
