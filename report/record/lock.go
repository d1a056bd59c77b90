package record

import (
	"context"
	"database/sql"
	"fmt"
)

// lock keeps a second process from writing the same record. It is the lock of an
// empty database beside it, which every system that SQLite runs on gives back
// when its holder dies, however that may be.
type lock struct {
	db   *sql.DB
	conn *sql.Conn
}

func lockPath(path string) string { return path + "-lock" }

// acquire takes the lock of the record at path, or says that it is taken.
func acquire(path string) (*lock, error) {
	db, err := sql.Open("sqlite", lockName(path, "rwc"))
	if err != nil {
		return nil, err
	}
	l := &lock{db: db}
	if l.conn, err = db.Conn(context.Background()); err == nil {
		_, err = l.conn.ExecContext(context.Background(), "BEGIN EXCLUSIVE")
	}
	if err != nil {
		l.release()
		if isBusy(err) {
			return nil, fmt.Errorf("%s is being written by another process: one record is of one sensor", path)
		}
		return nil, fmt.Errorf("%s cannot be locked: %w", path, err)
	}
	return l, nil
}

func (l *lock) release() error {
	if l.conn != nil {
		l.conn.Close()
	}
	return l.db.Close()
}

// locked reports whether a process holds the lock.
func locked(ctx context.Context, path string) bool {
	db, err := sql.Open("sqlite", lockName(path, "ro"))
	if err != nil {
		return false
	}
	defer db.Close()
	var n int
	return isBusy(db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n))
}

func lockName(path, mode string) string {
	return "file:" + escape(lockPath(path)) + "?mode=" + mode
}
