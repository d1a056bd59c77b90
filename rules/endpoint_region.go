package rules

import (
	"fmt"
	"slices"
	"strings"
)

// endpointRegion judges in which AWS region, and of which account, the services
// are that local hosts contact. It remembers what it found of a name, because
// devices use few and each again and again.
type endpointRegion struct{ names map[string]awsName }

// maxAWSNames bounds the names remembered. Others are looked at each time.
const maxAWSNames = 4096

func (*endpointRegion) Doc() Doc {
	return Doc{
		ID:          "endpoint-region",
		Title:       "Other region or other account",
		Severity:    Medium,
		Kind:        Prohibition,
		Checks:      "in AWS names that local hosts contact or ask DNS for, the region is one of vars.region, and the account in names of S3 access points, S3 control and ECR registries, and the prefix in those of AWS IoT, are those of vars.account-id and vars.iot-prefix, as far as these are not '*'",
		Fails:       "another region, account or prefix. Names without region, and buckets that no endpoint lists, stay open: they do not tell whose they are",
		NotSeen:     "no AWS name was contacted or asked for",
		Remediation: "Pin region, account and prefix in the policy's vars. Where the account is unknown, look for data that leaves to somebody else.",
		Source:      "AWS Panorama security page: names with <region>",
	}
}

// NotApplicable leaves the rule out where there is nothing to compare with.
func (*endpointRegion) NotApplicable(p *Policy) string {
	if len(p.Vars["region"]) > 0 {
		return ""
	}
	return "the policy pins no region: declare vars.region to have AWS names judged"
}

const (
	regionless = "an AWS name without a region, as global services have"
	bucketless = "a bucket's name, which does not tell its account, and no endpoint lists it"
)

func (r *endpointRegion) Judge(c *Case) {
	switch {
	case c.asksNames():
		for _, name := range c.DNS.Names {
			r.judge(c, name)
		}
	case c.namesContact():
		r.judge(c, c.contact().name)
	}
}

func (r *endpointRegion) judge(c *Case, name string) {
	aws := r.lookUp(name)
	if !aws.is {
		return
	}
	vars := c.Policy.Vars
	var problem string
	switch {
	case aws.region != "" && !pinned(vars["region"], aws.region):
		problem = fmt.Sprintf("in region %s; %s is wanted", aws.region, orList(vars["region"]))
	case aws.account != "" && !pinned(vars["account-id"], aws.account):
		problem = fmt.Sprintf("of account %q; %s is wanted", aws.account, orList(vars["account-id"]))
	case aws.iotPrefix != "" && !pinned(vars["iot-prefix"], aws.iotPrefix):
		problem = fmt.Sprintf("of the AWS IoT endpoint %q; %s is wanted", aws.iotPrefix, orList(vars["iot-prefix"]))
	case aws.region == "":
		c.Undecided(regionless)
		return
	case aws.bucket && len(c.Policy.endpoints.byName(name)) == 0:
		c.Undecided(bucketless)
		return
	default:
		c.Examine()
		return
	}
	device, _ := c.Parties()
	what, peer := c.mention(name)
	c.Fail(Violation{Device: device, Peer: peer, Message: fmt.Sprintf("%s %s %s, %s", device, what, peer, problem)})
}

// pinned reports whether a value is one that the policy gives; it gives any
// where it gives none.
func pinned(values []string, value string) bool {
	return len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return matchLabel(v, value) })
}

func (r *endpointRegion) lookUp(name string) awsName {
	if aws, ok := r.names[name]; ok {
		return aws
	}
	aws := readAWSName(name)
	if r.names == nil {
		r.names = map[string]awsName{}
	}
	if len(r.names) < maxAWSNames {
		r.names[name] = aws
	}
	return aws
}

// awsName is what an AWS service's name tells; a part that it has not is empty.
type awsName struct {
	is                         bool
	region, account, iotPrefix string
	bucket                     bool
}

// readAWSName takes a name apart: labels before the partition's suffix, such as
// <prefix>-ats.iot.<region>, <point>-<account>.s3-accesspoint.<region> or
// <account>.dkr.ecr.<region>.
func readAWSName(name string) (n awsName) {
	if real, ok := realAWSName(name); ok {
		name = real
	}
	p, prefix := awsSuffix(name)
	if n.is = p != nil && prefix != ""; !n.is {
		return n
	}
	labels := strings.Split(prefix, ".")
	for _, label := range labels {
		for _, region := range []string{label, strings.TrimPrefix(label, "s3-")} {
			if n.region == "" && regionPartition(region) != nil {
				n.region = region
			}
		}
	}
	at := func(i int) string {
		if i < len(labels) {
			return labels[i]
		}
		return ""
	}
	switch first := labels[0]; {
	case at(1) == "dkr" && strings.HasPrefix(at(2), "ecr"), at(1) == "dkr-ecr", strings.HasPrefix(at(1), "s3-control"):
		n.account = first
	case strings.HasPrefix(at(1), accessPointLabel):
		n.account = first[strings.LastIndexByte(first, '-')+1:]
	case first == "data", first == "data-ats":
	case at(1) == "iot", (at(1) == "credentials" || at(1) == "jobs") && at(2) == "iot":
		n.iotPrefix = strings.TrimSuffix(first, "-ats")
	case len(labels) > 1 && isBucketHost(strings.Join(labels[1:], ".")):
		n.bucket = true
	}
	return n
}
