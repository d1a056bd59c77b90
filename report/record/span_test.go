package record

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"

	"spanaudit/flow"
	"spanaudit/rules"
)

// A run that was killed has its flows told as they stood; one that was stopped
// has none under way, and of one that goes on they are told up to the present.
func TestFlowsUnderWayAreTold(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{})
	w := begin(t, s, begun)
	for i := range 6 {
		w.Early(flowAt(i, begun+flow.Time(i)*second))
	}
	w.Early(flowAt(2, begun+9*second)) // once more, grown
	w.Ended(flowAt(3, begun+8*second))
	must(t, w.Commit(ctx, begun+10*second))
	w.Ended(flowAt(1, begun+11*second))
	must(t, w.Commit(ctx, begun+12*second))

	h, sp := replayed(t, s, all, ever)
	if want := []uint64{3, 1, 0, 2, 4, 5}; !slices.Equal(h.orders(), want) || sp.Open != 4 || !sp.Running || sp.Flows != 6 {
		t.Errorf("of the run that goes on: %d, %+v", h.orders(), sp)
	}
	if h, sp := replayed(t, s, all, begun+11*second); !slices.Equal(h.orders(), []uint64{3}) || sp.Running {
		t.Errorf("of a time that is past, flows which may still end in another: %d, %+v", h.orders(), sp)
	}

	next := begin(t, s, begun+60*second) // the first one was killed
	next.Early(flowAt(1, begun+61*second))
	next.Ended(flowAt(1, begun+62*second))
	must(t, next.Close(ctx, begun+63*second))
	h, sp = replayed(t, s, all, ever)
	if want := []uint64{3, 1, 0, 2, 4, 5, 1}; !slices.Equal(h.orders(), want) || sp.Open != 4 {
		t.Errorf("of two runs: %d, %+v", h.orders(), sp)
	}
	if h, sp = replayed(t, s, begun+5*second, begun+10*second); !slices.Equal(h.orders(), []uint64{3, 2, 5}) || sp.Open != 2 {
		t.Errorf("of a part: %d, %+v", h.orders(), sp)
	}
}

// When the sensor did not see, and why, is stated.
func TestBlindTimeIsStated(t *testing.T) {
	ctx := context.Background()
	path := newRecord(t)
	s := open(t, path, Options{})
	at := func(s int) flow.Time { return begun + flow.Time(s)*second }
	w := begin(t, s, at(10))
	w.Blind(at(20), CauseDown)
	must(t, w.Commit(ctx, at(21)))
	w.Sees(at(30))
	w.Sees(at(31)) // it does already
	must(t, w.Commit(ctx, at(40)))
	w.Blind(at(45), CausePaused)
	w.Sees(at(50))
	must(t, w.Close(ctx, at(60)))
	w = begin(t, s, at(70))
	must(t, w.Commit(ctx, at(76)))
	must(t, w.Commit(ctx, at(77))) // nothing new: not written, as it is less than the heartbeat
	begin(t, s, at(90))            // the one before was killed

	want := []Stretch{
		{at(0), at(10), CauseNotStarted}, {at(20), at(30), CauseDown}, {at(45), at(50), CausePaused},
		{at(60), at(70), CauseStopped}, {at(76), at(90), CauseCrash},
	}
	if _, sp := replayed(t, s, at(0), at(100)); !slices.Equal(sp.Blind, want) || !sp.Running {
		t.Errorf("%+v", sp)
	}
	if _, sp := replayed(t, s, at(25), at(48)); !slices.Equal(sp.Blind, []Stretch{{at(25), at(30), CauseDown}, {at(45), at(48), CausePaused}}) {
		t.Errorf("of a part: %+v", sp.Blind)
	}
	must(t, s.Close())
	s, err := OpenReadOnly(path)
	must(t, err)
	defer s.Close()
	want = append(want, Stretch{at(90), at(100), CauseCrash})
	if _, sp := replayed(t, s, at(0), at(100)); !slices.Equal(sp.Blind, want) || sp.Running {
		t.Errorf("when nobody writes: %+v", sp)
	}
	if _, sp := replayed(t, s, all, ever); sp.From != at(10) || sp.To != at(90) || sp.Blind[0].From != at(20) {
		t.Errorf("of all: %+v", sp)
	}
}

