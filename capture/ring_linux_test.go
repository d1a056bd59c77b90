package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// readPayloads reads until n packets came or two seconds are over, and returns what
// they carried.
func readPayloads(t *testing.T, s *Source, n int) (payloads []string) {
	t.Helper()
	err := readLive(t, s, func(b Batch) bool {
		for _, p := range b.Packets {
			payloads = append(payloads, string(p.Payload))
		}
		return len(payloads) >= n
	})
	if err != nil {
		t.Error(err)
	}
	return payloads
}

// TestRingSurvivesAnOutage: down and up, without anybody having looked in
// between, and the loss of the carrier.
func TestRingSurvivesAnOutage(t *testing.T) {
	a, b := veth(t)
	s := openLive(t, a, LiveOptions{Way: WayRing})
	send := sender(t, b)
	outages := func(want int, last string) {
		t.Helper()
		all := s.Inputs()[0].Outages
		if st := s.Stats(); len(all) != want || st.Outages != uint64(want) || st.Blind <= 0 {
			t.Fatalf("%d outages, %+v", len(all), st)
		}
		for i, o := range all {
			if lasts := o.To == 0; lasts != (last == "lasts" && i == want-1) || !lasts && o.To < o.From || time.Since(o.From.UTC()) > time.Minute {
				t.Errorf("outage %d: %+v", i, o)
			}
		}
	}

	sees := func(word string) {
		t.Helper()
		seen := false
		err := readLive(t, s, func(batch Batch) bool {
			send(toPort(5999, word)) // the first may come to nothing: the peer learns of its carrier later
			for _, p := range batch.Packets {
				seen = seen || string(p.Payload) == word
			}
			return seen
		})
		if !seen || err != nil {
			t.Fatalf("%q is not seen, err %v", word, err)
		}
	}

	ip(t, "link", "set", a, "down")
	if got := readPayloads(t, s, 1); got != nil {
		t.Errorf("down, got %q", got)
	}
	outages(1, "lasts")
	ip(t, "link", "set", a, "up")
	sees("again")
	_ = s.Read(new(Batch)) // frames are told before the interface is looked at
	outages(1, "over")
	blind := s.Stats().Blind

	ip(t, "link", "set", a, "down")
	ip(t, "link", "set", a, "up")
	sees("short")
	_ = s.Read(new(Batch))
	outages(2, "over")

	ip(t, "link", "set", b, "down") // the cable is pulled
	readPayloads(t, s, 1000)        // within a second it is known
	outages(3, "lasts")
	ip(t, "link", "set", b, "up")
	readPayloads(t, s, 1000)
	outages(3, "over")
	if st := s.Stats(); st.Blind <= blind {
		t.Errorf("blind for %v, then %v", blind, st.Blind)
	}
}

func TestOutagesAreBounded(t *testing.T) {
	o := outages{in: &input{}}
	at := time.Unix(1_700_000_000, 0)
	for i := range 2 * maxOutages {
		o.begin(at.Add(time.Duration(2*i) * time.Second))
		o.begin(at.Add(time.Duration(2*i+1) * time.Second)) // it lasts
		o.end(at.Add(time.Duration(2*i+1) * time.Second))
		o.end(at.Add(time.Duration(2*i+2) * time.Second)) // none lasts
	}
	last := o.in.Outages[len(o.in.Outages)-1]
	if len(o.in.Outages) != maxOutages || o.count != 2*maxOutages || o.over != 2*maxOutages*time.Second || last.To-last.From != 1e9 {
		t.Errorf("%d of %d, %v, the last %+v", len(o.in.Outages), o.count, o.over, last)
	}
}

