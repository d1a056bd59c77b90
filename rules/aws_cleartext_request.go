package rules

import (
	"fmt"
	"strings"

	"spanaudit/classify"
)

// awsCleartextRequest judges whether requests to AWS can be read or replayed by
// others.
type awsCleartextRequest struct{}

func (awsCleartextRequest) Doc() Doc {
	return Doc{
		ID:          "aws-cleartext-request",
		Title:       "AWS request or signature in clear text",
		Severity:    Critical,
		Kind:        Prohibition,
		Checks:      "no HTTP request without TLS goes to an AWS API name or carries an AWS Signature Version 4",
		Why:         "Whoever reads a signed request can replay it while it is valid, and a session token or presigned URL gives access to the account's data.",
		Fails:       "any such request, signed or not",
		NotSeen:     "no HTTP without TLS was seen; requests inside TLS cannot be read passively",
		Remediation: "Use https endpoints only, and revoke the session or the presigned URL that was exposed.",
		Source:      "AWS Panorama security page: requests must be signed",
	}
}

func (awsCleartextRequest) Judge(c *Case) {
	h := c.HTTP
	if h == nil {
		return
	}
	if len(h.Methods) == 0 {
		c.Undecided("HTTP whose requests were not seen")
		return
	}
	if h.AWS == nil && !isAWSAPI(h.Host) && !isAWSAPI(c.ServerName()) {
		c.Examine()
		return
	}
	device, peer := c.Parties()
	sent := fmt.Sprintf("%s sent %s", device, peer)
	if c.Between() == Inbound {
		sent = fmt.Sprintf("%s was sent by %s", device, peer)
	}
	request := fmt.Sprintf("%s %q", h.Methods[0], h.Path)
	if h.Host != "" && h.Host != peer.Name {
		request += fmt.Sprintf(" for %q", h.Host)
	}
	c.Fail(Violation{
		Device: device, Peer: peer,
		Message: fmt.Sprintf("%s an AWS request without TLS: %s, %s; https is wanted", sent, request, awsWords(h.AWS)),
	})
}

func awsWords(s *classify.AWSSignature) string {
	if s == nil {
		return "not signed"
	}
	words := "signed"
	if s.Presigned {
		words = "presigned"
	}
	if s.Service != "" {
		words += fmt.Sprintf(" for %q in %q", s.Service, s.Region)
	}
	if s.SessionToken {
		words += ", with a session token"
	}
	return words
}

// isAWSAPI reports whether name is of an AWS service rather than of a
// customer's server that AWS hosts, or its plain-text service for one's own
// address.
func isAWSAPI(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, ok := realAWSName(name); ok {
		return true
	}
	if p, labels := awsSuffix(name); p == nil || labels == "" {
		return false
	}
	for _, hosted := range []string{".compute.", ".compute-1.", ".elb.", ".s3-website", ".elasticbeanstalk.", ".checkip."} {
		if strings.Contains("."+name, hosted) {
			return false
		}
	}
	return true
}
