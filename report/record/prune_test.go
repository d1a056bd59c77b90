package record

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/flow"
	"spanaudit/rules"
)

func pruneAll(t *testing.T, s *Store, now flow.Time) (calls int) {
	t.Helper()
	for {
		more, err := s.Prune(context.Background(), now)
		must(t, err)
		if calls++; !more {
			return calls
		}
		if calls > 1000 {
			t.Fatal("it never ends")
		}
	}
}

// The oldest events go for their age, a little at a time; the record says since
// when it is whole, and findings that were told outlive them.
func TestOldEventsGoAndFindingsStay(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{MaxAge: 1000 * time.Second, MaxFindingAge: 1800 * time.Second})
	w := begin(t, s, begun)
	for i := range 2000 {
		at := begun + flow.Time(i)*second
		w.Ended(flowAt(i, at))
		var told []Finding
		if i%100 == 0 {
			told = append(told, Finding{ID: fmt.Sprint(i), Rule: "ntp-source", First: at, Last: at, Packets: []Packet{{Data: []byte("packet")}}})
		}
		must(t, w.Commit(ctx, at, told...))
	}
	now := begun + 2000*second
	if calls := pruneAll(t, s, now); calls < 1000/pruneBatches {
		t.Errorf("%d calls: too much at once", calls)
	}
	h, sp := replayed(t, s, all, ever)
	since := begun + 999*second + 1
	if len(h.events) != 1000 || sp.KeptSince != since || len(sp.Blind) != 1 || sp.Blind[0] != (Stretch{begun, since, CauseNotKept}) {
		t.Errorf("%d events, kept since second %d, %+v", len(h.events), (sp.KeptSince-begun)/second, sp.Blind)
	}
	if _, sp := replayed(t, s, begun+1500*second, ever); len(sp.Blind) > 0 {
		t.Errorf("of the time that is kept: %+v", sp.Blind)
	}
	findings, err := s.Findings(ctx, all, ever)
	must(t, err)
	if len(findings) != 18 || findings[0].ID != "200" {
		t.Errorf("%d findings, the first is %q; those of the last 1800 seconds are wanted", len(findings), findings[0].ID)
	}
	for id, want := range map[string]int{"100": 0, "200": 1} {
		if packets, err := s.Packets(ctx, id); err != nil || len(packets) != want {
			t.Errorf("finding %s has %d packets (%v)", id, len(packets), err)
		}
	}
}

// A record that is too large shrinks to its bound, on the disk too, however much
// is written; what is left is the newest.
func TestRecordStaysWithinItsSize(t *testing.T) {
	ctx := context.Background()
	const bound = 1 << 20
	path := newRecord(t)
	s := open(t, path, Options{MaxBytes: bound})
	w := begin(t, s, begun)
	n := 0
	for i := range 300 {
		for range 100 {
			r := flowAt(n, begun+flow.Time(n)*second/100)
			r.TLS.SessionKeys = [][32]byte{sha256.Sum256([]byte{byte(n), byte(n >> 8)})}
			w.Ended(r)
			n++
		}
		at := begun + flow.Time(i)*second
		must(t, w.Commit(ctx, at))
		if i%20 == 0 {
			_, err := s.Prune(ctx, at)
			must(t, err)
		}
	}
	pruneAll(t, s, begun+300*second)
	if size, err := s.Size(ctx); err != nil || size > bound || size < bound/2 {
		t.Errorf("%d bytes are in use (%v); the bound is %d", size, err, bound)
	}
	h, sp := replayed(t, s, all, ever)
	orders := h.orders()
	if len(orders) == n || len(orders) == 0 || orders[len(orders)-1] != uint64(n-1) || orders[0] != uint64(n-len(orders)) || sp.KeptSince == 0 {
		t.Errorf("%d of %d flows are left, of them the first is %d; %+v", len(orders), n, orders[0], sp)
	}
	must(t, w.Close(ctx, begun+300*second))
	must(t, s.Close())
	if info, err := os.Stat(path); err != nil || info.Size() > bound+(sparePages+16)*4096 {
		t.Errorf("the file has %d bytes", info.Size())
	}
}