// TestRingCountsWhatItDrops: every frame is either read or counted as dropped.
func TestRingCountsWhatItDrops(t *testing.T) {
	a, b := veth(t)
	s := openLive(t, a, LiveOptions{Way: WayRing, Buffer: 1}) // the least there is
	frame := toPort(5999, strings.Repeat("x", 1400))
	send := sender(t, b)
	const frames = 4000
	for range frames {
		send(frame)
	}
	if st := s.Stats(); st.Received != frames || st.Dropped == 0 || st.Frozen == 0 || st.Frames != 0 {
		t.Fatalf("%+v", st)
	}
	got := len(readPayloads(t, s, frames))
	st := s.Stats()
	if st.Received != frames || uint64(got) != frames-st.Dropped || st.Frames != uint64(got) || got < 1000 {
		t.Errorf("read %d, %+v", got, st)
	}
	send(frame) // the ring takes frames again
	if again := readPayloads(t, s, 1); len(again) != 1 || s.Stats().Dropped != st.Dropped {
		t.Errorf("then read %d, %+v", len(again), s.Stats())
	}
}

// TestRingThatIsRelievedDropsNothing: what is set aside comes in its order, before
// what stayed in the ring, whichever block was being read when it was.
func TestRingThatIsRelievedDropsNothing(t *testing.T) {
	a, b := veth(t)
	s := openLive(t, a, LiveOptions{Way: WayRing, Buffer: 4 << 20})
	send := sender(t, b)
	const frames = 9000 // three times what the ring holds
	want := 0
	read := func(n int) {
		for _, payload := range readPayloads(t, s, n) {
			if !strings.HasPrefix(payload, fmt.Sprint(want, " ")) {
				t.Fatalf("frame %d is %.20q", want, payload)
			}
			want++
		}
	}
	for i := range frames {
		send(toPort(5999, fmt.Sprint(i, strings.Repeat(" x", 700))))
		switch {
		case i == 1000, i == 7000: // a block of the ring, and one that lies beside it, is read in part
			read(1)
		case i%100 == 0:
			s.Relieve()
		}
	}
	read(frames - want)
	if st := s.Stats(); want != frames || st.Dropped != 0 || st.Received != frames {
		t.Errorf("read %d, %+v", want, st)
	}
}

// TestRingIsRelievedOfSoMuch: beyond it frames are dropped and counted; and nothing
// is left of it when the capture ends.
func TestRingIsRelievedOfSoMuch(t *testing.T) {
	a, b := veth(t)
	s := openLive(t, a, LiveOptions{Way: WayRing, Buffer: 2 << 20})
	send := sender(t, b)
	const frames = 12_000
	for i := range frames {
		send(toPort(5999, fmt.Sprint(i, strings.Repeat(" x", 700))))
		if i%100 == 0 {
			s.Relieve()
		}
	}
	r := s.live.(*ring)
	held, dropped := r.relief.bytes, s.Stats().Dropped
	if held > 8<<20 || held < 7<<20 || dropped == 0 {
		t.Errorf("%d bytes are held, %d frames dropped", held, dropped)
	}
	if n := len(readPayloads(t, s, 1000)); n < 1000 {
		t.Errorf("%d frames", n)
	}
	s.Close()
	s.Relieve()
	if r.relief.bytes != 0 {
		t.Errorf("%d bytes are held after the end", r.relief.bytes)
	}
}

// TestRingBatchesStayValid: a batch is as it was when the ring has been filled
// several times over since.
func TestRingBatchesStayValid(t *testing.T) {
	a, b := veth(t)
	s := openLive(t, a, LiveOptions{Way: WayRing, Buffer: 1})
	send := sender(t, b)
	first := make([][]byte, 300)
	for i := range first {
		first[i] = toPort(5999, fmt.Sprint("first ", i, strings.Repeat("x", 1000)))
	}
	send(first...)
	var batches []Batch
	for n := 0; n < len(first); {
		var held Batch
		if err := s.Read(&held); err != nil {
			t.Fatal(err)
		}
		n += len(held.Packets)
		batches = append(batches, held)
		if len(batches) > 50 {
			t.Fatalf("only %d packets came", n)
		}
	}
	for range 8 {
		for range 1000 {
			send(toPort(5999, strings.Repeat("y", 1000)))
		}
		readPayloads(t, s, 1000)
	}
	s.Close()
	i := 0
	for _, held := range batches {
		for _, p := range held.Packets {
			if want := fmt.Sprint("first ", i, strings.Repeat("x", 1000)); string(p.Payload) != want {
				t.Fatalf("packet %d became %.20q", i, p.Payload)
			}
			i++
		}
	}
}

