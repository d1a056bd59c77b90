package capture

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkLive measures what a packet costs that waits in the kernel's buffer:
// to take it out, to keep it and to decode it, in time of the processor. What
// ns/op says is for the most part the sending.
func BenchmarkLive(b *testing.B) {
	for _, way := range []string{WayLibpcap, WayRing} {
		for _, size := range []int{250, 1400} {
			name := map[int]string{250: "small", 1400: "large"}[size]
			b.Run(way+"/"+name, func(b *testing.B) {
				if way == WayLibpcap && !builtWithLibpcap {
					b.Skip("built without libpcap")
				}
				span, wire := veth(b)
				s := openLive(b, span, LiveOptions{Way: way})
				send := sender(b, wire)
				frame := toPort(5999, strings.Repeat("x", size))
				const frames = 15_000 // less than the buffer holds
				var batch Batch
				packets, spent := 0, time.Duration(0)
				for range b.N {
					for range frames {
						send(frame)
					}
					began := threadTime(b)
					for n := 0; n < frames; n += len(batch.Packets) {
						if err := s.Read(&batch); err != nil {
							b.Fatal(err)
						}
						packets += len(batch.Packets)
					}
					spent += threadTime(b) - began
				}
				if st := s.Stats(); st.Dropped > 0 {
					b.Fatalf("%+v", st)
				}
				b.ReportMetric(float64(spent.Nanoseconds())/float64(packets), "cpu-ns/packet")
			})
		}
	}
}

// threadTime is how long the thread, which veth has locked, has run.
func threadTime(b *testing.B) time.Duration {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at); err != nil {
		b.Fatal(err)
	}
	return time.Duration(at.Nano())
}
