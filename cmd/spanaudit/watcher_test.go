package main

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/rules"
)

// watched audits a capture while it is watched, and returns what was told when
// first, by id.
func watched(t *testing.T, policy *rules.Policy, path string) (*rules.Report, map[string]rules.Finding) {
	t.Helper()
	told := map[string]rules.Finding{}
	w := newWatcher(func(s *sight) {
		for _, f := range s.standing {
			if was, ok := told[f.ID]; f.firm && (!ok || f.Severity > was.Severity) {
				told[f.ID] = f.Copy()
			}
		}
	})
	return audited(t, policy, path, w), told
}

func audited(t *testing.T, policy *rules.Policy, path string, w *watcher) *rules.Report {
	t.Helper()
	src, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := runAudit(t.Context(), src, policy, auditOptions{Workers: 2, Watch: w})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is told while the traffic goes on stands in the end, as grave; what stands
// in the end was told, save what only the end can show; and the audit itself is not
// changed by being watched.
func TestWhatIsToldEarlyStands(t *testing.T) {
	captures, _ := filepath.Glob("../../fixtures/*/*.pcapng")
	more, _ := filepath.Glob("../../../shared/corpus/captures/*")
	if len(more) == 0 {
		t.Log("without the corpus, which is not here")
	}
	captures = append(captures, more...)
	for _, path := range captures {
		base := strings.TrimSuffix(path, ".pcapng")
		t.Run(filepath.Base(filepath.Dir(base))+"/"+filepath.Base(base), func(t *testing.T) {
			file := "edge-camera"
			if strings.HasPrefix(path, "../../fixtures/") {
				file = policyFor(base)
			}
			policy, err := loadPolicy(world{stderr: &bytes.Buffer{}}, file)
			if err != nil {
				t.Fatal(err)
			}
			r, told := watched(t, policy, path)
			final := map[string]rules.Finding{}
			for _, f := range r.Findings {
				final[f.ID] = f
				if _, ok := told[f.ID]; !ok && !f.Revisable {
					t.Errorf("%s was not told: %s", f.Rule, f.Message)
				}
			}
			for id, f := range told {
				switch stands, ok := final[id]; {
				case !ok:
					t.Errorf("%s was told and does not stand: %s", f.Rule, f.Message)
				case stands.Severity != f.Severity:
					t.Errorf("%s was told as %s and is %s: %s", f.Rule, f.Severity, stands.Severity, f.Message)
				}
			}
			var with, without bytes.Buffer
			if err := report.JSON(&with, report.New(tool(), nil, r)); err != nil {
				t.Fatal(err)
			}
			if err := report.JSON(&without, report.New(tool(), nil, audited(t, policy, path, nil))); err != nil {
				t.Fatal(err)
			}
			if with.String() != without.String() {
				t.Errorf("watching changes the audit: %s", firstDifference(without.String(), with.String()))
			}
		})
	}
}

// What is judged while it comes in, with pauses in which the clock of the wall goes
// on, is judged as the file is in which the pauses are gaps.
func TestThePausesOfAnInterfaceChangeNothing(t *testing.T) {
	captures, _ := filepath.Glob("../../fixtures/*/*.pcapng")
	if len(captures) == 0 {
		t.Fatal("no fixtures found")
	}
	for _, path := range captures {
		base := strings.TrimSuffix(path, ".pcapng")
		t.Run(filepath.Base(filepath.Dir(base))+"/"+filepath.Base(base), func(t *testing.T) {
			t.Parallel()
			policy, err := loadPolicy(world{stderr: &bytes.Buffer{}}, policyFor(base))
			if err != nil {
				t.Fatal(err)
			}
			want := document(t, audited(t, policy, path, nil))
			for _, late := range []time.Duration{0, 80 * time.Millisecond} {
				if got := document(t, comingIn(t, policy, path, late)); got != want {
					t.Errorf("read %s late, the report differs: %s", late, firstDifference(want, got))
				}
			}
		})
	}
}

// A flow goes on whose next packet comes just in time, although the clock of the
// wall is past that time when the packet is read.
func TestAPacketThatIsReadLateIsNotLate(t *testing.T) {
	policy, err := loadPolicy(world{stderr: &bytes.Buffer{}}, "edge-camera")
	if err != nil {
		t.Fatal(err)
	}
	c := &connection{client: netip.MustParseAddrPort("10.20.0.10:40000"), server: netip.MustParseAddrPort("10.20.0.21:5999")}
	for i := range 4 {
		c.datagram(i%2 == 1, []byte("x"))
		// The table of flows is gone through each second, and this is just before it.
		c.frames[i].time = time.Hour + 950*time.Millisecond + time.Duration(i/2)*2*time.Minute
	}
	path := writeFrames(t, c.frames)
	want := audited(t, policy, path, nil)
	if got := comingIn(t, policy, path, 80*time.Millisecond); want.Coverage.Flows != 1 || got.Coverage.Flows != 1 {
		t.Errorf("%d flows in the file, %d on the interface", want.Coverage.Flows, got.Coverage.Flows)
	}
}

// comingIn audits a capture as an interface shows it: packets are read at the
// latest so long after they came, and nothing is, ten times a second, while none
// come.
func comingIn(t *testing.T, policy *rules.Policy, path string, late time.Duration) *rules.Report {
	t.Helper()
	src, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	p := newPipeline(policy, auditOptions{Workers: 2, Watch: newWatcher(func(*sight) {})})
	deal := func(packets []flow.Packet, claims []flow.ARP, at []int, now time.Time) {
		b := <-p.free
		b.Batch = capture.Batch{Packets: packets, ARPs: claims, ARPsAt: at}
		p.deal(b, now)
	}
	wall := func(at flow.Time, after time.Duration) time.Time { return time.Unix(0, int64(at)).Add(after) }
	var all capture.Batch
	var heard flow.Time
	for src.Read(&all) == nil {
		claims := 0
		for i := 0; i < len(all.Packets); {
			first := all.Packets[i].Frame.Time
			if pause := first.Sub(heard); heard != 0 {
				for after := 100 * time.Millisecond; after < pause; after += max(100*time.Millisecond, pause/100) {
					deal(nil, nil, nil, wall(heard, after))
				}
				deal(nil, nil, nil, wall(heard, pause+late))
			}
			n := i + 1
			for n < len(all.Packets) && all.Packets[n].Frame.Time.Sub(first) < late {
				n++
			}
			begin := claims
			var at []int
			for ; claims < len(all.ARPs) && (all.ARPsAt[claims] < n || n == len(all.Packets)); claims++ {
				at = append(at, all.ARPsAt[claims]-i)
			}
			heard = all.Packets[n-1].Frame.Time
			deal(all.Packets[i:n], all.ARPs[begin:claims], at, wall(heard, 0))
			i = n
		}
		judged(p) // nobody looks at the packets any more
	}
	p.finish()
	return p.audit.Finish(p.loss(src))
}

// judged waits until nobody is at work on what was dealt out.
func judged(p *pipeline) {
	var all []*batch
	for range batches {
		all = append(all, <-p.free)
	}
	for _, b := range all {
		p.free <- b
	}
}

// A watch goes on when the clock is set, by however much and either way: it tells
// what it finds, and holds on to no flow of another time.
func TestAWatchSurvivesAClockThatIsSet(t *testing.T) {
	policy, err := loadPolicy(world{stderr: &bytes.Buffer{}}, "../../fixtures/site.yaml")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, step := range map[string]time.Duration{
		"an hour back": -time.Hour, "years back": -9 * 365 * 24 * time.Hour, "two seconds back": -2 * time.Second, "a day on": 24 * time.Hour, "years on": 9 * 365 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			var looks, open int
			told := map[string]bool{}
			p := newPipeline(policy, auditOptions{Workers: 2, Watch: newWatcher(func(s *sight) {
				looks, open = looks+1, s.open
				for _, f := range s.standing {
					if f.firm {
						told[f.Rule+" "+f.Peer.IP.String()] = true
					}
				}
			})})
			var number uint64
			deal := func(now time.Time, peer string) {
				b := <-p.free
				b.Batch = capture.Batch{}
				if peer != "" {
					number++
					b.Packets = []flow.Packet{{
						Frame: flow.Frame{Number: number, Time: flow.Time(now.UnixNano())}, Protocol: flow.UDP, IPID: uint16(number), TTL: 64, Length: 128, Payload: make([]byte, 100),
						Src: netip.AddrPortFrom(netip.MustParseAddr("10.20.0.10"), uint16(40000+number)), Dst: netip.AddrPortFrom(netip.MustParseAddr(peer), 9999),
					}}
				}
				p.deal(b, now)
			}
			now := start
			for i := range 100 { // five seconds before, and five after
				if now = now.Add(100 * time.Millisecond); i == 50 {
					now = now.Add(step)
				}
				peer := ""
				switch {
				case i == 10:
					peer = "203.0.113.7"
				case i == 60:
					peer = "203.0.113.8"
				case i%5 == 0:
					peer = "10.20.0.21"
				}
				deal(now, peer)
			}
			judged(p)
			before := looks
			for range 50 {
				now = now.Add(100 * time.Millisecond)
				deal(now, "")
			}
			deal(now, "")
			judged(p)
			if !told["egress-allow-list 203.0.113.7"] || !told["egress-allow-list 203.0.113.8"] {
				t.Errorf("told is %v", told)
			}
			if looks-before < 8 || open > 30 {
				t.Errorf("%d looks in the last five seconds, %d flows open", looks-before, open)
			}
			p.finish()
		})
	}
}
