package classify

import (
	"bytes"
	"net/url"
	"strings"
)

// signature looks for AWS Signature Version 4 or 4A in a request's Authorization
// header or in its query, and keeps of it what is no secret.
func (r *httpReader) signature(query []byte, h head, left int) {
	token := h.get("X-Amz-Security-Token") != nil
	found := signedHeader(h)
	if found == nil {
		var inQuery bool
		found, inQuery = signedQuery(query)
		token = token || inQuery
	}
	if found == nil {
		return
	}
	if r.http.AWS == nil {
		r.http.AWS = found
		r.mark("AWS4", left)
	}
	r.http.AWS.SessionToken = r.http.AWS.SessionToken || token
}

// signedHeader reads "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…,
// Signature=…".
func signedHeader(h head) *AWSSignature {
	algorithm, rest, _ := bytes.Cut(h.get("Authorization"), []byte{' '})
	if !isAWSAlgorithm(string(algorithm)) {
		return nil
	}
	a := &AWSSignature{}
	for p := range bytes.SplitSeq(rest, []byte{','}) {
		if v, ok := bytes.CutPrefix(bytes.TrimSpace(p), []byte("Credential=")); ok {
			a.scope(string(algorithm), text(v), text(h.get("X-Amz-Region-Set")))
		}
	}
	return a
}

// signedQuery reads the X-Amz- parameters of a presigned URL.
func signedQuery(query []byte) (a *AWSSignature, token bool) {
	var algorithm, credential, regions string
	signed := false
	for p := range bytes.SplitSeq(query, []byte{'&'}) {
		name, value, _ := bytes.Cut(p, []byte{'='})
		switch strings.ToLower(string(name)) {
		case "x-amz-algorithm":
			algorithm = unescape(value)
		case "x-amz-credential":
			credential = unescape(value)
		case "x-amz-region-set":
			regions = unescape(value)
		case "x-amz-security-token":
			token = true
		case "x-amz-signature":
			signed = true
		}
	}
	if !signed && !isAWSAlgorithm(algorithm) {
		return nil, false
	}
	a = &AWSSignature{Presigned: true}
	a.scope(algorithm, credential, regions)
	return a, token
}

func isAWSAlgorithm(s string) bool {
	return s == "AWS4-HMAC-SHA256" || s == "AWS4-ECDSA-P256-SHA256"
}

// scope reads a credential, KEYID/date/region/service/aws4_request. Version 4A
// leaves the region out and names regions apart.
func (a *AWSSignature) scope(algorithm, credential, regions string) {
	parts := strings.Split(credential, "/")
	a.KeyIDPrefix = parts[0][:min(len(parts[0]), 4)]
	switch {
	case algorithm == "AWS4-ECDSA-P256-SHA256" && len(parts) == 4:
		a.Region, a.Service = regions, parts[2]
	case len(parts) == 5:
		a.Region, a.Service = parts[2], parts[3]
	}
}

func unescape(b []byte) string {
	s, err := url.QueryUnescape(text(b))
	if err != nil {
		return ""
	}
	return s
}
