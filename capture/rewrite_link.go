package capture

import (
	"encoding/binary"
)

// cooked maps the sender of LINKTYPE_LINUX_SLL, in a field of eight bytes.
func (r *rewriter) cooked(field []byte, length int) {
	if length == 6 {
		r.Hardware(field[:6])
		field = field[6:]
	}
	clear(field)
}

// arp maps both pairs of addresses of RFC 826.
func (r *rewriter) arp(data []byte) {
	r.rest = data
	if len(data) < 8 || binary.BigEndian.Uint16(data[2:4]) != etherIPv4 || data[4] != 6 || data[5] != 4 {
		return
	}
	b := data[8:]
	for range 2 {
		r.macs(b[:min(6, len(b))])
		b = b[min(6, len(b)):]
		r.addresses(b[:min(4, len(b))], 4)
		b = b[min(4, len(b)):]
	}
	r.rest = b
	r.wipe()
}

// wlan maps the addresses in the header of a data frame (IEEE 802.11-2020,
// section 9.3.2.1). Of other frames nothing but the Frame Control field is left.
func (r *rewriter) wlan(data []byte) {
	r.rest = data[min(2, len(data)):]
	if len(data) < 24 || data[0]&(wlanVersion|wlanType) != wlanData {
		return
	}
	r.macs(data[4:22])
	r.rest = data[24:]
	if data[1]&(wlanToDS|wlanFromDS) == wlanToDS|wlanFromDS && len(data) >= 30 {
		r.macs(data[24:30])
		r.rest = data[30:]
	}
}