// TestRingLargeFrames: jumbo frames, segments merged by the network card (GRO)
// and those of BIG TCP.
func TestRingLargeFrames(t *testing.T) {
	namespace(t)
	ip(t, "link", "set", "lo", "mtu", "600000", "up")
	s := openLive(t, "lo", LiveOptions{Way: WayRing, Raw: true})
	send := sender(t, "lo")
	sizes := []int{1514, 9014, 65549, 262144, 300000, ringSnaplen, ringSnaplen + 1}
	for _, n := range sizes {
		frame := make([]byte, n)
		frame[12], frame[n-1] = 8, 0x5a
		send(frame)
	}
	var got []int
	err := readLive(t, s, func(b Batch) bool {
		for _, f := range b.Frames {
			got = append(got, f.Length)
			if want := min(f.Length, ringSnaplen); len(f.Data) != want || f.Length == want && f.Data[want-1] != 0x5a {
				t.Errorf("%d bytes of %d", len(f.Data), f.Length)
			}
		}
		return len(got) >= len(sizes)
	})
	if err != nil || !slices.Equal(got, sizes) || s.Stats().Cut != 1 {
		t.Errorf("got %d, want %d, err %v", got, sizes, err)
	}
}

// TestRingMergedSegments: a TCP segment that the sender leaves to the card to
// cut is seen as one frame.
func TestRingMergedSegments(t *testing.T) {
	a, b := veth(t)
	s := openLive(t, a, LiveOptions{Way: WayRing})
	payload := strings.Repeat("gro ", 15000)
	frame := ether(etherIPv4, ip4(6, 0, tcpSegment(client4, server4, "", payload)))
	// virtio_net_hdr: NEEDS_CSUM, GSO_TCPV4, header length, segment size, where the checksum begins and is
	header := []byte{1, 1}
	for _, v := range []uint16{54, 1448, 34, 16} {
		header = le.AppendUint16(header, v)
	}
	sender(t, b, unix.PACKET_VNET_HDR)(join(header, frame))
	if got := readPayloads(t, s, 1); len(got) != 1 || got[0] != payload {
		t.Errorf("%d packets", len(got))
	}
}

// TestRingBareIP: an interface without a link layer.
func TestRingBareIP(t *testing.T) {
	namespace(t)
	tun, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no TUN to be had here: %v", err)
	}
	defer tun.Close()
	req, err := unix.NewIfreq("tun0")
	if err != nil {
		t.Fatal(err)
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(int(tun.Fd()), unix.TUNSETIFF, req); err != nil {
		t.Skipf("no TUN to be had here: %v", err)
	}
	ip(t, "link", "set", "tun0", "up")
	s := openLive(t, "tun0", LiveOptions{Way: WayRing})
	if _, err := tun.Write(ip4(17, 0, udp(client4, server4, "bare"))); err != nil {
		t.Fatal(err)
	}
	if got := readPayloads(t, s, 1); !slices.Contains(got, "bare") {
		t.Errorf("got %q, %+v", got, s.Stats())
	}
}

func TestRingRefuses(t *testing.T) {
	if _, err := ringLink("ppp0", unix.ARPHRD_PPP); err == nil || err.Error() != "interface ppp0 has hardware type 512 (ARPHRD_), which a packet ring is not known to show in one form: capture it with libpcap" {
		t.Errorf("hardware type: %v", err)
	}
	if _, err := OpenLive("any", LiveOptions{Way: WayRing}); err == nil || !strings.Contains(err.Error(), "any is all of them: capture it with libpcap") {
		t.Errorf("any: %v", err)
	}
	for hardware, want := range map[uint16]uint16{unix.ARPHRD_IEEE80211_RADIOTAP: linkRadiotap, unix.ARPHRD_IEEE80211: linkWLAN} {
		if link, err := ringLink("wlan0", hardware); link != want || err != nil {
			t.Errorf("hardware type %d: %d, %v", hardware, link, err)
		}
	}
}

