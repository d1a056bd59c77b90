// Package record is what a sensor remembers: one SQLite file that outlives it.
//
// It holds the events of rules.Witness in the order of the packets. A report of
// any time is made by telling them once more to a new rules.Audit (Store.Replay),
// and so equals the audit of the same packets. With them stand the times at which
// the sensor could see, what it lost, the policies in force, the findings that
// were told and their packets.
//
// One process writes a record, others may read it meanwhile. What was committed
// survives kill -9 and a loss of power: the file is in WAL mode, and each commit,
// of which there is about one a second, waits for the disk (synchronous=FULL),
// because a finding is told once the record says so. What was not committed is
// lost, and nothing else.
package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // the driver "sqlite", which is pure Go
)

// Options say how a record is opened. What is zero has no bound, unless it says
// otherwise.
type Options struct {
	Tool   string // version of the program, noted with every run
	Sensor string // name of the sensor, noted when the record is made

	MaxAge        time.Duration // of events, on the packets' clock
	MaxBytes      int64         // of the file; the oldest events make room
	MaxFindings   int           // that are kept, the last told; 0 is 100,000
	MaxFindingAge time.Duration // since a finding was last seen
	PacketBytes   int64         // of all packets that are kept, the oldest finding's make room; 0 is 256 MiB
	FindingBytes  int64         // of one finding's packets, the first that are given; 0 is 256 KiB
	PendingBytes  int           // of events that wait for a commit, beyond which they are not recorded but counted; 0 is 64 MiB
}

func (o Options) withDefaults() Options {
	if o.MaxFindings == 0 {
		o.MaxFindings = 100_000
	}
	if o.PacketBytes == 0 {
		o.PacketBytes = 256 << 20
	}
	if o.FindingBytes == 0 {
		o.FindingBytes = 256 << 10
	}
	if o.PendingBytes == 0 {
		o.PendingBytes = 64 << 20
	}
	return o
}

// Store is an open record. It is safe for concurrent use.
type Store struct {
	path  string
	opt   Options
	write *sql.DB // one connection; nil of one that is only read
	read  *sql.DB
	lock  *lock // nil of one that is only read

	packer   *zstd.Encoder // of joined batches
	unpacker *zstd.Decoder
}

// Open opens the record at path for writing, and makes it where there is no file.
// A file that is damaged, or something else, is left as it is and is an error, as
// is one that another process writes.
func Open(path string, opt Options) (*Store, error) {
	s := &Store{path: path, opt: opt.withDefaults()}
	var err error
	if s.lock, err = acquire(path); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open() error {
	// The record tells who talked to whom: nobody else is to read it.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		f.Close()
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if s.read, err = connect(s.path, "mode=ro"); err != nil {
		return err
	}
	if _, err := s.recognise(); err != nil {
		return s.explain(err)
	}
	s.write, err = connect(s.path, "_pragma=auto_vacuum(INCREMENTAL)", "_pragma=journal_mode(WAL)",
		"_pragma=synchronous(FULL)", "_pragma=temp_store(MEMORY)", "_pragma=journal_size_limit(67108864)", "_txlock=immediate")
	if err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if s.packer, err = newPacker(zstd.SpeedDefault); err != nil {
		return err
	}
	if s.unpacker, err = newUnpacker(); err != nil {
		return err
	}
	return s.explain(s.migrate())
}

// OpenReadOnly opens the record at path, which another process may be writing.
func OpenReadOnly(path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	s := &Store{path: path}
	var err error
	if s.read, err = connect(path, "mode=ro"); err != nil {
		return nil, err
	}
	err = s.known()
	// Of a folder in which nothing can be written, and where nobody writes, the
	// file is all that there is.
	if _, wal := os.Stat(path + "-wal"); isCannotOpen(err) && errors.Is(wal, fs.ErrNotExist) {
		s.read.Close()
		if s.read, err = connect(path, "mode=ro", "immutable=1"); err != nil {
			return nil, err
		}
		err = s.known()
	}
	if err != nil {
		s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

// connect returns connections to a file, with what is set on each of them.
func connect(path string, settings ...string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+escape(path)+"?"+strings.Join(append(settings, "_pragma=busy_timeout(5000)"), "&"))
}

// escape writes a path as it stands in a URI.
func escape(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// Check reads all of the file and says what is wrong with it. Of a large one it
// takes minutes.
func (s *Store) Check(ctx context.Context) error {
	var result string
	if err := s.read.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&result); err != nil {
		return s.explain(err)
	}
	if result != "ok" {
		return fmt.Errorf("%s is damaged: %s", s.path, result)
	}
	return nil
}

// Size returns how many bytes of the file are in use.
func (s *Store) Size(ctx context.Context) (bytes int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT (page_count-freelist_count)*page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&bytes)
	return bytes, s.explain(err)
}

// Close closes the record. A Writer must be closed before.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.unpacker != nil {
		s.unpacker.Close()
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	return errors.Join(errs...)
}
