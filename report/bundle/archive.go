package bundle

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
)

// packing is how a file stands in an archive.
type packing struct {
	method uint16
	crc    uint32
	size   int64 // of what stands there
	offset int64 // of its header
}

// Numbers of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
const (
	localSignature   = 0x04034b50
	centralSignature = 0x02014b50
	endSignature     = 0x06054b50

	localLength = 30 // without the name

	version   = 20       // 2.0, for deflate and directories; made by MS-DOS: no attributes
	flags     = 0        // names are ASCII, sizes stand in the header
	timeOfDay = 0        // 00:00:00
	date      = 1<<5 | 1 // 1980-01-01, the earliest there is
	stored    = 0
	deflated  = 8
)

// maxRatio is how many times its size a compressed file may have when it is
// unpacked. What compresses better is stored as it is.
const maxRatio = 200

func tooDense(packed, size int64) bool { return size > maxRatio*packed+1<<16 }

// local returns the local file header (section 4.3.7). All of it follows from the
// file: an archive has one form.
func (f *file) local() []byte {
	b := binary.LittleEndian.AppendUint32(nil, localSignature)
	b = f.sizes(binary.LittleEndian.AppendUint16(b, version))
	return append(b, f.name...)
}

// sizes appends what both headers have, from the flags to the length of the extra
// field.
func (f *file) sizes(b []byte) []byte {
	for _, v := range []uint16{flags, f.packed.method, timeOfDay, date} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	for _, v := range []uint32{f.packed.crc, uint32(f.packed.size), uint32(f.size)} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(f.name)))
	return binary.LittleEndian.AppendUint16(b, 0)
}

// directoryOf returns the central directory (section 4.3.12) of files that end at
// an offset, and the record at its end (section 4.3.16).
func directoryOf(files []file, offset int64) []byte {
	var b []byte
	for i := range files {
		f := &files[i]
		b = binary.LittleEndian.AppendUint32(b, centralSignature)
		b = binary.LittleEndian.AppendUint16(b, version)
		b = f.sizes(binary.LittleEndian.AppendUint16(b, version))
		b = append(b, make([]byte, 2+2+2+4)...) // no comment, disk 0, no attributes
		b = binary.LittleEndian.AppendUint32(b, uint32(f.packed.offset))
		b = append(b, f.name...)
	}
	size := len(b)
	b = binary.LittleEndian.AppendUint32(b, endSignature)
	for _, v := range []uint16{0, 0, uint16(len(files)), uint16(len(files))} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(offset))
	return binary.LittleEndian.AppendUint16(b, 0) // no comment
}

// archiveSink is an archive that is written.
type archiveSink struct {
	file    *os.File
	to      *bufio.Writer
	deflate *flate.Writer
	list    []file
	offset  int64
}

func createArchive(path string) (*archiveSink, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	deflate, err := flate.NewWriter(nil, flate.DefaultCompression)
	return &archiveSink{file: f, to: bufio.NewWriterSize(f, 1<<16), deflate: deflate}, err
}

func (a *archiveSink) put(name string, data []byte, compress bool) (*Packed, error) {
	f := file{name: name, size: int64(len(data)), packed: packing{method: stored, crc: crc32.ChecksumIEEE(data), size: int64(len(data)), offset: a.offset}}
	var packed *Packed
	if compress {
		var b bytes.Buffer
		a.deflate.Reset(&b)
		if _, err := a.deflate.Write(data); err != nil {
			return nil, err
		}
		if err := a.deflate.Close(); err != nil {
			return nil, err
		}
		if n := int64(b.Len()); n < f.size && !tooDense(n, f.size) {
			data = b.Bytes()
			f.packed.method, f.packed.size = deflated, n
			sum := sha256.Sum256(data)
			packed = &Packed{n, hex.EncodeToString(sum[:])}
		}
	}
	head := f.local()
	a.to.Write(head)
	_, err := a.to.Write(data)
	a.offset += int64(len(head) + len(data))
	a.list = append(a.list, f)
	return packed, err
}

// close writes the directory. What could not be written before is known by then.
func (a *archiveSink) close() error {
	a.to.Write(directoryOf(a.list, a.offset))
	err := a.to.Flush()
	if closed := a.file.Close(); err == nil {
		err = closed
	}
	return err
}
