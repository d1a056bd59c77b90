package rules

import (
	"fmt"
	"time"
)

// endpointRetired judges contacts with services that nobody supports any more.
type endpointRetired struct{}

func (endpointRetired) Doc() Doc {
	return Doc{
		ID:          "endpoint-retired",
		Title:       "Retired or unsupported service in use",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "no local host contacts, or asks DNS for, a name of an endpoint whose end_of_support is past at the time of the packets",
		Fails:       "a contact, or a question for the name, whether it is answered or not",
		NotSeen:     "no local host contacted or asked for any name",
		Remediation: "Plan the replacement, or isolate the device: software without support gets no corrections. Reset the device before it is disposed of.",
		Source:      "AWS's notice on the end of support for AWS Panorama (2026-05-31)",
	}
}

// NotApplicable leaves the rule out where no endpoint has an end of support.
func (endpointRetired) NotApplicable(p *Policy) string {
	if len(p.retired.exact)+len(p.retired.wild) > 0 {
		return ""
	}
	return "no endpoint of the policy has an end_of_support"
}

func (endpointRetired) Judge(c *Case) {
	switch {
	case c.asksNames():
		for _, name := range c.DNS.Names {
			c.judgeRetired(name)
		}
	case c.namesContact():
		c.judgeRetired(c.contact().name)
	}
}

func (c *Case) judgeRetired(name string) {
	if name == "" {
		return
	}
	for _, e := range c.Policy.retired.byName(name) {
		if c.Start.UTC().Before(e.EndOfSupport.AddDate(0, 0, 1)) { // its last day still counts
			continue
		}
		device, _ := c.Parties()
		what, peer := c.mention(name)
		c.Fail(Violation{
			Device: device, Peer: peer,
			Message: fmt.Sprintf("%s %s %s, of %s, whose support ended on %s; a service with support is wanted",
				device, what, peer, e.serviceName(), e.EndOfSupport.Format(time.DateOnly)),
		})
		return
	}
	c.Examine()
}

func (e *Endpoint) serviceName() string {
	if e.Service != "" {
		return e.Service
	}
	return "endpoint " + e.ID
}
