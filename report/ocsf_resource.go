package report

import (
	"regexp"
	"strconv"
)

// hostnameForm is OCSF's hostname_t: what a ServerName or an answer of DNS says
// need not be one.
var hostnameForm = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?)*$`)

// resource adds the device that was judged, with its verdict where there is one.
func (e *ocsfEvent) resource(d Device, verdict string) {
	if d == (Device{}) {
		return
	}
	r := ocsfResource{UID: d.ID, Name: d.name(), Type: d.Role, RoleID: 1, Role: "Target", IP: address(d.IP)}
	if data := (ocsfResourceData{MAC: d.MAC, KnownBy: d.KnownBy, Verdict: verdict}); data != (ocsfResourceData{}) {
		r.Data = &data
	}
	e.add(r)
}

// peer adds the other party.
func (e *ocsfEvent) peer(p Peer) {
	if p == (Peer{}) {
		return
	}
	r := ocsfResource{Name: p.name(), RoleID: 4, Role: "Related", IP: address(p.IP)}
	if hostnameForm.MatchString(p.Name) {
		r.Hostname = p.Name
	}
	if p.Port != 0 {
		r.Data = &ocsfResourceData{Port: p.Port}
	}
	e.add(r)
}

// add adds a resource, and what of it others may look for.
func (e *ocsfEvent) add(r ocsfResource) {
	at := "resources[" + strconv.Itoa(len(e.Resources)) + "]."
	observe := func(name string, kind int, caption, value string) {
		if value != "" {
			e.Observables = append(e.Observables, ocsfObservable{at + name, kind, caption, value})
		}
	}
	observe("hostname", 1, "Hostname", r.Hostname)
	observe("ip", 2, "IP Address", r.IP)
	if r.Data != nil {
		observe("data.mac", 3, "MAC Address", r.Data.MAC)
	}
	e.Resources = append(e.Resources, r)
}
