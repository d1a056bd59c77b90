package report

import (
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"spanaudit/rules"
)

// maxGitHubResults is how many results of a run GitHub's code scanning takes; it
// refuses a file with more.
const maxGitHubResults = 25_000

// SARIF writes the audit as a run of SARIF 2.1.0 (OASIS): a result for each
// finding, and one for each requirement that did not fail, whose kind says how it
// ended (section 3.27.9): pass; open where it is indeterminate or not observed,
// as there was too little to decide; review where no observer of traffic can
// decide it; notApplicable. The verdict's own word is in the properties. Waivers
// are suppressions. Frames are in the properties, because a region knows lines
// and bytes only.
//
// GitHub's code scanning takes every result for an alert, whatever its kind and
// its suppressions: SARIFForGitHub is for it.
func SARIF(w io.Writer, a *Audit) error { return writeSARIF(w, newSARIF(a)) }

// SARIFForGitHub writes what GitHub's code scanning is to show: of SARIF the
// failures that no waiver excuses, the gravest 25,000, each at line 1 of the file
// in which it was seen, because a capture has no lines and code scanning wants
// one. It matches alerts across uploads by the finding's id. Files that are named
// by a path relative to the repository's root are found there; the severity that
// it shows is the rule's own.
func SARIFForGitHub(w io.Writer, a *Audit) error {
	run := newSARIF(a)
	var alerts []sarifResult
	for _, r := range run.Results {
		if r.Kind == "fail" && len(r.Suppressions) == 0 {
			r.Locations[0].Physical.Region = &sarifRegion{1, 1, 1, 1}
			alerts = append(alerts, r)
		}
	}
	if more := len(alerts) - maxGitHubResults; more > 0 {
		alerts = alerts[:maxGitHubResults]
		run.Invocations[0].notify("left-out", "warning", count(more, "more failure")+" than a file for code scanning may have")
	}
	run.Results = list(alerts)
	return writeSARIF(w, run)
}

func writeSARIF(w io.Writer, run sarifRun) error {
	text, err := Document(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
	return write(w, text, err)
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Artifacts   []sarifArtifact   `json:"artifacts"`
	Results     []sarifResult     `json:"results"`
	ColumnKind  string            `json:"columnKind"`
	Properties  sarifAudited      `json:"properties"`
}

// sarifAudited is what was audited, by which policy.
type sarifAudited struct {
	Policy       string  `json:"policy,omitempty"`
	Version      string  `json:"policyVersion,omitempty"`
	PolicySHA256 string  `json:"policySha256,omitempty"`
	Period       *Period `json:"period,omitempty"`
	Packets      uint64  `json:"packets"`
	Flows        uint64  `json:"flows"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifArtifact struct {
	Location   sarifFile         `json:"location"`
	Roles      []string          `json:"roles"`
	Hashes     map[string]string `json:"hashes,omitempty"`
	Properties struct {
		Packets uint64 `json:"packets"`
	} `json:"properties"`
}

type sarifFile struct {
	URI   string `json:"uri"`
	Index *int   `json:"index,omitempty"` // in the run's artifacts
}

func newSARIF(a *Audit) (run sarifRun) {
	d := newSARIFDriver(a)
	run.Tool.Driver = d
	run.Invocations = []sarifInvocation{newSARIFInvocation(a)}
	run.Artifacts = []sarifArtifact{}
	for i, in := range a.Inputs {
		artifact := sarifArtifact{Location: sarifFile{fileURI(in.Name), &i}, Roles: []string{"analysisTarget"}}
		if in.SHA256 != "" {
			artifact.Hashes = map[string]string{"sha-256": Line(in.SHA256)}
		}
		artifact.Properties.Packets = in.Packets
		run.Artifacts = append(run.Artifacts, artifact)
	}
	run.Results = newSARIFResults(a, d.indexes())
	run.ColumnKind = "unicodeCodePoints"
	p := &a.Policy
	run.Properties = sarifAudited{Line(p.Name), Line(p.Version), Line(p.SHA256), a.Period, a.Coverage.Packets, a.Coverage.Flows}
	return run
}

// fileURI names an input by a URI: relative where its path is.
func fileURI(name string) string {
	u := url.URL{Path: filepath.ToSlash(name)}
	if strings.HasPrefix(u.Path, "/") {
		u.Scheme = "file"
	}
	if u.Path == "" {
		u.Path = "unknown"
	}
	return u.String()
}

// sarifInvocation is how the audit went.
type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"` // every input was read whole
	End           string              `json:"endTimeUtc,omitempty"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Descriptor struct {
		ID string `json:"id"`
	} `json:"descriptor"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

func (v *sarifInvocation) notify(id, level, text string, at ...sarifLocation) {
	n := sarifNotification{Level: level, Message: sarifMessage(text), Locations: at}
	n.Descriptor.ID = id
	v.Notifications = append(v.Notifications, n)
}

// newSARIFInvocation notifies of what limits the verdicts, and of waivers that
// want attention.
func newSARIFInvocation(a *Audit) sarifInvocation {
	v := sarifInvocation{Successful: true, End: moment(a.Reported), Notifications: []sarifNotification{}}
	for i, in := range a.Inputs {
		if in.Error != "" {
			v.Successful = false
			v.notify("input-error", "error", in.Name+" was not read whole: "+in.Error, sarifLocation{Physical: sarifPhysical{File: sarifFile{fileURI(in.Name), &i}}})
		}
	}
	for _, line := range limits(&a.Coverage) {
		v.notify("coverage-limit", "warning", line)
	}
	for _, u := range a.Waivers {
		if len(u.Remarks) > 0 {
			v.notify("waiver", "warning", waivers([]WaiverUse{u})[0])
		}
	}
	return v
}

// descriptors of the notifications.
func sarifNotices() []sarifNotice {
	return []sarifNotice{
		{"input-error", sarifText{Text: "An input could not be read whole."}},
		{"coverage-limit", sarifText{Text: "Traffic was not seen, or not understood."}},
		{"waiver", sarifText{Text: "A waiver wants attention."}},
		{"left-out", sarifText{Text: "There was no room for every failure."}},
	}
}

// sarifMessage returns the text of a message, in which there are no links and no
// placeholders (sections 3.11.5 and 3.11.6).
func sarifMessage(text string) sarifText {
	text = Line(text)
	text = strings.ReplaceAll(text, "](", `\](`)
	text = strings.ReplaceAll(text, "{", "{{")
	return sarifText{Text: strings.ReplaceAll(text, "}", "}}")}
}

// sarifLevel says how grave a failure is.
func sarifLevel(s rules.Severity) string {
	switch s {
	case rules.Critical, rules.High:
		return "error"
	case rules.Medium:
		return "warning"
	}
	return "note"
}
