//go:build cgo && linux

package capture

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanaudit/flow"
)

// veth makes a pair of interfaces, up, in a network namespace of the test's
// thread, which ends with it.
func veth(t *testing.T) (a, b string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may make interfaces")
	}
	runtime.LockOSThread() // for good: the thread is not used again
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace to be had here: %v", err)
	}
	a, b = "span0", "wire0"
	run := func(args ...string) error { return exec.Command("ip", args...).Run() }
	if err := run("link", "add", a, "type", "veth", "peer", "name", b); err != nil {
		t.Skipf("no veth pair to be had here: %v", err)
	}
	for _, i := range []string{a, b} {
		if err := run("link", "set", i, "up"); err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

// readLive reads until done says so or two seconds are over.
func readLive(t *testing.T, s *Source, done func(Batch) bool) error {
	t.Helper()
	var b Batch
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		began := time.Now()
		err := s.Read(&b)
		if took := time.Since(began); took > 300*time.Millisecond {
			t.Errorf("a read took %v", took)
		}
		if err != nil || done(b) {
			return err
		}
	}
	return nil
}

func TestLive(t *testing.T) {
	a, b := veth(t)
	s, err := OpenLive(a, LiveOptions{Filter: "udp port 5999"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sender, err := OpenLive(b, LiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	hello := udp(client4, server4, "hello")
	be.PutUint16(hello[2:], 5999)
	hello = ether(etherIPv4, ip4(flow.UDP, 0, seal(hello, 6, flow.UDP, client4, server4)))
	before := time.Now()
	got := 0
	err = readLive(t, s, func(batch Batch) bool {
		if err := sender.live.handle.WritePacketData(hello); err != nil {
			t.Error(err)
		}
		for _, p := range batch.Packets {
			got++
			if string(p.Payload) != "hello" || p.Dst.Port() != 5999 || p.Frame.Number != uint64(got) || p.Frame.Time.UTC().Before(before) {
				t.Errorf("got %+v", p)
			}
		}
		return got >= 3
	})
	if err != nil || got < 3 {
		t.Fatalf("%d packets, err %v", got, err)
	}
	if st := s.Stats(); st.Frames != uint64(got) || st.Received < 3 || st.Dropped != 0 {
		t.Errorf("%+v", st)
	}
	if in := s.Inputs()[0]; in.Name != a || in.Format != "live" || in.Frames != uint64(got) {
		t.Errorf("%+v", in)
	}
}

// TestLiveKeepsTheTag: the kernel takes a VLAN tag off before a capture sees the
// frame; it must be there again.
func TestLiveKeepsTheTag(t *testing.T) {
	a, b := veth(t)
	s, err := OpenLive(a, LiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sender, err := OpenLive(b, LiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	v4 := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
	want := map[[2]uint16]bool{{7, 0}: true, {8, 9}: true}
	err = readLive(t, s, func(batch Batch) bool {
		for _, f := range [][]byte{
			ether(etherVLAN, join([]byte{0, 7, 8, 0}, v4)),
			ether(etherQinQ, join([]byte{0, 8, 0x81, 0, 0, 9, 8, 0}, v4)),
		} {
			if err := sender.live.handle.WritePacketData(f); err != nil {
				t.Error(err)
			}
		}
		for _, p := range batch.Packets {
			if string(p.Payload) == "hello" {
				delete(want, [2]uint16{p.VLAN, p.InnerVLAN})
			}
			if p.VLAN == 0 && p.Src.Port() == 4000 {
				t.Errorf("no tag: %+v", p)
			}
		}
		return len(want) == 0
	})
	if err != nil || len(want) > 0 {
		t.Errorf("not seen: %v, err %v", want, err)
	}
}

func TestLiveInterfaceGoesAway(t *testing.T) {
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"down", "interface span0 is down", []string{"link", "set", "span0", "down"}},
		{"removed", `no interface "span0"`, []string{"link", "del", "span0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := veth(t)
			s, err := OpenLive(a, LiveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := exec.Command("ip", c.args...).Run(); err != nil {
				t.Fatal(err)
			}
			err = readLive(t, s, func(Batch) bool { return false })
			if err == nil || !strings.Contains(err.Error(), c.want) || s.Inputs()[0].Err == nil {
				t.Errorf("err %v", err)
			}
		})
	}
}

func TestLiveRefuses(t *testing.T) {
	a, _ := veth(t)
	if _, err := OpenLive("nosuch0", LiveOptions{}); err == nil || !strings.Contains(err.Error(), "it has ") {
		t.Errorf("no such interface: %v", err)
	}
	if _, err := OpenLive(a, LiveOptions{Filter: "udp prot 1"}); err == nil || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("bad filter: %v", err)
	}
	if err := exec.Command("ip", "link", "set", a, "down").Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLive(a, LiveOptions{}); err == nil || !strings.Contains(err.Error(), "is down") {
		t.Errorf("interface down: %v", err)
	}
}
