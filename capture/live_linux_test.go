package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanaudit/flow"
)

// namespace moves the test's thread, which ends with it, into a network
// namespace of its own.
func namespace(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may make interfaces")
	}
	runtime.LockOSThread() // for good: the thread is not used again
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace to be had here: %v", err)
	}
}

// veth makes a pair of interfaces, up, in a namespace.
func veth(t testing.TB) (a, b string) {
	t.Helper()
	namespace(t)
	a, b = "span0", "wire0"
	if err := exec.Command("ip", "link", "add", a, "type", "veth", "peer", "name", b).Run(); err != nil {
		t.Skipf("no veth pair to be had here: %v", err)
	}
	for _, i := range []string{a, b} { // without IPv6, of which there would be packets of the system's own
		_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+i+"/disable_ipv6", []byte("1"), 0)
		ip(t, "link", "set", i, "up")
	}
	return a, b
}

func ip(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// sender returns a function that sends frames out of an interface, by a packet
// socket with the options given set.
func sender(t testing.TB, iface string, options ...int) func(frames ...[]byte) {
	t.Helper()
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(socket) })
	for _, o := range options {
		if err := unix.SetsockoptInt(socket, unix.SOL_PACKET, o, 1); err != nil {
			t.Fatal(err)
		}
	}
	_ = unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 4<<20)
	req, err := unix.NewIfreq(iface)
	if err == nil {
		err = unix.IoctlIfreq(socket, unix.SIOCGIFINDEX, req)
	}
	if err != nil {
		t.Fatal(err)
	}
	to := &unix.SockaddrLinklayer{Ifindex: int(req.Uint32())}
	return func(frames ...[]byte) {
		t.Helper()
		for _, f := range frames {
			err := unix.Sendto(socket, f, 0, to)
			for errors.Is(err, unix.ENOBUFS) {
				time.Sleep(100 * time.Microsecond)
				err = unix.Sendto(socket, f, 0, to)
			}
			if err != nil {
				t.Errorf("send %d bytes: %v", len(f), err)
			}
		}
	}
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

// eachWay runs a test for each way to capture that is built in.
func eachWay(t *testing.T, test func(t *testing.T, way string)) {
	for _, way := range []string{WayLibpcap, WayRing} {
		t.Run(way, func(t *testing.T) {
			if way == WayLibpcap && !builtWithLibpcap {
				t.Skip("built without libpcap")
			}
			test(t, way)
		})
	}
}

