package panel

import (
	"time"

	"spanaudit/report"
	"spanaudit/rules"
)

// State is how a sensor stands at one time. What is zero is not known, or not
// there.
type State struct {
	At    time.Time     // when it stood so; rates are made of the counts of two
	Audit *report.Audit // so far; nil where it is the last one still. Nobody changes it afterwards, nor its maps

	// Counts is of all findings, where Audit has a part of them; nil where it has all.
	Counts []FindingCount

	Interface string
	Since     time.Time // since when it is watched
	Up        bool      // it is up, and read

	Packets uint64 // since Since, like all counts
	Bytes   uint64 // of frames
	Dropped Dropped
	Outages uint64        // times the interface was down
	Blind   time.Duration // how long nothing could be seen, of which a part may be before Since

	Flows      int    // that are open
	Memory     uint64 // bytes that are resident
	Budget     uint64 // bytes that may be
	Goroutines int

	Policy Policy
	Record Record
	Sinks  []Sink // the first 16 are shown
}

// FindingCount counts the findings of a rule that have a severity.
type FindingCount struct {
	Rule     string
	Severity rules.Severity
	Findings int // that no waiver excuses
	Waived   int // that one does
}

// Dropped counts packets that were lost, by where.
type Dropped struct {
	Kernel    uint64 // the socket's buffer was full
	Ring      uint64 // the ring was full
	Interface uint64 // the interface or its driver lost them
}

// Policy is the one in force.
type Policy struct {
	Name, Version string
	SHA256        string    // in hexadecimal
	Loaded        time.Time // when it came into force
	Error         string    // why the last attempt to load another failed; empty when it did not
}

// Record is that of what was seen.
type Record struct {
	Bytes  int64     // of its files
	Commit time.Time // of the last
	Error  string    // why the last failed; empty when it did not
}

// Sink is one that alerts are told to.
type Sink struct {
	Name    string // from the configuration, without secrets
	Told    uint64
	Waiting int    // in its queue
	Dropped uint64 // will not be told there
	Failing bool   // the last attempt failed
	Error   string // of that
}

const maxSinks = 16

// sinks returns those that are shown.
func (s *State) sinks() []Sink { return s.Sinks[:min(len(s.Sinks), maxSinks)] }

// total counts what was lost anywhere.
func (d Dropped) total() uint64 { return d.Kernel + d.Ring + d.Interface }
