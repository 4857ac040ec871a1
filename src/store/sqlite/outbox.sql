-- The outbox. Sets of states are written as in the partial indexes of the schema, so that these are used.

-- name: outbox_add
INSERT INTO outbox (org, sfid, person_id, state, created_at_ms, due_at_ms) VALUES (?1, ?2, ?3, 1, ?4, ?4);

-- name: outbox_unsent
SELECT 1 FROM outbox
WHERE org = ?1 AND sfid = ?2 AND state IN (1, 2, 3, 4, 7) AND state <> 2 LIMIT 1;

-- The next row to claim, at or after the place (?3, ?4) in the order of claims.
-- name: outbox_next
SELECT o.outbox_id, o.sfid, o.person_id, o.created_at_ms, o.due_at_ms, o.attempts, o.error_code
FROM outbox o INDEXED BY outbox_due
WHERE o.org = ?1 AND o.state IN (1, 3, 4, 7) AND o.due_at_ms <= ?2 AND (o.due_at_ms, o.outbox_id) > (?3, ?4)
	AND NOT EXISTS (
		SELECT 1 FROM outbox f
		WHERE f.org = o.org AND f.sfid = o.sfid AND f.state IN (1, 2, 3, 4, 7) AND f.state = 2)
ORDER BY o.due_at_ms, o.outbox_id LIMIT 1;

-- name: outbox_take
UPDATE outbox SET state = 2, owner = ?2, attempts = attempts + 1 WHERE outbox_id = ?1;

-- name: outbox_next_due
SELECT o.due_at_ms FROM outbox o INDEXED BY outbox_due
WHERE o.org = ?1 AND o.state IN (1, 3, 4, 7)
	AND NOT EXISTS (
		SELECT 1 FROM outbox f
		WHERE f.org = o.org AND f.sfid = o.sfid AND f.state IN (1, 2, 3, 4, 7) AND f.state = 2)
ORDER BY o.due_at_ms LIMIT 1;

-- name: outbox_get
SELECT org, sfid, person_id, state, due_at_ms, was_dead FROM outbox WHERE outbox_id = ?1;

-- name: outbox_settle
UPDATE outbox
SET state = ?2, due_at_ms = ?3, attempts = attempts - ?4, was_dead = max(was_dead, ?5), owner = '', error_code = ?6,
	error_text = ?7
WHERE outbox_id = ?1;

-- name: outbox_cancel
UPDATE outbox SET state = 6, owner = '' WHERE outbox_id = ?1;

-- name: outbox_give
UPDATE outbox SET person_id = ?2 WHERE outbox_id = ?1;

-- A person's queued rows, one at a time above ?2.
-- name: outbox_next_queued
SELECT outbox_id, org, sfid FROM outbox
WHERE person_id = ?1 AND outbox_id > ?2 AND state IN (1, 2, 3, 4, 7) AND state IN (1, 3, 7)
ORDER BY outbox_id LIMIT 1;

-- name: outbox_unsettled
SELECT 1 FROM outbox WHERE person_id = ?1 AND state IN (1, 2, 3, 4, 7) AND state IN (2, 4) LIMIT 1;

-- A record's unsent rows, one at a time above ?3.
-- name: outbox_next_of_record
SELECT outbox_id, person_id FROM outbox
WHERE org = ?1 AND sfid = ?2 AND outbox_id > ?3 AND state IN (1, 2, 3, 4, 7) AND state <> 2
ORDER BY outbox_id LIMIT 1;

-- name: outbox_recover
UPDATE outbox SET state = 4, due_at_ms = ?2, owner = ''
WHERE state IN (1, 2, 3, 4, 7) AND state = 2 AND owner = ?1;

-- name: outbox_open_rows
SELECT outbox_id, org, sfid, person_id, state, created_at_ms, due_at_ms, attempts, error_code, error_text
FROM outbox WHERE state IN (1, 2, 3, 4, 7) ORDER BY created_at_ms, outbox_id LIMIT ?1;

-- name: outbox_counts
SELECT state, row_count FROM outbox_tally;

-- name: outbox_oldest
SELECT created_at_ms FROM outbox WHERE state IN (1, 2, 3, 4, 7) ORDER BY created_at_ms LIMIT 1;