// openLive opens an interface until the test ends.
func openLive(t testing.TB, iface string, opt LiveOptions) *Source {
	t.Helper()
	s, err := OpenLive(iface, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// toPort is an Ethernet frame with a datagram to a port.
func toPort(port uint16, payload string) []byte {
	d := udp(client4, server4, payload)
	be.PutUint16(d[2:], port)
	return ether(etherIPv4, ip4(flow.UDP, 0, seal(d, 6, flow.UDP, client4, server4)))
}

func TestLive(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		a, b := veth(t)
		s := openLive(t, a, LiveOptions{Way: way})
		send := sender(t, b)
		before := time.Now()
		got := 0
		err := readLive(t, s, func(batch Batch) bool {
			send(toPort(5999, "hello"))
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
		if st := s.Stats(); st.Frames != uint64(got) || st.Received < 3 || st.Dropped != 0 || st.Outages != 0 {
			t.Errorf("%+v", st)
		}
		if in := s.Inputs()[0]; in.Name != a || in.Format != "live" || in.Frames != uint64(got) || in.Outages != nil {
			t.Errorf("%+v", in)
		}
	})
}

// TestLiveFilter: a filter is the kernel's, which has VLAN tags not in the frame
// but beside it.
func TestLiveFilter(t *testing.T) {
	for text, want := range map[string]string{
		"udp port 5999":              "plain seven eight", // as tcpdump has it: only the tag is not there
		"vlan 7":                     "seven",
		"vlan 7 and udp port 5998":   "",
		"vlan and udp dst port 5999": "seven eight",
	} {
		t.Run(text, func(t *testing.T) {
			eachWay(t, func(t *testing.T, way string) {
				a, b := veth(t)
				s, err := OpenLive(a, LiveOptions{Way: way, Filter: text})
				if !builtWithLibpcap {
					if err == nil || !strings.Contains(err.Error(), "a capture filter needs libpcap") {
						t.Errorf("err %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				sender(t, b)(toPort(5999, "plain"), toPort(53, "other"), tag(toPort(5999, "seven"), 7), tag(toPort(5999, "eight"), 8))
				var got []string
				err = readLive(t, s, func(batch Batch) bool {
					for _, p := range batch.Packets {
						got = append(got, string(p.Payload))
					}
					return want != "" && len(got) >= len(strings.Fields(want))
				})
				if strings.Join(got, " ") != want || err != nil {
					t.Errorf("got %q, err %v", got, err)
				}
				if st := s.Stats(); st.Received != uint64(len(got)) {
					t.Errorf("the kernel let pass %d, want %d", st.Received, len(got))
				}
			})
		})
	}
}

// TestLiveFinishes: what came before Finish is read, and no more is waited for
// although packets go on to come.
func TestLiveFinishes(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		a, b := veth(t)
		s := openLive(t, a, LiveOptions{Way: way})
		send := sender(t, b)
		const before = 3000
		for i := range before {
			send(toPort(5999, fmt.Sprint(i)))
		}
		s.Finish()
		stop := make(chan struct{})
		var sending sync.WaitGroup
		sending.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
					send(toPort(5999, "later"))
				}
			}
		})
		defer sending.Wait()
		defer close(stop)
		var got int
		began := time.Now()
		for {
			var batch Batch
			err := s.Read(&batch)
			for _, p := range batch.Packets {
				if string(p.Payload) == fmt.Sprint(got) {
					got++
				}
			}
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); got != before || took > 5*time.Second {
			t.Errorf("read %d of %d, in %v", got, before, took)
		}
	})
}

// tag puts an 802.1Q tag into a frame.
func tag(frame []byte, vlan uint16) []byte {
	return join(frame[:12], be.AppendUint16([]byte{0x81, 0}, vlan), frame[12:])
}

// TestLiveKeepsTheTag: the kernel takes a VLAN tag off before a capture sees the
// frame; it must be there again.
func TestLiveKeepsTheTag(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		a, b := veth(t)
		s := openLive(t, a, LiveOptions{Way: way, Raw: true})
		v4 := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
		frames := [][]byte{
			ether(etherVLAN, join([]byte{0xe0, 7, 8, 0}, v4)), // priority 7
			ether(etherQinQ, join([]byte{0, 8, 0x81, 0, 0, 9, 8, 0}, v4)),
		}
		sender(t, b)(frames...)
		var got [][2]uint16
		n := 0
		err := readLive(t, s, func(batch Batch) bool {
			for _, p := range batch.Packets {
				got = append(got, [2]uint16{p.VLAN, p.InnerVLAN})
			}
			for _, f := range batch.Frames {
				if n < len(frames) && string(f.Data) != string(frames[n]) {
					t.Errorf("frame % x\nwant  % x", f.Data, frames[n])
				}
				n++
			}
			return n >= len(frames)
		})
		if err != nil || len(got) != 2 || got[0] != [2]uint16{7, 0} || got[1] != [2]uint16{8, 9} {
			t.Errorf("got %v, err %v", got, err)
		}
	})
}

