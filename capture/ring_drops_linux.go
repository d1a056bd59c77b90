package capture

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// interfaceDrops counts the frames that the interface itself lost for want of
// room, as libpcap does: rx_missed_errors and rx_fifo_errors. What the system
// does not say is 0. The files stay open, since later they might not be opened
// any more.
type interfaceDrops struct {
	files []*os.File
	first uint64 // what they said at the beginning
	last  uint64
}

func (d *interfaceDrops) open(iface string, index int) {
	dir := fmt.Sprintf("/sys/class/net/%s/", iface)
	if text, err := os.ReadFile(dir + "ifindex"); err != nil || strings.TrimSpace(string(text)) != strconv.Itoa(index) {
		return // this /sys is of another network namespace
	}
	for _, name := range []string{"rx_missed_errors", "rx_fifo_errors"} {
		if f, err := os.Open(dir + "statistics/" + name); err == nil {
			d.files = append(d.files, f)
		}
	}
	d.first, _ = d.sum()
	d.last = d.first
}

// count is how many were lost since open.
func (d *interfaceDrops) count() uint64 {
	if now, ok := d.sum(); ok {
		d.last = max(d.last, now) // some drivers begin anew
	}
	return d.last - d.first
}

func (d *interfaceDrops) sum() (total uint64, ok bool) {
	for _, f := range d.files {
		var text [32]byte
		n, _ := f.ReadAt(text[:], 0)
		v, err := strconv.ParseUint(strings.TrimSpace(string(text[:n])), 10, 64)
		if err != nil {
			return 0, false // the interface is gone
		}
		total += v
	}
	return total, len(d.files) > 0
}

func (d *interfaceDrops) close() {
	d.count()
	for _, f := range d.files {
		f.Close()
	}
	d.files = nil
}
