package bundle

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// archive is a bundle in a zip archive. It is read from its beginning, header by
// header, and must be what a Writer writes to the last byte: so there is no place
// for anything that is not checked, and no second reading of it.
type archive struct {
	file *os.File
	name string
	list []file
	bad  []Problem
}

func openArchive(path string) (*archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a := &archive{file: f, name: filepath.Base(path)}
	size, err := f.Seek(0, io.SeekEnd)
	var begin [4]byte
	if err == nil {
		_, err = f.ReadAt(begin[:], 0)
	}
	switch {
	case err != nil && err != io.EOF:
		err = fmt.Errorf("cannot be read: %w", err)
	case err != nil || binary.LittleEndian.Uint32(begin[:]) != localSignature:
		err = errors.New("is no bundle: neither a directory nor a zip archive")
	default:
		a.scan(size)
		return a, nil
	}
	return nil, errors.Join(err, f.Close())
}

// scan reads the headers and the directory, up to the first thing that is not as
// it is written.
func (a *archive) scan(size int64) {
	refuse := func(offset int64, format string, args ...any) {
		where := fmt.Sprintf("at byte %d, ", offset)
		if n := len(a.list); n > 0 {
			where += fmt.Sprintf("after %s, ", a.list[n-1].name)
		}
		a.bad = append(a.bad, Problem{a.name, where + fmt.Sprintf(format, args...)})
	}
	var offset, total int64
	for {
		f, head, err := a.header(offset)
		switch {
		case err != nil:
			refuse(offset, "%v; what follows cannot be told, nor is it used. An archive that another program packed is to be unpacked, and the directory verified", err)
			return
		case head == 0:
			a.end(offset, size, refuse)
			return
		case len(a.list) >= maxFiles+3:
			refuse(offset, "are more files than the %d of a bundle", maxFiles)
			return
		}
		total += f.size
		end := offset + head + f.packed.size
		switch {
		case f.size > maxFile || total > maxTotal+2*maxManifest: // which the Writer does not count
			refuse(offset, "%s has, or leads to, more bytes than a bundle has", f.name)
			return
		case tooDense(f.packed.size, f.size):
			refuse(offset, "%s would be more than %d times as large when unpacked, which no bundle has", f.name, maxRatio)
			return
		case end > size:
			refuse(offset, "%s is cut off", f.name)
			return
		}
		a.list = append(a.list, f)
		offset = end
	}
}

// header reads the local header at an offset and returns its length, 0 where the
// directory begins.
func (a *archive) header(offset int64) (f file, length int64, err error) {
	head := make([]byte, localLength+maxName)
	n, err := a.file.ReadAt(head, offset)
	if err != nil && err != io.EOF {
		return f, 0, err
	}
	head = head[:n]
	if n >= 4 && binary.LittleEndian.Uint32(head) == centralSignature {
		return f, 0, nil
	}
	if n < localLength {
		return f, 0, errors.New("the archive is cut off")
	}
	end := localLength + int(binary.LittleEndian.Uint16(head[26:]))
	if end > n {
		return f, 0, errors.New("the header of a file is not as it is written here")
	}
	f = file{name: string(head[localLength:end]), size: int64(binary.LittleEndian.Uint32(head[22:]))}
	f.packed = packing{
		method: binary.LittleEndian.Uint16(head[8:]), crc: binary.LittleEndian.Uint32(head[14:]),
		size: int64(binary.LittleEndian.Uint32(head[18:])), offset: offset,
	}
	switch m := f.packed.method; {
	case checkName(f.name) != nil:
		return f, 0, checkName(f.name)
	case !bytes.Equal(f.local(), head[:end]) || m != stored && m != deflated || m == stored && f.size != f.packed.size:
		return f, 0, fmt.Errorf("the header of %s is not as it is written here", f.name)
	}
	return f, int64(end), nil
}

// end compares the directory with the one that the files have.
func (a *archive) end(offset, size int64, refuse func(int64, string, ...any)) {
	want := directoryOf(a.list, offset)
	got := make([]byte, min(size-offset, int64(len(want))))
	if n, err := a.file.ReadAt(got, offset); n < len(got) {
		refuse(offset, "the directory cannot be read: %v", err)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			refuse(offset+int64(i), "the directory is not as it is written here")
			return
		}
	}
	if more := size - offset - int64(len(want)); more < 0 {
		refuse(size, "the directory is cut off")
	} else if more > 0 {
		refuse(size-more, "there are %d bytes after the end", more)
	}
}

func (a *archive) files() ([]file, []Problem) { return a.list, a.bad }

// raw returns what stands in the archive for a file.
func (a *archive) raw(f file) *io.SectionReader {
	return io.NewSectionReader(a.file, f.packed.offset+int64(len(f.local())), f.packed.size)
}

func (a *archive) open(f file) (io.ReadCloser, error) {
	var r io.Reader = a.raw(f)
	if f.packed.method == deflated {
		r = flate.NewReader(r)
	}
	return io.NopCloser(&checked{r: io.LimitReader(r, f.size+1), crc: f.packed.crc, sum: crc32.NewIEEE()}), nil
}

func (a *archive) Close() error { return a.file.Close() }

// checked is a reader whose end is an error where the checksum is another.
type checked struct {
	r   io.Reader
	crc uint32
	sum hash.Hash32
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	if err == io.EOF && c.sum.Sum32() != c.crc {
		err = errors.New("its CRC-32 is not that of its header")
	}
	return n, err
}
