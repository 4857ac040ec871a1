-- Orgs, people, records and links.

-- name: org_add
INSERT INTO org (org_id, created_at_ms) VALUES (?1, ?2) ON CONFLICT (org_id) DO NOTHING;

-- name: org_find
SELECT org FROM org WHERE org_id = ?1;

-- name: org_exists
SELECT 1 FROM org WHERE org = ?1;

-- name: org_list
SELECT org, org_id FROM org ORDER BY org LIMIT ?1;

-- name: person_add
INSERT INTO person (hash, address, first_name, last_name, wrapped_key, created_at_ms, record_count)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- The lean row that decisions are taken from.
-- name: person_row_by_hash
SELECT person_id, hash, wrapped_key, unsubscribed_at_ms, removed_at_ms, removal_asked_at_ms, removal_event_id
FROM person WHERE hash = ?1;

-- name: person_row_by_id
SELECT person_id, hash, wrapped_key, unsubscribed_at_ms, removed_at_ms, removal_asked_at_ms, removal_event_id
FROM person WHERE person_id = ?1;

-- name: person_set_names
UPDATE person
SET first_name = iif(?2 = '', first_name, ?2), last_name = iif(?3 = '', last_name, ?3)
WHERE person_id = ?1 AND address IS NOT NULL
	AND ((?2 <> '' AND first_name <> ?2) OR (?3 <> '' AND last_name <> ?3));

-- name: person_set_stop
UPDATE person SET unsubscribed_at_ms = ?2, source = ?3, reason = iif(address IS NULL, '', ?4) WHERE person_id = ?1;

-- name: person_set_removal
UPDATE person SET removal_asked_at_ms = ?2, removal_event_id = ?3 WHERE person_id = ?1;

-- name: person_lift
UPDATE person
SET unsubscribed_at_ms = 0, source = 0, reason = '', removed_at_ms = ?2, removal_asked_at_ms = 0,
	removal_event_id = 0
WHERE person_id = ?1;

-- name: person_count_records
UPDATE person SET record_count = record_count + ?2 WHERE person_id = ?1;

-- name: person_by_id
SELECT p.person_id, p.hash, p.address, p.first_name, p.last_name, p.created_at_ms, p.unsubscribed_at_ms, p.source,
	p.reason, p.removed_at_ms, p.removal_asked_at_ms > 0, p.record_count,
	(SELECT max(e.event_id) FROM event e WHERE e.person_id = p.person_id),
	(SELECT sum(1 + e.repeat_count) FROM event e WHERE e.person_id = p.person_id AND e.kind IN (2, 3))
FROM person p WHERE p.person_id = ?1;

-- name: person_by_hash
SELECT p.person_id, p.hash, p.address, p.first_name, p.last_name, p.created_at_ms, p.unsubscribed_at_ms, p.source,
	p.reason, p.removed_at_ms, p.removal_asked_at_ms > 0, p.record_count,
	(SELECT max(e.event_id) FROM event e WHERE e.person_id = p.person_id),
	(SELECT sum(1 + e.repeat_count) FROM event e WHERE e.person_id = p.person_id AND e.kind IN (2, 3))
FROM person p WHERE p.hash = ?1;

-- name: person_list_all
SELECT p.person_id, p.hash, p.address, p.first_name, p.last_name, p.created_at_ms, p.unsubscribed_at_ms, p.source,
	p.reason, p.removed_at_ms, p.removal_asked_at_ms > 0, p.record_count,
	(SELECT max(e.event_id) FROM event e WHERE e.person_id = p.person_id),
	(SELECT sum(1 + e.repeat_count) FROM event e WHERE e.person_id = p.person_id AND e.kind IN (2, 3))
FROM person p WHERE p.person_id > ?1 ORDER BY p.person_id LIMIT ?2;

-- name: person_list_unsubscribed
SELECT p.person_id, p.hash, p.address, p.first_name, p.last_name, p.created_at_ms, p.unsubscribed_at_ms, p.source,
	p.reason, p.removed_at_ms, p.removal_asked_at_ms > 0, p.record_count,
	(SELECT max(e.event_id) FROM event e WHERE e.person_id = p.person_id),
	(SELECT sum(1 + e.repeat_count) FROM event e WHERE e.person_id = p.person_id AND e.kind IN (2, 3))
