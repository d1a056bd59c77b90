package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// Names of formats and compressions as Input has them.
const (
	formatPcap   = "pcap"
	formatPcapng = "pcapng"
	formatGzip   = "gzip"
	formatZstd   = "zstd"
)

// sniffLength is how many bytes sniff and describe look at.
const sniffLength = 512

// sniff tells a format or compression by its magic number; "" is none known.
func sniff(head []byte) string {
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		return formatGzip
	}
	if len(head) < 4 {
		return ""
	}
	magic := binary.LittleEndian.Uint32(head)
	if magic == 0xfd2fb528 || magic&^0xf == 0x184d2a50 { // RFC 8878, sections 3.1.1 and 3.1.2
		return formatZstd
	}
	if magic == blockSection {
		return formatPcapng
	}
	for _, m := range []uint32{magic, bits.ReverseBytes32(magic)} {
		if m == magicMicro || m == magicNano || m == magicModified {
			return formatPcap
		}
	}
	return ""
}

// noCapture says what a file is that sniff does not know.
func noCapture(head []byte) error {
	const wanted = "wanted pcap or pcapng, plain or compressed with gzip or zstd"
	if len(head) == 0 {
		return fmt.Errorf("the file is empty, %s", wanted)
	}
	for _, k := range []struct{ magic, what string }{
		{"\xfd7zXZ\x00", "compressed with xz: decompress it first"},
		{"BZh", "compressed with bzip2: decompress it first"},
		{"\x04\x22\x4d\x18", "compressed with lz4: decompress it first"},
		{"PK\x03\x04", "a zip archive: unpack it first"},
		{"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"},
		{"snoop\x00\x00\x00", "a snoop capture: convert it first, for example with editcap"},
		{"\x7fELF", "an ELF program"},
		{"%PDF", "a PDF document"},
	} {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return fmt.Errorf("the file is %s, %s", k.what, wanted)
		}
	}
	what := fmt.Sprintf("begins with %x", head[:min(4, len(head))])
	start := bytes.ToLower(bytes.TrimSpace(head))
	switch {
	case len(head) > 262 && string(head[257:262]) == "ustar":
		what = "is a tar archive: unpack it first"
	case bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")):
		what = "is an HTML page, perhaps an error in place of the download"
	case bytes.HasPrefix(start, []byte("version https://git-lfs")):
		what = "is a Git LFS pointer: fetch the file with git lfs pull"
	case isText(head):
		what = "is text"
	}
	return fmt.Errorf("the file %s, %s", what, wanted)
}

func isText(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && utf8.FullRune(head) || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		head = head[n:]
	}
	return true
}
