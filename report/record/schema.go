package record

import (
	"errors"
	"fmt"
)

// application tells a record from other databases (PRAGMA application_id): "span".
const application = 0x7370616e

// migrations lists what makes a record of each version one of the next, from an
// empty file on. None is ever changed; a new one is added below.
func migrations() []string {
	return []string{schema1, schema2, schema3, schema4}
}

// Times are nanoseconds since 1970 on the packets' clock.
const schema1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID;

-- A run is the life of one process that watched. Until it is stopped, alive is
-- when it last said that it was.
CREATE TABLE run (
	id INTEGER PRIMARY KEY, tool TEXT, inputs TEXT, -- names, in JSON
	longest INTEGER,                                -- how long a flow can be under way
	started INTEGER, alive INTEGER, stopped INTEGER);

-- A sight is a time during which a run saw its inputs, and why it ended.
CREATE TABLE sight (id INTEGER PRIMARY KEY, run INTEGER, started INTEGER, stopped INTEGER, cause TEXT);

CREATE TABLE policy (id INTEGER PRIMARY KEY, since INTEGER, sha256 TEXT, name TEXT, version TEXT, file TEXT, text BLOB);

-- A batch is a run of events in their order. first and last are the least and
-- the greatest of their times; lost counts events for which there was no room.
CREATE TABLE batch (
	id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER, first INTEGER, last INTEGER,
	events INTEGER, flows INTEGER, lost INTEGER, size INTEGER, data BLOB);
CREATE INDEX batch_first ON batch (first);
CREATE INDEX batch_last ON batch (last);

CREATE TABLE finding (
	id TEXT PRIMARY KEY, rule TEXT, severity TEXT, told INTEGER, first INTEGER, last INTEGER, count INTEGER,
	json BLOB, packets INTEGER); -- how many bytes of packets are kept
CREATE INDEX finding_last ON finding (last);
CREATE TABLE packet (
	id INTEGER PRIMARY KEY, finding TEXT, input INTEGER, number INTEGER, time INTEGER,
	link INTEGER, length INTEGER, data BLOB);
CREATE INDEX packet_finding ON packet (finding);

CREATE TABLE host (address TEXT, mac TEXT, first INTEGER, last INTEGER, PRIMARY KEY (address, mac)) WITHOUT ROWID;
CREATE INDEX host_last ON host (last);
CREATE TABLE name (address TEXT, name TEXT, first INTEGER, last INTEGER, PRIMARY KEY (address, name)) WITHOUT ROWID;
CREATE INDEX name_last ON name (last);
`

// Each run numbers its frames from 1: without its run, which those of version 1 do
// not have, a packet is not told from another's.
const schema2 = `
ALTER TABLE packet ADD COLUMN run INTEGER;
CREATE UNIQUE INDEX packet_frame ON packet (finding, run, input, number);
DROP INDEX packet_finding;
`

// schema3 has Prune find what room packets take without a look at the findings,
// whose rows are long.
const schema3 = "CREATE INDEX finding_room ON finding (last DESC, id, packets)"

// schema4 notes what was told. What a record of a version before holds counts as told.
const schema4 = `
ALTER TABLE finding ADD COLUMN untold INTEGER NOT NULL DEFAULT 0; -- written, and perhaps not told any more
CREATE INDEX finding_untold ON finding (id) WHERE untold;
`

// migrate makes the file, which is a record or empty, a record of this version.
func (s *Store) migrate() error {
	tx, err := s.write.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	list := migrations()
	if version == len(list) {
		return nil
	}
	for _, m := range list[version:] {
		if _, err := tx.Exec(m); err != nil {
			return err
		}
	}
	if version == 0 {
		if _, err := tx.Exec("INSERT INTO meta VALUES ('sensor', ?)", s.opt.Sensor); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", application, len(list))); err != nil {
		return err
	}
	return tx.Commit()
}

// recognise returns of which version the record is, 0 of an empty file, or says
// why the file is none.
func (s *Store) recognise() (version int, err error) {
	var id, tables int
	err = s.read.QueryRow("SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id, pragma_user_version").Scan(&id, &version, &tables)
	switch {
	case err != nil:
		return 0, err
	case id == 0 && version == 0 && tables == 0:
		return 0, nil
	case id != application:
		return 0, fmt.Errorf("%s is a database of another program; it is left as it is", s.path)
	case version > len(migrations()):
		return 0, fmt.Errorf("%s was written by a newer version of spanaudit (format %d, and this one knows %d)", s.path, version, len(migrations()))
	}
	return version, nil
}

// known says why the file cannot be read as a record.
func (s *Store) known() error {
	switch version, err := s.recognise(); {
	case err != nil:
		return err
	case version == 0:
		return errors.New(s.path + " is empty: no record was begun in it")
	case version < len(migrations()):
		return fmt.Errorf("%s was written by an older version of spanaudit; `spanaudit watch` makes it one of this version", s.path)
	}
	return nil
}