// TestLiveBothDirections: a packet that the interface's own host sends counts,
// and on the loopback, where each is seen twice, once.
func TestLiveBothDirections(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		a, b := veth(t)
		ip(t, "link", "set", "lo", "up")
		for iface, want := range map[string]string{a: "in out", "lo": "self"} {
			s := openLive(t, iface, LiveOptions{Way: way})
			sender(t, b)(toPort(5999, "in"))
			sender(t, a)(toPort(5999, "out"))
			sender(t, "lo")(toPort(5999, "self"))
			var got []string
			err := readLive(t, s, func(batch Batch) bool {
				for _, p := range batch.Packets {
					got = append(got, string(p.Payload))
				}
				return false
			})
			if strings.Join(got, " ") != want || err != nil {
				t.Errorf("%s: got %q, want %q, err %v", iface, got, want, err)
			}
		}
	})
}

// TestLiveSnaplen: what is cut is told as cut, with the length that it had.
func TestLiveSnaplen(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		a, b := veth(t)
		s := openLive(t, a, LiveOptions{Way: way, Snaplen: 64, Raw: true})
		frame := toPort(5999, strings.Repeat("x", 1000))
		sender(t, b)(frame, tag(frame, 7))
		var got []int
		err := readLive(t, s, func(batch Batch) bool {
			for _, f := range batch.Frames {
				got = append(got, len(f.Data), f.Length)
			}
			return len(got) == 4
		})
		if err != nil || len(got) != 4 || got[0] != 64 || got[1] != len(frame) || got[2] != 64 || got[3] != len(frame)+4 || s.Stats().Cut != 2 {
			t.Errorf("lengths %v, err %v, %+v", got, err, s.Stats())
		}
	})
}

func TestLiveInterfaceGoesAway(t *testing.T) {
	for _, c := range []struct {
		name, way, want string
		args            []string
	}{
		{"down", WayLibpcap, "interface span0 is down", []string{"link", "set", "span0", "down"}},
		{"removed", WayLibpcap, `no interface "span0"`, []string{"link", "del", "span0"}},
		{"removed", WayRing, "ended after 1 frames: interface span0 is gone", []string{"link", "del", "span0"}},
	} {
		t.Run(c.name+" "+c.way, func(t *testing.T) {
			if c.way == WayLibpcap && !builtWithLibpcap {
				t.Skip("built without libpcap")
			}
			a, b := veth(t)
			s := openLive(t, a, LiveOptions{Way: c.way})
			if c.way == WayRing { // what came before is read
				sender(t, b)(toPort(5999, "last"))
			}
			ip(t, c.args...)
			err := readLive(t, s, func(Batch) bool { return false })
			if err == nil || !strings.Contains(err.Error(), c.want) || s.Inputs()[0].Err == nil {
				t.Errorf("err %v", err)
			}
			if again := s.Read(new(Batch)); again == nil {
				t.Error("then it can be read again")
			}
		})
	}
}

// TestLiveChoosesTheWay: without a word the ring, and libpcap for what that
// cannot do.
func TestLiveChoosesTheWay(t *testing.T) {
	a, _ := veth(t)
	if _, ok := openLive(t, a, LiveOptions{}).live.(*ring); !ok {
		t.Error("no ring")
	}
	s, err := OpenLive("any", LiveOptions{})
	if !builtWithLibpcap {
		if err == nil {
			t.Error("any is captured by a ring")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, ok := s.live.(*ring); ok {
		t.Error("any is captured by a ring")
	}
}

func TestLiveRefuses(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		a, _ := veth(t)
		refuses := func(iface string, opt LiveOptions, want string) {
			t.Helper()
			opt.Way = way
			if s, err := OpenLive(iface, opt); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("err %v, want %q", err, want)
				if err == nil {
					s.Close()
				}
			}
		}
		refuses("nosuch0", LiveOptions{}, "it has ")
		if builtWithLibpcap {
			refuses(a, LiveOptions{Filter: "udp prot 1"}, "syntax error")
		}
		ip(t, "link", "set", a, "down")
		refuses(a, LiveOptions{}, "is down")
	})
	if _, err := OpenLive("lo", LiveOptions{Way: "pf_ring"}); err == nil || !strings.Contains(err.Error(), "say ring or libpcap") {
		t.Errorf("no such way: %v", err)
	}
}