// Batches of seconds in which little happens are joined, which changes nothing but
// the room that they take.
func TestSmallBatchesAreJoined(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{})
	n := 0
	for i := range 2 {
		w := begin(t, s, begun+flow.Time(i)*10_000*second)
		for range 700 {
			at := begun + flow.Time(n)*second
			w.Ended(flowAt(n, at))
			w.Count(at, Counters{Frames: []uint64{uint64(n)}})
			must(t, w.Commit(ctx, at))
			n++
		}
		must(t, w.Close(ctx, begun+flow.Time(n)*second))
	}
	_, err := s.write.Exec("UPDATE batch SET lost = 3 WHERE id = 100; UPDATE batch SET data = x'00' WHERE id = 200")
	must(t, err)
	before, was := replayed(t, s, all, ever)
	size := func() (batches, bytes int) {
		must(t, s.read.QueryRow("SELECT count(*), sum(length(data)) FROM batch").Scan(&batches, &bytes))
		return batches, bytes
	}
	_, bytes := size()
	pruneAll(t, s, begun+1400*second)
	after, is := replayed(t, s, all, ever)
	if !reflect.DeepEqual(before, after) || !reflect.DeepEqual(was, is) || len(after.events) != 1399 || is.Lost != 3 {
		t.Errorf("%d events and %+v\nwere %d and %+v", len(after.events), is, len(before.events), was)
	}
	// 99, one with losses, 99, a damaged one, 500 of the first run; 600 of the second, and what is not enough yet.
	if batches, now := size(); batches != 5+1+100 || now > bytes/2 {
		t.Errorf("%d batches of %d bytes, which had %d", batches, now, bytes)
	}
	half, _ := replayed(t, s, begun+650*second, begun+750*second)
	if len(half.events) != 100 {
		t.Errorf("%d events of 100 seconds", len(half.events))
	}
}

// Batches that are large by themselves stay as they are; small ones behind them are
// joined, and none twice.
func TestLargeBatchesAreNotJoined(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{})
	w := begin(t, s, begun)
	add := func(n int) {
		must(t, w.Commit(ctx, begun+flow.Time(n)*second))
	}
	n := 0
	for range 3 { // large ones
		for range 4000 {
			w.Ended(flowAt(n, begun+flow.Time(n)*second))
			n++
		}
		add(n)
	}
	batches := func() (list []string) {
		rows, err := s.read.Query("SELECT id || ' ' || size FROM batch ORDER BY id")
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var line string
			must(t, rows.Scan(&line))
			list = append(list, line)
		}
		return list
	}
	large := batches()
	pruneAll(t, s, begun)
	if got := batches(); len(large) != 3 || !slices.Equal(got, large) {
		t.Fatalf("%v, which were %v", got, large)
	}
	for range joinBatches + 1 {
		w.Ended(flowAt(n, begun+flow.Time(n)*second))
		n++
		add(n)
	}
	before, _ := replayed(t, s, all, ever)
	pruneAll(t, s, begun)
	pruneAll(t, s, begun)
	after, _ := replayed(t, s, all, ever)
	if got := batches(); len(got) != 3+1+1 || !slices.Equal(got[:3], large) || !reflect.DeepEqual(before, after) {
		t.Errorf("%v, which were %v; %d events of %d", got, large, len(after.events), len(before.events))
	}
	must(t, w.Close(ctx, begun+flow.Time(n)*second))
}

// Packets of one finding are bounded, and those of all; a finding that is told
// again stays one, and keeps when it was told first.
func TestFindingsAndTheirPacketsAreBounded(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{FindingBytes: 1000, PacketBytes: 2500, MaxFindings: 4})
	w := begin(t, s, begun)
	frame := func(n int) Packet {
		return Packet{Frame: flow.Frame{Input: 1, Number: uint64(n), Time: begun + flow.Time(n)}, Link: 1, Length: 1500, Data: make([]byte, 300)}
	}
	for i := range 6 {
		at := begun + flow.Time(i)*second
		f := Finding{ID: fmt.Sprint(i), Rule: "tls-version", Severity: rules.Medium, First: at, Last: at, Count: 1, JSON: []byte("{}")}
		for n := range 5 {
			f.Packets = append(f.Packets, frame(n))
		}
		must(t, w.Commit(ctx, at, f))
	}
	again := Finding{ID: "5", Rule: "tls-version", Severity: rules.High, First: begun + 5*second, Last: begun + 9*second, Count: 7, JSON: []byte(`{"count":7}`)}
	must(t, w.Commit(ctx, begun+9*second, again))
	pruneAll(t, s, begun+10*second)
	findings, err := s.Findings(ctx, all, ever)
	must(t, err)
	if len(findings) != 4 || findings[0].ID != "2" {
		t.Fatalf("%d findings: %+v; the last four are wanted", len(findings), findings)
	}
	if f := findings[3]; f.Severity != rules.High || f.Count != 7 || f.Told != begun+5*second || f.Last != begun+9*second || string(f.JSON) != `{"count":7}` {
		t.Errorf("told again: %+v", f)
	}
	for id, want := range map[string]int{"5": 3, "4": 3, "3": 0, "2": 0} {
		packets, err := s.Packets(ctx, id)
		must(t, err)
		if len(packets) != want {
			t.Errorf("finding %s has %d packets; %d are wanted", id, len(packets), want)
		}
		if want > 0 && (packets[2].Frame != frame(2).Frame || packets[2].Link != 1 || packets[2].Length != 1500 || len(packets[2].Data) != 300) {
			t.Errorf("packet %+v", packets[2])
		}
	}
}

