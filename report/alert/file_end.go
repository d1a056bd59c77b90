package alert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxTorn bounds how much of a line without an end is looked at.
const maxTorn = 1 << 20

// mendEnd gives a last line its end where it is whole, and cuts it off where it
// is not. Where the form does not tell, it ends the line.
func mendEnd(file *os.File, form FileForm) error {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	size := info.Size()
	start := make([]byte, min(int64(len(form.Starts)), size))
	if _, err := file.ReadAt(start, 0); err != nil {
		return err
	}
	if string(start) != form.Starts[:len(start)] {
		return fmt.Errorf("it does not begin as a file of such alerts does (%s); give another file", form.Starts)
	}
	tail := make([]byte, min(maxTorn, size))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	torn := tail[bytes.LastIndexByte(tail, '\n')+1:]
	switch {
	case len(torn) == 0:
		return nil
	case len(torn) == maxTorn:
		return errors.New("its last line is too long for an alert; give another file")
	case form.Whole == nil || form.Whole(torn):
		_, err = file.Write([]byte("\n"))
		return err
	}
	return file.Truncate(size - int64(len(torn)))
}
