-- Runs and leases.

-- name: run_find_night
SELECT run_id FROM run WHERE org = ?1 AND local_date = ?2 AND kind = 1;

-- name: run_add
INSERT INTO run (org, kind, state, local_date, asked_at_ms, started_at_ms, finished_at_ms, contacts_read, leads_read,
	planned_here, planned_there, done_here, done_there, skipped, calls, field_contact, field_lead, actor, note)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19);

-- name: run_set
UPDATE run
SET org = ?1, kind = ?2, state = ?3, local_date = ?4, asked_at_ms = ?5, started_at_ms = ?6, finished_at_ms = ?7,
	contacts_read = ?8, leads_read = ?9, planned_here = ?10, planned_there = ?11, done_here = ?12, done_there = ?13,
	skipped = ?14, calls = ?15, field_contact = ?16, field_lead = ?17, actor = ?18, note = ?19
WHERE run_id = ?20;

-- name: run_get
SELECT run_id, org, kind, state, local_date, asked_at_ms, started_at_ms, finished_at_ms, contacts_read, leads_read,
	planned_here, planned_there, done_here, done_there, skipped, calls, field_contact, field_lead, actor, note
FROM run WHERE run_id = ?1;

-- name: run_list
SELECT run_id, org, kind, state, local_date, asked_at_ms, started_at_ms, finished_at_ms, contacts_read, leads_read,
	planned_here, planned_there, done_here, done_there, skipped, calls, field_contact, field_lead, actor, note
FROM run WHERE run_id < ?2 AND (?1 = 0 OR org = ?1) ORDER BY run_id DESC LIMIT ?3;

-- name: lease_get
SELECT owner, until_ms FROM lease WHERE name = ?1;

-- name: lease_put
INSERT INTO lease (name, owner, until_ms) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until_ms = excluded.until_ms;

-- name: lease_release
DELETE FROM lease WHERE name = ?1 AND owner = ?2;
