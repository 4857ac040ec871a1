-- The schema, in steps that never change once released (their checksum is kept), and the settings of a connection.

-- script: migration_001
CREATE TABLE meta (
	name TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE org (
	org INTEGER PRIMARY KEY,
	org_id TEXT NOT NULL UNIQUE,
	created_at_ms INTEGER NOT NULL
) STRICT;

-- One address. After erasure address, names, reason and wrapped_key are gone and the keyed hash stays.
CREATE TABLE person (
	person_id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 16),
	address TEXT,
	first_name TEXT NOT NULL DEFAULT '',
	last_name TEXT NOT NULL DEFAULT '',
	wrapped_key BLOB,
	created_at_ms INTEGER NOT NULL,
	unsubscribed_at_ms INTEGER NOT NULL DEFAULT 0,
	source INTEGER NOT NULL DEFAULT 0,
	reason TEXT NOT NULL DEFAULT '',
	removed_at_ms INTEGER NOT NULL DEFAULT 0,
	removal_asked_at_ms INTEGER NOT NULL DEFAULT 0,
	removal_event_id INTEGER NOT NULL DEFAULT 0,
	erased_at_ms INTEGER NOT NULL DEFAULT 0,
	record_count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX person_unsubscribed ON person (person_id) WHERE unsubscribed_at_ms > 0;
CREATE INDEX person_without_record ON person (person_id, unsubscribed_at_ms) WHERE record_count = 0;

-- A Salesforce record; many to many with people.
CREATE TABLE record (
	org INTEGER NOT NULL REFERENCES org,
	sfid TEXT NOT NULL,
	seen INTEGER NOT NULL DEFAULT 0,
	seen_at_ms INTEGER NOT NULL DEFAULT 0,
	ticked_by_us INTEGER NOT NULL DEFAULT 0,
	deleted INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (org, sfid)
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
	org INTEGER NOT NULL,
	sfid TEXT NOT NULL,
	person_id INTEGER NOT NULL REFERENCES person,
	linked_by INTEGER NOT NULL,
	linked_at_ms INTEGER NOT NULL,
	PRIMARY KEY (org, sfid, person_id),
	FOREIGN KEY (org, sfid) REFERENCES record
) STRICT, WITHOUT ROWID;
CREATE INDEX link_person ON link (person_id);

-- History: only appended to, except for repeat_count. body is sealed under the person's key; head is the proof chain of
-- the address partition up to and with this entry.
CREATE TABLE event (
	event_id INTEGER PRIMARY KEY,
	person_id INTEGER NOT NULL REFERENCES person,
	part INTEGER NOT NULL,
	at_ms INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	source INTEGER NOT NULL,
	body BLOB NOT NULL,
	head BLOB NOT NULL,
	repeat_count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX event_person ON event (person_id);
CREATE INDEX event_part ON event (part);

CREATE TABLE chain (
	part INTEGER PRIMARY KEY,
	length INTEGER NOT NULL,
	head BLOB NOT NULL
) STRICT;

-- One wish to tick one record. States as in enum OutboxState: 1 pending, 2 in flight, 3 waiting, 4 unknown, 5 done,
-- 6 cancelled, 7 dead. The indexes hold open rows only, so that claims cost the same after years.
CREATE TABLE outbox (
	outbox_id INTEGER PRIMARY KEY,
	org INTEGER NOT NULL,
	sfid TEXT NOT NULL,
	person_id INTEGER NOT NULL REFERENCES person,
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
	created_at_ms INTEGER NOT NULL,
	due_at_ms INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	was_dead INTEGER NOT NULL DEFAULT 0,
	owner TEXT NOT NULL DEFAULT '',
	error_code TEXT NOT NULL DEFAULT '',
	error_text TEXT NOT NULL DEFAULT '',
	FOREIGN KEY (org, sfid) REFERENCES record
) STRICT;
CREATE INDEX outbox_due ON outbox (org, due_at_ms) WHERE state IN (1, 3, 4, 7);
CREATE INDEX outbox_record ON outbox (org, sfid) WHERE state IN (1, 2, 3, 4, 7);
CREATE INDEX outbox_person ON outbox (person_id) WHERE state IN (1, 2, 3, 4, 7);
CREATE INDEX outbox_age ON outbox (created_at_ms) WHERE state IN (1, 2, 3, 4, 7);

-- Rows by state, kept by triggers: counting years of done rows at every status call would read them all.
CREATE TABLE outbox_tally (
	state INTEGER PRIMARY KEY,
	row_count INTEGER NOT NULL
) STRICT;
INSERT INTO outbox_tally (state, row_count) VALUES (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0);
CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
	UPDATE outbox_tally SET row_count = row_count + 1 WHERE state = new.state;
END;
CREATE TRIGGER outbox_moved AFTER UPDATE OF state ON outbox WHEN old.state <> new.state BEGIN
	UPDATE outbox_tally SET row_count = row_count - 1 WHERE state = old.state;
	UPDATE outbox_tally SET row_count = row_count + 1 WHERE state = new.state;
END;

CREATE TABLE run (
	run_id INTEGER PRIMARY KEY,
	org INTEGER NOT NULL REFERENCES org,
	kind INTEGER NOT NULL,
	state INTEGER NOT NULL,
	local_date INTEGER NOT NULL,
	asked_at_ms INTEGER NOT NULL,
	started_at_ms INTEGER NOT NULL,
	finished_at_ms INTEGER NOT NULL,
	contacts_read INTEGER NOT NULL,
	leads_read INTEGER NOT NULL,
	planned_here INTEGER NOT NULL,
	planned_there INTEGER NOT NULL,
	done_here INTEGER NOT NULL,
	done_there INTEGER NOT NULL,
	skipped INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	field_contact TEXT NOT NULL,
	field_lead TEXT NOT NULL,
	actor TEXT NOT NULL,
	note TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX run_night ON run (org, local_date) WHERE kind = 1;

CREATE TABLE lease (
	name TEXT NOT NULL PRIMARY KEY,
	owner TEXT NOT NULL,
	until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The desk.
CREATE TABLE setting (
	scope TEXT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	changed_at_ms INTEGER NOT NULL,
	changed_by TEXT NOT NULL,
	PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE org_connection (
	connection_id INTEGER PRIMARY KEY,
	org_id TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	login_url TEXT NOT NULL,
	api_version TEXT NOT NULL,
	grant_kind INTEGER NOT NULL,
	client_id TEXT NOT NULL,
	username TEXT NOT NULL,
	sealed_secret BLOB NOT NULL,
	is_sandbox INTEGER NOT NULL,
	connected_at_ms INTEGER NOT NULL,
	changed_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE token (
	token_id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,
	name TEXT NOT NULL,
	scopes INTEGER NOT NULL,
	created_at_ms INTEGER NOT NULL
) STRICT;

-- script: migration_002
-- Until when a call of the row that was never answered may still tick the record (OUTBOX_LANDS_MS). An unknown row of
-- before became so before it was due.
ALTER TABLE outbox ADD COLUMN lands_until_ms INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET lands_until_ms = due_at_ms + 600000 WHERE state IN (1, 2, 3, 4, 7) AND state = 4;
CREATE INDEX outbox_landing ON outbox (org, sfid, lands_until_ms) WHERE lands_until_ms > 0;
CREATE INDEX person_removal ON person (person_id) WHERE removal_asked_at_ms > 0;

-- script: migration_table
CREATE TABLE IF NOT EXISTS migration (
	number INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	checksum BLOB NOT NULL,
	applied_at_ms INTEGER NOT NULL
) STRICT;

-- name: migration_table_find
SELECT 1 FROM sqlite_schema WHERE name = 'migration' AND type = 'table';

-- name: migration_list
SELECT number, checksum FROM migration ORDER BY number;

-- name: migration_note
INSERT INTO migration (number, name, checksum, applied_at_ms) VALUES (?1, ?2, ?3, unixepoch() * 1000);

-- script: connection_writer
PRAGMA trusted_schema = OFF;
PRAGMA foreign_keys = ON;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -16384;

-- script: connection_reader
PRAGMA trusted_schema = OFF;
PRAGMA query_only = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -16384;

-- name: txn_begin
BEGIN IMMEDIATE;

-- name: txn_commit
COMMIT;

-- name: txn_rollback
ROLLBACK;

-- name: savepoint_set
SAVEPOINT point;

-- name: savepoint_release
RELEASE point;

-- name: savepoint_undo
ROLLBACK TO point;

-- name: meta_get
SELECT value FROM meta WHERE name = ?1;

-- name: meta_put
INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