// TestRingShowsWhatTheFileShows: a capture that is sent again gives the packets
// that reading it gives.
func TestRingShowsWhatTheFileShows(t *testing.T) {
	path := filepath.Join("..", "fixtures", "violation", "site.pcapng")
	src, err := Open([]string{path}, Options{Raw: true})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	a, b := veth(t)
	ip(t, "link", "set", a, "mtu", "65535")
	ip(t, "link", "set", b, "mtu", "65535")
	s := openLive(t, a, LiveOptions{Way: WayRing})
	send := sender(t, b)
	var want, got []string
	tell := func(to *[]string, batch Batch) {
		for _, p := range batch.Packets {
			*to = append(*to, fmt.Sprint(p.Src, p.Dst, p.VLAN, p.InnerVLAN, p.SrcMAC, p.Protocol, p.Flags, p.Seq, p.Length, string(p.Payload)))
		}
	}
	for {
		var batch Batch
		if err := src.Read(&batch); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, f := range batch.Frames {
			if f.Link != linkEthernet || len(f.Data) != f.Length {
				t.Fatalf("frame %d is not to be sent", f.Frame.Number)
			}
			send(f.Data)
		}
		tell(&want, batch)
	}
	if err := readLive(t, s, func(batch Batch) bool { tell(&got, batch); return len(got) >= len(want) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d packets, of the file %d", len(got), len(want))
	}
}

const childVariable = "SPANAUDIT_TEST_RING"

// TestRingNeedsNoRightsAfterOpening: all is read and counted by a process that
// gave up root and every capability; and when it is killed the interface is not
// left promiscuous.
func TestRingNeedsNoRightsAfterOpening(t *testing.T) {
	if iface := os.Getenv(childVariable); iface != "" {
		ringChild(t, iface)
		return
	}
	a, b := veth(t)
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"="+a)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	hears := func(want string) {
		t.Helper()
		for lines.Scan() {
			if line, ok := strings.CutPrefix(lines.Text(), "child: "); ok {
				if line != want {
					t.Fatalf("child says %q, want %q", line, want)
				}
				return
			}
		}
		t.Fatalf("child ended, want %q", want)
	}
	promiscuity := func(want string) {
		t.Helper()
		out, err := exec.Command("ip", "-d", "link", "show", a).Output()
		if err != nil || !strings.Contains(string(out), "promiscuity "+want+" ") {
			t.Errorf("want promiscuity %s: %s, %v", want, out, err)
		}
	}
	hears("CapEff:\t0000000000000000")
	promiscuity("1")
	sender(t, b)(toPort(5999, "hello"))
	hears("hello 1 0")
	ip(t, "link", "set", a, "down")
	hears("outages 1")
	ip(t, "link", "set", a, "up")
	hears("it is over")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	promiscuity("0")
}

func ringChild(t *testing.T, iface string) {
	s, err := OpenLive(iface, LiveOptions{Way: WayRing})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534)); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "CapEff:") {
			fmt.Print("\nchild: ", line)
		}
	}
	if _, err := OpenLive(iface, LiveOptions{Way: WayRing}); err == nil || !strings.Contains(err.Error(), "is not permitted: run as root, or give the program the right once: sudo setcap cap_net_raw=eip ") {
		t.Fatalf("opened again: %v", err)
	}
	payload := readPayloads(t, s, 1)
	st := s.Stats()
	fmt.Println("child:", strings.Join(payload, " "), st.Received, st.Dropped)
	last := func(over bool) {
		if err := readLive(t, s, func(Batch) bool {
			all := s.Inputs()[0].Outages
			return len(all) == 1 && (all[0].To != 0) == over
		}); err != nil {
			t.Fatal(err)
		}
	}
	last(false)
	fmt.Println("child: outages", s.Stats().Outages)
	last(true)
	fmt.Println("child: it is over")
	time.Sleep(time.Minute) // until it is killed
}