// A finding that is told again has each packet once, and those of each run are told
// apart although every run counts its frames from 1.
func TestPacketsAreThoseOfTheirRun(t *testing.T) {
	ctx := context.Background()
	path := newRecord(t)
	s := open(t, path, Options{})
	packet := func(n int) Packet {
		return Packet{Frame: flow.Frame{Number: uint64(n), Time: begun + flow.Time(n)}, Link: 1, Data: []byte("packet")}
	}
	told := func(w *Writer, at flow.Time, n ...int) {
		f := Finding{ID: "a", Rule: "tls-version", First: at, Last: at}
		for _, n := range n {
			f.Packets = append(f.Packets, packet(n))
		}
		w.Ended(flowAt(1, at))
		must(t, w.Commit(ctx, at, f))
	}
	w := begin(t, s, begun)
	told(w, begun+second, 1, 2)
	told(w, begun+2*second, 1, 2, 3)
	must(t, w.Close(ctx, begun+3*second))
	told(begin(t, s, begun+48*3600*second), begun+48*3601*second, 1, 4)

	packets, err := s.Packets(ctx, "a")
	must(t, err)
	numbers := func(from, to flow.Time) (list []uint64) {
		_, sp := replayed(t, s, from, to)
		for i := range packets {
			if f, ok := sp.Frame(&packets[i]); ok {
				list = append(list, uint64(100*f.Input)+f.Number)
			}
		}
		return list
	}
	if got := numbers(all, ever); !slices.Equal(got, []uint64{1, 101, 2, 3, 104}) {
		t.Errorf("of both runs: %d", got)
	}
	if got := numbers(begun+47*3600*second, ever); !slices.Equal(got, []uint64{1, 4}) {
		t.Errorf("of the second: %d", got)
	}
	if got := numbers(all, begun+3*second); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("of the first: %d", got)
	}
}

// A record of version 1 is made one of this version; of its packets nobody knows the
// run.
func TestARecordOfTheFirstVersionIsRead(t *testing.T) {
	ctx := context.Background()
	path := newRecord(t)
	db, err := connect(path)
	must(t, err)
	_, err = db.Exec(schema1 + `PRAGMA application_id = 1936744814; PRAGMA user_version = 1;
		INSERT INTO finding VALUES ('a', 'tls-version', 'high', 1, 1, 1, 1, '{}', 6);
		INSERT INTO packet (finding, input, number, time, link, length, data) VALUES ('a', 0, 7, 1, 1, 6, 'packet'), ('a', 0, 7, 1, 1, 6, 'packet')`)
	must(t, errors.Join(err, db.Close()))
	if _, err := OpenReadOnly(path); err == nil || !strings.Contains(err.Error(), "older version") {
		t.Errorf("only read: %v", err)
	}
	s := open(t, path, Options{})
	w := begin(t, s, begun)
	w.Ended(flowAt(1, begun))
	must(t, w.Commit(ctx, begun))
	packets, err := s.Packets(ctx, "a")
	must(t, err)
	_, sp := replayed(t, s, all, ever)
	if len(packets) != 2 || packets[0].Frame.Number != 7 {
		t.Fatalf("%+v", packets)
	}
	if f, ok := sp.Frame(&packets[0]); ok {
		t.Errorf("its packet is of a run: %+v", f)
	}
}

// Events for which there is no room, because commits fail, are counted, and the
// time is said to be blind.
func TestEventsWithoutRoomAreCounted(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{PendingBytes: 10_000})
	w := begin(t, s, begun)
	for i := range 1000 {
		w.Ended(flowAt(i, begun+flow.Time(i)*second))
	}
	must(t, w.Commit(ctx, begun+1000*second))
	w.Ended(flowAt(1000, begun+1000*second))
	must(t, w.Close(ctx, begun+1001*second))
	h, sp := replayed(t, s, all, ever)
	if sp.Lost == 0 || sp.Lost+uint64(len(h.events)) != 1001 || len(sp.Blind) != 1 || sp.Blind[0].Cause != CauseOverload {
		t.Errorf("%d events are told, %d lost, %+v", len(h.events), sp.Lost, sp.Blind)
	}
	if last := h.orders()[len(h.events)-1]; last != 1000 {
		t.Errorf("the last flow is %d", last)
	}
}

// Hosts that are local, and names, are listed for a quick look.
func TestHostsAndNamesAreListed(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{})
	w := begin(t, s, begun)
	camera, _ := rules.Builtin("edge-camera")
	w.Policy(begun, camera)
	for i := range 300 {
		w.Ended(flowAt(i%3, begun+flow.Time(i)*second))
		w.Learned(answer(i%3, begun+flow.Time(i)*second))
	}
	must(t, w.Close(ctx, begun+300*second))
	hosts, err := s.Hosts(ctx, all, 10)
	must(t, err)
	if len(hosts) != 3 || hosts[0].MAC == "" || hosts[0].First >= begun+3*second || hosts[0].Last < begun+230*second {
		t.Errorf("%+v", hosts)
	}
	_, _, l := answer(2, begun)
	names, err := s.Names(ctx, l.Names[0].Address, 10)
	must(t, err)
	if len(names) != 1 || names[0].Name != "name-2.example.com" || names[0].First != begun+2*second || names[0].Last < begun+230*second {
		t.Errorf("%+v", names)
	}
}
