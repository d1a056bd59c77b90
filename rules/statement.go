package rules

import (
	"slices"
	"strings"
)

// SourceDocument names the document whose statements are judged.
const SourceDocument = `"Infrastructure security in AWS Panorama" (AWS, October 2021)`

// Statement is one sentence, or item of a list, of the source document and what
// an observer of the traffic can say of it.
type Statement struct {
	ID   string // S1 to S25, in the document's order
	Says string // in short

	// Rules are the ids of the rules that judge it, of the whole catalogue
	// whether or not this version has them. Without any it is not observable.
	Rules []string

	// Unseen says what of the statement no traffic shows; where there are no
	// rules, why.
	Unseen string

	// Hidden is set where the rules can see it broken but never kept: then
	// their passing leaves it not observable.
	Hidden bool
}

// Statements returns the statements of the source document, in its order.
func Statements() []Statement {
	return []Statement{
		{ID: "S1", Says: "AWS's own network security procedures protect the service",
			Unseen: "they run inside AWS; AWS Artifact has the reports about them"},
		{ID: "S2", Says: "the service is used by published API calls over the network",
			Rules: []string{"endpoint-reachable", "endpoint-retired"}},
		{ID: "S3", Says: "clients must support TLS 1.2 or later",
			Rules: []string{"tls-version", "tls-version-offered"}},
		{ID: "S4", Says: "clients must support cipher suites with forward secrecy, such as DHE or ECDHE",
			Rules: []string{"tls-forward-secrecy", "tls-forward-secrecy-offered"}},
		{ID: "S5", Says: "most modern systems, such as Java 7, support these modes",
			Unseen: "a platform's name proves nothing; S3 and S4 judge its handshakes"},
		{ID: "S6", Says: "requests must be signed with an access key",
			Rules: []string{"aws-cleartext-request"}, Hidden: true,
			Unseen: "TLS hides whether a request is signed; only one in clear text could be read"},
		{ID: "S7", Says: "or be signed with temporary credentials of AWS STS",
			Rules: []string{"aws-cleartext-request"}, Hidden: true,
			Unseen: "TLS hides what kind of credentials signed a request; only one in clear text could be read"},
		{ID: "S8", Says: "the appliance needs internet access to reach AWS services",
			Rules: []string{"endpoint-reachable"}},
		{ID: "S9", Says: "it needs access to the network of the cameras",
			Rules: []string{"rtsp-parties", "camera-stream"}},
		{ID: "S10", Says: "give each device only the access that it needs",
			Rules: []string{"egress-allow-list", "internal-peer", "open-service", "network-bridging",
				"endpoint-region", "dns-source", "unknown-device", "remote-admin"},
			Unseen: "access that is allowed and not used; compare the firewall's rules"},
		{ID: "S11", Says: "provisioning can make the appliance request a specific address",
			Rules: []string{"device-address"}},
		{ID: "S12", Says: "its address must not change, however long it is offline",
			Rules: []string{"device-address", "address-conflict"}, Unseen: "time offline outside the capture"},
		{ID: "S13", Says: "the appliance uses several AWS services besides AWS Panorama",
			Rules: []string{"endpoint-reachable"}},
		{ID: "S14", Says: "the firewall lets the appliance reach the listed endpoints at port 443",
			Rules:  []string{"egress-allow-list", "endpoint-reachable", "endpoint-identity", "endpoint-port", "dns-source", "cleartext-protocol"},
			Unseen: "the firewall's rules; only what passed it or was refused"},
		{ID: "S15", Says: "AWS IoT: HTTPS and MQTT at port 443",
			Rules: []string{"endpoint-reachable", "endpoint-port", "mqtt-cleartext", "cleartext-protocol"}},
		{ID: "S16", Says: "Amazon CloudWatch: HTTPS at port 443",
			Rules: []string{"endpoint-reachable", "endpoint-region"}},
		{ID: "S17", Says: "Amazon CloudWatch Logs: HTTPS at port 443",
			Rules: []string{"endpoint-reachable", "endpoint-region"}},
		{ID: "S18", Says: "Amazon S3 access points: HTTPS at port 443",
			Rules: []string{"endpoint-reachable", "endpoint-region"}},
		{ID: "S19", Says: "other AWS services that the application calls need access, too",
			Rules: []string{"egress-allow-list"}, Unseen: "what the application was meant to call; declare its endpoints"},
		{ID: "S20", Says: "RTSP is needed locally, not over the internet",
			Rules: []string{"camera-internet", "rtsp-boundary", "media-boundary"}},
		{ID: "S21", Says: "the firewall lets the appliance reach RTSP at port 554 internally",
			Rules: []string{"rtsp-port", "rtsp-parties", "camera-stream"}},
		{ID: "S22", Says: "no stream goes out to, or comes in from, the internet",
			Rules: []string{"internet-inbound", "camera-internet", "rtsp-boundary", "media-boundary", "video-disguised", "port-mapping"}},
		{ID: "S23", Says: "RTSP at port 554 serves to read camera streams",
			Rules: []string{"rtsp-port", "rtsp-parties", "camera-stream"}},
		{ID: "S24", Says: "NTP at port 123 keeps the appliance's clock in sync",
			Rules: []string{"ntp-source", "ntp-sync"}},
		{ID: "S25", Says: "public time servers serve where the network runs none",
			Rules: []string{"ntp-source"}},
	}
}

// statementsOf returns the ids of the statements that a rule judges.
func statementsOf(rule string) []string {
	var ids []string
	for _, s := range Statements() {
		if slices.Contains(s.Rules, rule) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// StatementVerdict is what an audit says of a statement.
type StatementVerdict struct {
	Statement
	Verdict Verdict
	Reason  string // the verdict of each of its rules, then what stays unseen; never empty
}

// judgeStatements rolls the verdicts of the rules up into those of the
// statements.
func judgeStatements(requirements []Requirement) []StatementVerdict {
	byRule := map[string]Requirement{}
	for _, q := range requirements {
		byRule[q.Rule] = q
	}
	var list []StatementVerdict
	for _, s := range Statements() {
		list = append(list, s.judge(byRule))
	}
	return list
}

// judge takes the gravest verdict of the statement's rules. A rule that this
// version lacks leaves it undecided, because what it would say is not known.
func (s Statement) judge(requirements map[string]Requirement) StatementVerdict {
	gravest := []Verdict{Fail, Indeterminate, Pass, NotObserved, NotApplicable, NotObservable}
	v := StatementVerdict{Statement: s, Verdict: NotObservable}
	var reasons []string
	for _, id := range s.Rules {
		q, judged := requirements[id]
		verdict, says := q.Verdict, id+" "+string(q.Verdict)
		if q.Excused {
			says += " (waived)"
		}
		if !judged {
			verdict, says = Indeterminate, id+" is not judged by this version"
		}
		reasons = append(reasons, says)
		if slices.Index(gravest, verdict) < slices.Index(gravest, v.Verdict) {
			v.Verdict = verdict
		}
	}
	if s.Hidden && v.Verdict != Fail {
		v.Verdict = NotObservable
	}
	v.Reason = strings.Join(reasons, ", ")
	switch {
	case v.Reason == "":
		v.Reason = s.Unseen
	case s.Unseen != "":
		v.Reason += "; not visible: " + s.Unseen
	}
	return v
}
