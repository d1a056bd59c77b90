package report

// ocsfVersion is the release of the Open Cybersecurity Schema Framework that is
// written (https://schema.ocsf.io/1.9.0).
const ocsfVersion = "1.9.0"

// The classes of OCSF that are written. A type's uid is that of its class times
// 100 plus the activity's.
const (
	ocsfFindings          = 2 // the category
	ocsfComplianceFinding = 2003
	ocsfCreate            = 1 // the activity: a finding was created

	ocsfNetwork         = 4 // the category
	ocsfNetworkActivity = 4001
	ocsfTraffic         = 6 // the activity: a report of traffic
)

// Values of OCSF that mean the same wherever they stand.
const (
	ocsfUnknown       = 0
	ocsfOther         = 99
	ocsfInformational = 1 // severity_id
	ocsfMD5           = 1 // algorithm_id of a fingerprint
	ocsfSHA256        = 3
)
