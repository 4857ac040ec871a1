-- The outbox. Sets of states are written as in the partial indexes of the schema, so that these are used.

-- name: outbox_add
INSERT INTO outbox (org, sfid, person_id, state, created_at_ms, due_at_ms) VALUES (?1, ?2, ?3, 1, ?4, ?4);

-- name: outbox_unsent
SELECT 1 FROM outbox
WHERE org = ?1 AND sfid = ?2 AND state IN (1, 2, 3, 4, 7) AND state <> 2 LIMIT 1;

-- The next row to claim, at or after the place (?3, ?4) in the order of claims.
-- name: outbox_next
SELECT o.outbox_id, o.sfid, o.person_id, o.created_at_ms, o.due_at_ms, o.attempts, o.error_code,
	o.lands_until_ms
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
	error_text = ?7, lands_until_ms = max(lands_until_ms, ?8)
WHERE outbox_id = ?1;

-- name: outbox_cancel
UPDATE outbox SET state = 6, owner = '' WHERE outbox_id = ?1;

-- name: outbox_give
UPDATE outbox SET person_id = ?2 WHERE outbox_id = ?1;

-- A person's unsent rows, one at a time above ?2.
-- name: outbox_next_unsent
SELECT outbox_id, org, sfid, state FROM outbox
WHERE person_id = ?1 AND outbox_id > ?2 AND state IN (1, 2, 3, 4, 7) AND state <> 2
ORDER BY outbox_id LIMIT 1;

-- What a removal waits for: calls under way on any record of the person, and until when one that was never answered may
-- land. A deleted record counts: it may be back from the recycle bin before the call lands.
-- name: removal_landing
SELECT
	EXISTS (
		SELECT 1
		FROM link l CROSS JOIN outbox o INDEXED BY outbox_record ON o.org = l.org AND o.sfid = l.sfid
		WHERE l.person_id = p.person_id AND o.state IN (1, 2, 3, 4, 7) AND o.state = 2),
	(SELECT max(o.lands_until_ms)
		FROM link l
			CROSS JOIN outbox o INDEXED BY outbox_landing ON o.org = l.org AND o.sfid = l.sfid
		WHERE l.person_id = p.person_id AND o.lands_until_ms > 0)
FROM person p WHERE p.person_id = ?1;

-- People whose removal waits, one at a time above ?1.
-- name: removal_next
SELECT min(person_id) FROM person INDEXED BY person_removal WHERE person_id > ?1 AND removal_asked_at_ms > 0;

-- The same among the people of a record, above ?3.
-- name: removal_next_of_record
SELECT min(l.person_id) FROM link l CROSS JOIN person p ON p.person_id = l.person_id
WHERE l.org = ?1 AND l.sfid = ?2 AND l.person_id > ?3 AND p.removal_asked_at_ms > 0;

-- name: outbox_cancel_of_record
UPDATE outbox SET state = 6, owner = '' WHERE org = ?1 AND sfid = ?2 AND state IN (1, 2, 3, 4, 7) AND state <> 2;

-- name: outbox_recover
UPDATE outbox SET state = 4, due_at_ms = ?2, owner = '', lands_until_ms = max(lands_until_ms, ?3)
WHERE state IN (1, 2, 3, 4, 7) AND state = 2 AND owner = ?1;

-- name: outbox_open_rows
SELECT outbox_id, org, sfid, person_id, state, created_at_ms, due_at_ms, attempts, error_code, error_text,
	lands_until_ms
FROM outbox WHERE state IN (1, 2, 3, 4, 7) ORDER BY created_at_ms, outbox_id LIMIT ?1;

-- name: outbox_counts
SELECT state, row_count FROM outbox_tally;

-- name: outbox_oldest
SELECT created_at_ms FROM outbox WHERE state IN (1, 2, 3, 4, 7) ORDER BY created_at_ms LIMIT 1;
