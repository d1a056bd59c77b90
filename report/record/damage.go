package record

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// code returns the primary result code of SQLite that an error has; 0 where it is
// none of its errors.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool       { c := code(err); return c == lib.SQLITE_BUSY || c == lib.SQLITE_LOCKED }
func isCannotOpen(err error) bool { return code(err) == lib.SQLITE_CANTOPEN }

// explain says what an error of SQLite means for the record.
func (s *Store) explain(err error) error {
	switch code(err) {
	case lib.SQLITE_CORRUPT:
		return fmt.Errorf("%s is damaged and is left as it is; move it away to begin a new record, and `sqlite3 FILE .recover` may save what it holds: %w", s.path, err)
	case lib.SQLITE_NOTADB:
		return fmt.Errorf("%s is no record of spanaudit, or its beginning is damaged; it is left as it is: %w", s.path, err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("%s: the disk is full: %w", s.path, err)
	case 0:
		return err
	}
	return fmt.Errorf("%s: %w", s.path, err)
}
