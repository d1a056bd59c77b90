package report

// The parts of OCSF's class Compliance Finding that are written. Times are
// milliseconds.

type ocsfEvent struct {
	Class        int    `json:"class_uid"`
	ClassName    string `json:"class_name"`
	Category     int    `json:"category_uid"`
	CategoryName string `json:"category_name"`
	Activity     int    `json:"activity_id"`
	ActivityName string `json:"activity_name"`
	Type         int    `json:"type_uid"`
	TypeName     string `json:"type_name"`

	Time  int64  `json:"time"`
	Start *int64 `json:"start_time,omitempty"`
	End   *int64 `json:"end_time,omitempty"`

	SeverityID int      `json:"severity_id"`
	Severity   string   `json:"severity"`
	StatusID   int      `json:"status_id,omitempty"` // of the finding's life, not of the check
	Status     string   `json:"status,omitempty"`
	Detail     string   `json:"status_detail,omitempty"`
	Message    string   `json:"message"`
	Count      int      `json:"count,omitempty"`
	Metadata   ocsfMeta `json:"metadata"`

	Finding     ocsfFindingInfo  `json:"finding_info"`
	Compliance  ocsfCompliance   `json:"compliance"`
	Remediation *ocsfRemediation `json:"remediation,omitempty"`
	Resources   []ocsfResource   `json:"resources,omitempty"`
	Evidences   []ocsfEvidence   `json:"evidences,omitempty"`
	Observables []ocsfObservable `json:"observables,omitempty"`
	Unmapped    ocsfUnmapped     `json:"unmapped"`
}

type ocsfMeta struct {
	Version     string      `json:"version"`
	Product     ocsfProduct `json:"product"`
	UID         uuid        `json:"uid,omitempty"`
	Correlation uuid        `json:"correlation_uid,omitempty"` // the same in all events of an audit
}

type ocsfProduct struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version,omitempty"`
}

type ocsfFindingInfo struct {
	UID         string        `json:"uid"`
	Title       string        `json:"title"`
	Description string        `json:"desc"`
	Types       []string      `json:"types,omitempty"`
	First       *int64        `json:"first_seen_time,omitempty"`
	Last        *int64        `json:"last_seen_time,omitempty"`
	Analytic    *ocsfAnalytic `json:"analytic,omitempty"`
	Sources     []string      `json:"data_sources,omitempty"`
}

type ocsfAnalytic struct {
	UID    string `json:"uid"`
	Name   string `json:"name,omitempty"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
}

type ocsfCompliance struct {
	Control      string      `json:"control"`
	Standards    []string    `json:"standards,omitempty"`
	Requirements []string    `json:"requirements,omitempty"`
	StatusID     int         `json:"status_id"`
	Status       string      `json:"status"`
	StatusCode   string      `json:"status_code"`
	Details      []string    `json:"status_details,omitempty"`
	Checks       []ocsfCheck `json:"checks,omitempty"`
}

type ocsfCheck struct {
	UID         string   `json:"uid"`
	Name        string   `json:"name,omitempty"`
	Description string   `json:"desc,omitempty"`
	SeverityID  int      `json:"severity_id"`
	Severity    string   `json:"severity"`
	StatusID    int      `json:"status_id"`
	Status      string   `json:"status"`
	Standards   []string `json:"standards,omitempty"`
}

type ocsfRemediation struct {
	Description string `json:"desc"`
}

type ocsfResource struct {
	UID      string            `json:"uid,omitempty"`
	Name     string            `json:"name,omitempty"`
	Type     string            `json:"type,omitempty"`
	RoleID   int               `json:"role_id"`
	Role     string            `json:"role"`
	IP       string            `json:"ip,omitempty"`
	Hostname string            `json:"hostname,omitempty"`
	Data     *ocsfResourceData `json:"data,omitempty"`
}

type ocsfResourceData struct {
	MAC     string `json:"mac,omitempty"`
	Port    uint16 `json:"port,omitempty"`
	KnownBy string `json:"known_by,omitempty"`
	Verdict string `json:"verdict,omitempty"`
}

// ocsfEvidence is a frame, a flow or what was decoded of one.
type ocsfEvidence struct {
	Name       string          `json:"name,omitempty"`
	File       *ocsfFile       `json:"file,omitempty"`
	Data       any             `json:"data,omitempty"` // an ocsfFrame or a flow record
	Connection *ocsfConnection `json:"connection_info,omitempty"`
}

type ocsfFile struct {
	Name   string     `json:"name"`
	Path   string     `json:"path,omitempty"`
	TypeID int        `json:"type_id"`
	Hashes []ocsfHash `json:"hashes,omitempty"`
}

type ocsfHash struct {
	AlgorithmID int    `json:"algorithm_id"`
	Algorithm   string `json:"algorithm"`
	Value       string `json:"value"`
}

type ocsfFrame struct {
	Frame   uint64 `json:"frame"` // from 1
	Time    int64  `json:"time_ns"`
	Context bool   `json:"context,omitempty"` // it belongs to another flow
}

type ocsfConnection struct {
	Direction int    `json:"direction_id"`
	Community string `json:"community_uid"`
}

type ocsfObservable struct {
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
	Value  string `json:"value"`
}

// ocsfUnmapped is what OCSF has no place for, spelt as the audit spells it.
type ocsfUnmapped struct {
	Rule    string  `json:"rule"`
	Verdict string  `json:"verdict"`
	Policy  Base    `json:"policy"`
	Waiver  *Waiver `json:"waiver,omitempty"`

	Requirement *ocsfCounts `json:"requirement,omitempty"`
}

type ocsfCounts struct {
	Examined  int `json:"examined"`
	Failed    int `json:"failed"`
	Undecided int `json:"undecided"`
	Unlisted  int `json:"unlisted,omitempty"`
	Waived    int `json:"waived,omitempty"`
}
