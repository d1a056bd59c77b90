package rules

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

const (
	maxName  = 253 // characters of a DNS name without its trailing dot (RFC 1035, section 2.3.4)
	maxLabel = 63

	accessPointLabel = "s3-accesspoint"
	oldAWSSuffix     = ".aws.amazon.com"
)

// checkName returns what is wrong with an endpoint name whose variables are
// expanded, and the mend; empty when nothing is.
func checkName(name string) string {
	if problem := checkNameForm(name); problem != "" {
		return problem
	}
	label, rest, _ := strings.Cut(name, ".")
	if strings.Contains(rest, "*") {
		return fmt.Sprintf("name %q has '*' beyond its left-most label; '*' stands inside the left-most label only", name)
	}
	if problem := checkBreadth(name, label, rest); problem != "" {
		return problem
	}
	return checkPartition(name)
}

// checkNameForm refuses what is not a lower-case DNS name.
func checkNameForm(name string) string {
	lower := strings.ToLower(name)
	switch i := strings.Index(name, "://"); {
	case name == "":
		return "name is empty"
	case i >= 0:
		return fmt.Sprintf("name %q has a scheme; write the host name alone", name)
	case strings.Contains(name, "/"):
		return fmt.Sprintf("name %q has a path; write the host name alone", name)
	case isAddr(name):
		return fmt.Sprintf("name %q is an address; write it under cidrs with a reason", name)
	case strings.Contains(name, ":"):
		return fmt.Sprintf("name %q has a port; write it under ports", name)
	case strings.HasSuffix(name, "."):
		return fmt.Sprintf("name %q has a trailing dot; write %q", name, strings.TrimRight(name, "."))
	case !isASCII(name):
		return fmt.Sprintf("name %q is not ASCII; write its A-label (xn--…)", name)
	case name != lower:
		return fmt.Sprintf("name %q has upper case; write %q", name, lower)
	case len(name) > maxName:
		return fmt.Sprintf("name %.40q… is longer than %d characters", name, maxName)
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) > maxLabel || !labelForm.MatchString(label) {
			return fmt.Sprintf("name %q is no DNS name; its label %q is not 1 to 63 of a-z, 0-9, '-' and '_'", name, label)
		}
	}
	return ""
}

var labelForm = regexp.MustCompile(`^[a-z0-9_*]([a-z0-9_*-]*[a-z0-9_*])?$`)

func isAddr(s string) bool {
	_, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return err == nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e || r <= 0x20 })
}

// checkBreadth refuses wildcards that would let in names of anyone's: a '*'
// that is all there is below a public suffix or a cloud's own, and one in the
// place of a bucket's name, which anybody can choose.
func checkBreadth(name, label, rest string) string {
	if !strings.Contains(label, "*") {
		return ""
	}
	p, prefix := awsSuffix(rest)
	bare := strings.Trim(label, "*-_") == ""
	switch {
	case rest == "":
		return fmt.Sprintf("name %q matches every name; write the names that are needed", name)
	case !strings.Contains(rest, "."):
		return fmt.Sprintf("name %q matches every name under %q; write the names that are needed", name, rest)
	case p != nil && bare && (prefix == "" || regionPartition(prefix) != nil):
		return fmt.Sprintf("name %q matches every AWS service; write the services' names", name)
	case p != nil && isBucketHost(prefix):
		return fmt.Sprintf("name %q matches buckets of anybody; write the bucket's whole name", name)
	}
	return ""
}

// isBucketHost reports whether a label before the given labels of an AWS name
// is a bucket's name: s3, s3.<region>, s3-<region>, s3.dualstack.<region>, s3-fips ….
func isBucketHost(prefix string) bool {
	first, _, _ := strings.Cut(prefix, ".")
	if first == "s3" {
		return true
	}
	after, ok := strings.CutPrefix(first, "s3-")
	return ok && (after == "fips" || after == "website" || strings.HasPrefix(after, "website-") || regionPartition(after) != nil)
}

// checkPartition refuses a region of one AWS partition under the suffix of another.
func checkPartition(name string) string {
	p, prefix := awsSuffix(name)
	if p == nil {
		return ""
	}
	for label := range strings.SplitSeq(prefix, ".") {
		r := regionPartition(label)
		if r == nil || r.suffix == p.suffix {
			continue
		}
		return fmt.Sprintf("name %q: region %q is of partition %s; names there end in %s or %s",
			name, label, r.name, r.suffix, r.dualStack)
	}
	return ""
}

// awsSuffix splits a name below an AWS partition's suffix and returns the
// partition and the labels before the suffix; nil when the name is no AWS name.
func awsSuffix(name string) (*partition, string) {
	for i := range partitions {
		p := &partitions[i]
		for _, suffix := range []string{p.suffix, p.dualStack} {
			if name == suffix {
				return p, ""
			}
			if prefix, ok := strings.CutSuffix(name, "."+suffix); ok {
				return p, prefix
			}
		}
	}
	return nil, ""
}

// partition is one of AWS's separate clouds.
type partition struct {
	name, suffix, dualStack string
	region                  *regexp.Regexp
}

// partitions is AWS SDK for Go v2 1.47.7, partitions.json.
var partitions = [...]partition{
	{"aws", "amazonaws.com", "api.aws", regexp.MustCompile(`^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$`)},
	{"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", regexp.MustCompile(`^cn-\w+-\d+$`)},
	{"aws-us-gov", "amazonaws.com", "api.aws", regexp.MustCompile(`^us-gov-\w+-\d+$`)},
	{"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", regexp.MustCompile(`^eusc-(de)-\w+-\d+$`)},
	{"aws-iso", "c2s.ic.gov", "api.aws.ic.gov", regexp.MustCompile(`^us-iso-\w+-\d+$`)},
	{"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", regexp.MustCompile(`^us-isob-\w+-\d+$`)},
	{"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", regexp.MustCompile(`^eu-isoe-\w+-\d+$`)},
	{"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", regexp.MustCompile(`^us-isof-\w+-\d+$`)},
}

// regionPartition returns the partition that a region's name belongs to, or nil.
func regionPartition(region string) *partition {
	i := slices.IndexFunc(partitions[:], func(p partition) bool { return p.region.MatchString(region) })
	if i < 0 {
		return nil
	}
	return &partitions[i]
}

// realAWSName translates <service>.<region>.aws.amazon.com, the spelling of
// AWS's "Infrastructure security" page, into the name that exists,
// <service>.<region>.amazonaws.com. The region may be the variable <region>.
func realAWSName(name string) (string, bool) {
	prefix, ok := strings.CutSuffix(name, oldAWSSuffix)
	if !ok {
		return "", false
	}
	dot := strings.LastIndexByte(prefix, '.')
	if dot <= 0 {
		return "", false
	}
	region, suffix := prefix[dot+1:], "amazonaws.com"
	if p := regionPartition(region); p != nil {
		suffix = p.suffix
	} else if region != "<region>" {
		return "", false
	}
	return prefix + "." + suffix, true
}
