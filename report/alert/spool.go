package alert

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
)

// spool keeps requests in a directory until they are delivered, one a file that
// is written under another name, synced and then renamed, and never changed: a
// crash at any moment leaves each whole or absent.
type spool struct {
	root *os.Root
	lock *os.File
	room int64 // in octets

	mu      sync.Mutex
	entries []spooled // in the order of delivery
	used    int64     // octets
	next    uint64
	filled  chan struct{} // has a value when there may be a new entry
}

// spooled is a request in a file that is named after it.
type spooled struct {
	serial uint64
	alerts int
	size   int64
}

func (e spooled) name() string { return fmt.Sprintf("%016d-%d.json", e.serial, e.alerts) }

// Bounds of a spool.
const (
	maxSpooled  = 10_000  // requests
	maxBody     = 4 << 20 // octets of one
	partialName = "partial"
	lockName    = "lock"
)

var spooledName = regexp.MustCompile(`^([0-9]{16})-([0-9]{1,6})\.json$`)

var errSpoolFull = errors.New("the spool is full: alerts are lost until the server takes some")

// openSpool opens a directory, which it creates, and takes in what an earlier run
// left there. No other process can have it open.
func openSpool(dir string, room int64) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &spool{root: root, room: room, next: 1, filled: make(chan struct{}, 1)}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), s.close())
	}
	return s, nil
}

func (s *spool) load() (err error) {
	if s.lock, err = s.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if err := lockFile(s.lock); err != nil {
		return fmt.Errorf("another process uses it: %w", err)
	}
	files, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, f := range files {
		part := spooledName.FindStringSubmatch(f.Name())
		if part == nil || !f.Type().IsRegular() {
			continue
		}
		info, err := f.Info()
		if err != nil {
			return err
		}
		serial, _ := strconv.ParseUint(part[1], 10, 64)
		alerts, _ := strconv.Atoi(part[2])
		if e := (spooled{serial, alerts, info.Size()}); e.name() == f.Name() {
			s.entries = append(s.entries, e)
			s.used += e.size
			s.next = max(s.next, serial+1)
		}
	}
	slices.SortFunc(s.entries, func(a, b spooled) int {
		return cmp.Or(cmp.Compare(a.serial, b.serial), cmp.Compare(a.alerts, b.alerts))
	})
	return nil
}

// put keeps a request of so many alerts. When it returns nil, the request survives
// kill -9 and, where the disk keeps its word, loss of power.
func (s *spool) put(body []byte, alerts int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := spooled{s.next, alerts, int64(len(body))}
	if len(s.entries) >= maxSpooled || s.used+e.size > s.room {
		return hopeless{errSpoolFull}
	}
	if err := s.write(e.name(), body); err != nil {
		return err
	}
	s.entries = append(s.entries, e)
	s.used += e.size
	s.next++
	select {
	case s.filled <- struct{}{}:
	default:
	}
	return nil
}

func (s *spool) write(name string, body []byte) error {
	f, err := s.root.OpenFile(partialName, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := s.root.Rename(partialName, name); err != nil {
		return err
	}
	dir, err := s.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// front returns the request that is next, if there is one.
func (s *spool) front() (spooled, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.entries) == 0 {
		return spooled{}, false
	}
	return s.entries[0], true
}

// read returns a request's body. The error is hopeless where it is not there, or
// too large.
func (s *spool) read(e spooled) ([]byte, error) {
	f, err := s.root.Open(e.name())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hopeless{err}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = hopeless{fmt.Errorf("%s is larger than a request can be", e.name())}
	}
	return body, err
}

// remove removes the request that was next. One whose file cannot be removed is
// delivered again by the next run.
func (s *spool) remove(e spooled) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = s.entries[1:]
	s.used -= e.size
	return s.root.Remove(e.name())
}

// waiting counts the alerts in the spool.
func (s *spool) waiting() (alerts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		alerts += e.alerts
	}
	return alerts
}

func (s *spool) close() error {
	err := s.root.Close()
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}
