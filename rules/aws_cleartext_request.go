package rules

import (
	"fmt"
	"strings"
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
		Fails:       "any such request, signed or not",
		NotSeen:     "no HTTP without TLS was seen; requests inside TLS cannot be read passively",
		Remediation: "Use https endpoints only, and revoke the session or the presigned URL that was exposed.",
		Source:      "AWS Panorama security page: requests must be signed",
	}
}

func (awsCleartextRequest) Judge(c *Case) {
	h := c.HTTP
	if h == nil || len(h.Methods) == 0 {
		return
	}
	name := c.ServerName()
	if h.AWS == nil && !isAWSAPI(name) {
		c.Examine()
		return
	}
	device, peer := c.Parties()
	c.Fail(Violation{
		Device: device, Peer: peer,
		Message: fmt.Sprintf("%s sent an AWS request without TLS to %s: %s %q, %s", device, peer, h.Methods[0], h.Path, awsWords(c)),
	})
}

func awsWords(c *Case) string {
	s := c.HTTP.AWS
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
// customer's server that AWS hosts.
func isAWSAPI(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, ok := realAWSName(name); ok {
		return true
	}
	if p, labels := awsSuffix(name); p == nil || labels == "" {
		return false
	}
	for _, hosted := range []string{".compute.", ".compute-1.", ".elb.", ".s3-website", ".elasticbeanstalk."} {
		if strings.Contains(name, hosted) {
			return false
		}
	}
	return true
}
