package rules

// Verdict is how a requirement ends. "Not seen" is never "fine": a pass always
// rests on traffic that was examined.
type Verdict string

const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	Indeterminate Verdict = "indeterminate"  // relevant traffic that could not be decided
	NotObserved   Verdict = "not_observed"   // no relevant traffic
	NotObservable Verdict = "not_observable" // never visible to a passive observer
	NotApplicable Verdict = "not_applicable" // the policy leaves it out
)

// Requirement is the verdict on one rule and what it rests on.
type Requirement struct {
	Rule     string
	Title    string
	Severity Severity // of the rule; a finding's own may differ
	Verdict  Verdict

	// Examined counts what the verdict rests on (flows, for most rules; a long
	// one is judged again after each active timeout, and counted each time),
	// Failed and Undecided those among them that broke the rule or could not
	// be decided.
	Examined  int
	Failed    int
	Undecided int

	Unlisted int      // violations that no finding lists, because there were too many
	Worst    Severity // of those; meaningless where there are none
	Waived   int      // findings that a waiver excuses
	Excused  bool     // it fails, and every violation is waived

	Controls []string // "framework control" to which the evidence is relevant; never "satisfies"

	Devices []DeviceVerdict // on the declared devices of which something was seen, in the policy's order

	// Reason says, where the verdict is not a plain pass or fail, why, and
	// what would settle it.
	Reason string
}
