package rules

import (
	"fmt"

	"spanaudit/classify"
)

// mqttCleartext judges whether MQTT is protected by TLS.
type mqttCleartext struct{}

func (mqttCleartext) Doc() Doc {
	return Doc{
		ID:          "mqtt-cleartext",
		Title:       "MQTT without TLS",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "MQTT is seen inside TLS only",
		Why:         "MQTT in clear text shows its topics and messages, and lets anybody on the way send commands in the device's name.",
		Fails:       "MQTT in clear on any port, also over WebSocket: critical towards the internet, high inside the site",
		NotSeen:     "no MQTT was seen",
		Remediation: "Use port 443 with ALPN, or 8883, with TLS and certificates.",
		Source:      "AWS Panorama security page: AWS IoT, HTTPS and MQTT, port 443",
	}
}

func (mqttCleartext) Judge(c *Case) {
	if c.MQTT == nil {
		if c.Wrapped == classify.ProtoMQTT {
			c.Examine()
		}
		return
	}
	var severity *Severity
	if c.Internet() {
		critical := Critical
		severity = &critical
	}
	device, peer := c.Parties()
	c.Fail(Violation{
		Severity: severity, Device: device, Peer: peer,
		Message: fmt.Sprintf("%s and %s speak MQTT %sin clear text; TLS is wanted", device, peer, spaced(c.MQTT.Version)),
	})
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return s + " "
}
