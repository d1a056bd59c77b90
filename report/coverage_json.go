package report

import "spanaudit/rules"

// coverageJSON is the coverage in the document that JSON writes. Counts are
// written even when they are zero: they say that something was looked for.
type coverageJSON struct {
	Packets      uint64            `json:"packets"`
	Flows        uint64            `json:"flows"`
	TCPFlows     uint64            `json:"tcp_flows"`
	Protocols    map[string]uint64 `json:"protocols"`
	Devices      []device          `json:"devices"`
	MoreDevices  int               `json:"more_devices,omitempty"`
	OneSided     uint64            `json:"one_sided"`
	Midstream    uint64            `json:"midstream"`
	Unknown      uint64            `json:"unknown"`
	Gapped       uint64            `json:"gapped"`
	Evicted      uint64            `json:"evicted"`
	Starved      uint64            `json:"starved"`
	Forgotten    uint64            `json:"forgotten"`
	Panics       uint64            `json:"panics"`
	Outside      uint64            `json:"outside"`
	BadChecksums uint64            `json:"bad_checksums"`
	Capture      captureJSON       `json:"capture"`
}

type captureJSON struct {
	Dropped          uint64            `json:"dropped"`
	Cut              uint64            `json:"cut"`
	TCPBytes         uint64            `json:"tcp_bytes"`
	Unseen           uint64            `json:"unseen_tcp_bytes"`
	Undecoded        map[string]uint64 `json:"undecoded"`
	FragmentsGivenUp uint64            `json:"fragments_given_up"`
	Late             uint64            `json:"late"`
	Filter           string            `json:"filter,omitempty"`
	Filtered         uint64            `json:"filtered,omitempty"`
	Broken           int               `json:"broken_inputs"`
}

func newCoverage(c *rules.Coverage) coverageJSON {
	loss := &c.Capture
	devices := []device{}
	for _, h := range c.Devices {
		devices = append(devices, device(h))
	}
	return coverageJSON{
		Packets: c.Packets, Flows: c.Flows, TCPFlows: c.TCPFlows, Protocols: counts(c.Protocols),
		Devices: devices, MoreDevices: c.MoreDevices,
		OneSided: c.OneSided, Midstream: c.Midstream, Unknown: c.Unknown, Gapped: c.Gapped,
		Evicted: c.Evicted, Starved: c.Starved, Forgotten: c.Forgotten, Panics: c.Panics, Outside: c.Outside, BadChecksums: c.BadChecksums,
		Capture: captureJSON{
			Dropped: loss.Dropped, Cut: loss.Cut, TCPBytes: loss.TCPBytes, Unseen: loss.Unseen,
			Undecoded: counts(loss.Undecoded), FragmentsGivenUp: loss.FragmentsGivenUp, Late: loss.Late,
			Filter: loss.Filter, Filtered: loss.Filtered, Broken: loss.Broken,
		},
	}
}

// counts makes an empty object of none.
func counts(m map[string]uint64) map[string]uint64 {
	if m == nil {
		return map[string]uint64{}
	}
	return m
}