FROM person p WHERE p.person_id > ?1 AND p.unsubscribed_at_ms > 0 ORDER BY p.person_id LIMIT ?2;

-- name: person_list_without_record
SELECT p.person_id, p.hash, p.address, p.first_name, p.last_name, p.created_at_ms, p.unsubscribed_at_ms, p.source,
	p.reason, p.removed_at_ms, p.removal_asked_at_ms > 0, p.record_count,
	(SELECT max(e.event_id) FROM event e WHERE e.person_id = p.person_id),
	(SELECT sum(1 + e.repeat_count) FROM event e WHERE e.person_id = p.person_id AND e.kind IN (2, 3))
FROM person p WHERE p.person_id > ?1 AND p.record_count = 0 ORDER BY p.person_id LIMIT ?2;

-- name: person_records
SELECT l.org, l.sfid, l.linked_by, r.seen, r.seen_at_ms, r.ticked_by_us, r.deleted
FROM link l JOIN record r ON r.org = l.org AND r.sfid = l.sfid
WHERE l.person_id = ?1 ORDER BY l.org, l.sfid LIMIT ?2;

-- name: count_people
SELECT (SELECT count(*) FROM person),
	(SELECT count(*) FROM person WHERE unsubscribed_at_ms > 0),
	(SELECT count(*) FROM person WHERE record_count = 0),
	(SELECT count(*) FROM person WHERE record_count = 0 AND unsubscribed_at_ms > 0);

-- name: record_get
SELECT deleted FROM record WHERE org = ?1 AND sfid = ?2;

-- name: record_add
INSERT INTO record (org, sfid) VALUES (?1, ?2);

-- name: record_set_deleted
UPDATE record SET deleted = ?3 WHERE org = ?1 AND sfid = ?2;

-- name: record_set_seen
UPDATE record SET seen = ?3, seen_at_ms = ?4 WHERE org = ?1 AND sfid = ?2 AND seen_at_ms <= ?4;

-- name: record_set_ticked
UPDATE record SET ticked_by_us = 1, seen = 2, seen_at_ms = max(seen_at_ms, ?3) WHERE org = ?1 AND sfid = ?2;

-- name: link_get
SELECT linked_by FROM link WHERE org = ?1 AND sfid = ?2 AND person_id = ?3;

-- name: link_add
INSERT INTO link (org, sfid, person_id, linked_by, linked_at_ms) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: link_set_by
UPDATE link SET linked_by = ?4 WHERE org = ?1 AND sfid = ?2 AND person_id = ?3;

-- People of a record, one at a time above ?3.
-- name: link_next_person
SELECT min(person_id) FROM link WHERE org = ?1 AND sfid = ?2 AND person_id > ?3;

-- Records of a person that are not deleted, one at a time above (?2, ?3).
-- name: link_next_record
SELECT l.org, l.sfid FROM link l JOIN record r ON r.org = l.org AND r.sfid = l.sfid
WHERE l.person_id = ?1 AND (l.org, l.sfid) > (?2, ?3) AND r.deleted = 0
ORDER BY l.org, l.sfid LIMIT 1;

-- Somebody else of a record who is to stay unsubscribed.
-- name: link_other_unsubscribed
SELECT min(p.person_id) FROM link l JOIN person p ON p.person_id = l.person_id
WHERE l.org = ?1 AND l.sfid = ?2 AND l.person_id <> ?3 AND p.unsubscribed_at_ms > 0 AND p.removal_asked_at_ms = 0;

-- name: scan_links
SELECT l.sfid, l.person_id, p.unsubscribed_at_ms > 0
FROM link l
	JOIN record r ON r.org = l.org AND r.sfid = l.sfid
	JOIN person p ON p.person_id = l.person_id
WHERE l.org = ?1 AND (l.sfid, l.person_id) > (?2, ?3) AND r.deleted = 0
ORDER BY l.sfid, l.person_id LIMIT ?4;

-- name: scan_hashes
SELECT hash, person_id, unsubscribed_at_ms > 0 FROM person WHERE hash > ?1 ORDER BY hash LIMIT ?2;
