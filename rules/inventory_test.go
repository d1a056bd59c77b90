package rules

import (
	"fmt"
	"testing"

	"spanaudit/classify"
)

// However many clients and servers there are, no version and no suite that is in
// use is missing from the inventory, and every flow is counted.
func TestInventoryHasEveryVersionAndSuite(t *testing.T) {
	a, w := NewAudit(builtin(t, "edge-camera")), &wire{}
	const flows = 3 * maxInventory
	for i := range flows {
		hello := classify.TLS{ClientHello: true, ServerHello: true, Version: classify.TLS13, CipherSuite: 0x1301, ServerName: fmt.Sprintf("host-%d.example", i)}
		if i == flows-1 {
			hello.Version, hello.CipherSuite = classify.TLS10, 0x0005
		}
		a.Ended(w.hello(hello))
	}
	r := a.Finish(Loss{})
	var counted uint64
	old := false
	for _, u := range r.Inventory {
		counted += u.Flows
		old = old || u.Version == classify.TLS10 && u.Cipher == 0x0005
	}
	if !old || counted+r.MoreInventory != flows || len(r.Inventory) > 2*maxInventory {
		t.Errorf("%d uses of %d flows and %d more, the old version among them: %v", len(r.Inventory), counted, r.MoreInventory, old)
	}
}
