package main

import (
	"fmt"
	"time"
)

// linkState is what the system says of an interface at one time.
type linkState struct {
	known       bool // the rest means something
	up          bool
	told        bool // what follows means something
	promiscuous bool
	speed       int // Mbit/s; 0 where there is none
	duplex      string
	mtu         int
	counters    map[string]uint64
	offloads    []string // that merge segments and are on, as ethtool -K names them; nil is not known
}

func (l linkState) String() string {
	s := "down"
	if l.up {
		s = "up"
	}
	if l.speed > 0 {
		s += fmt.Sprintf(", %d Mbit/s", l.speed)
	}
	if l.duplex != "" && l.duplex != "unknown" {
		s += ", " + l.duplex + " duplex"
	}
	return fmt.Sprintf("%s, MTU %d", s, l.mtu)
}

// linkCounters are the counters of frames that an interface lost
// (Documentation/networking/statistics.rst).
var linkCounters = []string{"rx_dropped", "rx_missed_errors", "rx_over_errors", "rx_fifo_errors", "rx_crc_errors"}

// clockState is what the kernel says of its clock.
type clockState struct {
	unknown      error
	synchronised bool
	maxError     time.Duration
}
