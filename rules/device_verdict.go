package rules

// DeviceVerdict is what a requirement comes to for one declared device: of the
// flows that were held against it, and of the findings about it.
type DeviceVerdict struct {
	Device    *Device
	Verdict   Verdict
	Examined  int
	Failed    int
	Undecided int
}

// tally counts what a rule examined of one device, and could not decide.
type tally struct{ examined, undecided int }

// held returns the declared device that the flow is held against, as Parties
// chooses it, or else the declared device at its other end; nil where neither is
// declared.
func (c *Case) held() *Device {
	first, second := c.clientDevice, c.serverDevice
	if c.serverTrust == Local && c.clientTrust != Local {
		first, second = second, first
	}
	if first != nil {
		return first
	}
	return second
}

// of returns the tally of a declared device.
func (l *ledger) of(d *Device) *tally {
	t := l.devices[d]
	if t == nil {
		if l.devices == nil {
			l.devices = map[*Device]*tally{}
		}
		t = &tally{}
		l.devices[d] = t
	}
	return t
}

// byDevice returns the verdicts on the declared devices of which something was
// seen, in the policy's order.
func (l *ledger) byDevice(declared []*Device, lossy string) (list []DeviceVerdict) {
	if l.notApplicable != "" || len(declared) == 0 {
		return nil
	}
	failed := map[string]int{}
	for _, f := range l.findings {
		failed[f.Device.ID] += f.Count
	}
	for _, d := range declared {
		t := l.of(d)
		v := DeviceVerdict{Device: d, Failed: failed[d.ID], Undecided: t.undecided}
		v.Examined = t.examined + t.undecided + v.Failed
		switch {
		case v.Failed > 0:
			v.Verdict = Fail
		case v.Undecided > 0, v.Examined > 0 && l.doc.Kind == Prohibition && lossy != "":
			v.Verdict = Indeterminate
		case v.Examined > 0:
			v.Verdict = Pass
		default:
			continue
		}
		list = append(list, v)
	}
	return list
}