// fillLoss sets all that is counted to n and up.
func fillLoss(v reflect.Value, n *uint64) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			fillLoss(f, n)
		case reflect.Uint64:
			*n++
			f.SetUint(*n)
		case reflect.Int, reflect.Int64:
			*n++
			f.SetInt(int64(*n))
		case reflect.Bool:
			f.SetBool(true)
		case reflect.String:
			f.SetString("not port 22")
		case reflect.Map:
			f.Set(reflect.ValueOf(map[string]uint64{"LLDP": *n, "STP": *n + 1}))
		default:
			panic("a " + f.Kind().String())
		}
	}
}

// What was lost in a time is what was counted in it, of every counter.
func TestLossOfATimeIsWhatWasCountedInIt(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{})
	w := begin(t, s, begun)
	count := func(n uint64) rules.Loss {
		var l rules.Loss
		fillLoss(reflect.ValueOf(&l).Elem(), &n)
		return l
	}
	for i, n := range []uint64{100, 1000, 1000, 5000} {
		at := begun + flow.Time(i)*second
		w.Count(at, Counters{Frames: []uint64{n}, Loss: count(n)})
		must(t, w.Commit(ctx, at))
	}
	if _, sp := replayed(t, s, all, ever); !reflect.DeepEqual(sp.Loss, count(5000)) || sp.Inputs[0].Frames != 5000 {
		t.Errorf("%+v\n%+v is wanted", sp.Loss, count(5000))
	}
	_, sp := replayed(t, s, begun+second, begun+3*second)
	v := reflect.ValueOf(sp.Loss)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Uint64 && f.Uint() != 900 {
			t.Errorf("%s is %d; 900 is wanted", v.Type().Field(i).Name, f.Uint())
		}
	}
	if c := sp.Loss.CaptureLoss; c.Dropped != 900 || c.TCPBytes != 900 || c.Broken != 900 || c.Outages != 900 || c.Blind != 900 || c.Watched != 900 || !maps.Equal(c.Undecoded, map[string]uint64{"LLDP": 900, "STP": 900}) || !c.Counted || c.Filter == "" {
		t.Errorf("%+v", c)
	}
	// An interface that was opened anew counts from 0.
	w.Count(begun+9*second, Counters{Frames: []uint64{7}, Loss: count(7)})
	must(t, w.Commit(ctx, begun+9*second))
	if _, sp := replayed(t, s, begun+8*second, ever); sp.Loss.Dropped != 8 || sp.Inputs[0].Frames != 7 {
		t.Errorf("counted anew: %+v", sp.Loss)
	}
}

// The policies of a time are those in force in it, each told once.
func TestPoliciesInForceAreTold(t *testing.T) {
	ctx := context.Background()
	s := open(t, newRecord(t), Options{})
	w := begin(t, s, begun)
	camera, _ := rules.Builtin("edge-camera")
	panorama, _ := rules.Builtin("aws-panorama")
	for i, p := range []*rules.Policy{camera, camera, panorama} {
		w.Policy(begun+flow.Time(10*i)*second, p)
		must(t, w.Commit(ctx, begun+flow.Time(10*i)*second))
	}
	must(t, w.Close(ctx, begun+30*second))
	w = begin(t, s, begun+40*second)
	w.Policy(begun+40*second, panorama)
	must(t, w.Close(ctx, begun+50*second))
	names := func(from, to flow.Time) (list []string) {
		_, sp := replayed(t, s, from, to)
		for _, p := range sp.Policies {
			list = append(list, p.Name)
		}
		alone, err := s.Policies(ctx, from, to)
		if err != nil || !reflect.DeepEqual(alone, sp.Policies) {
			t.Errorf("%+v (%v); %+v are wanted", alone, err, sp.Policies)
		}
		return list
	}
	for _, c := range []struct {
		from, to flow.Time
		want     []string
	}{
		{all, ever, []string{camera.Name, panorama.Name}},
		{begun + 5*second, begun + 15*second, []string{camera.Name}},
		{begun + 15*second, begun + 25*second, []string{camera.Name, panorama.Name}},
		{begun + 20*second, ever, []string{panorama.Name}},
		{begun + 45*second, ever, []string{panorama.Name}},
	} {
		if got := names(c.from, c.to); !slices.Equal(got, c.want) {
			t.Errorf("%q; %q are wanted", got, c.want)
		}
	}
}
