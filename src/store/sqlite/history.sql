-- The history and its proof chains.

-- name: event_newest
SELECT coalesce(max(event_id), 0) FROM event;

-- name: event_add
INSERT INTO event (event_id, person_id, part, at_ms, kind, source, body, head)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: event_page
SELECT event_id, at_ms, kind, source, body, repeat_count FROM event
WHERE person_id = ?1 AND event_id < ?2 ORDER BY event_id DESC LIMIT ?3;

-- name: event_get
SELECT event_id, at_ms, kind, source, body, repeat_count FROM event WHERE event_id = ?1;

-- name: event_count_repeat
UPDATE event SET repeat_count = repeat_count + 1 WHERE event_id = ?1;

-- Kinds: 2 unsubscribed, 3 stop repeated. ?3: the stops that were seen, those counted on an entry as well; 0: not said.
-- name: event_later_stop
SELECT 1 FROM event WHERE person_id = ?1 AND kind IN (2, 3)
GROUP BY person_id HAVING max(event_id) > ?2 OR (?3 > 0 AND sum(1 + repeat_count) > ?3);

-- name: chain_get
SELECT length, head FROM chain WHERE part = ?1;

-- name: chain_put
INSERT INTO chain (part, length, head) VALUES (?1, ?2, ?3)
ON CONFLICT (part) DO UPDATE SET length = excluded.length, head = excluded.head;

-- name: chain_entries
SELECT event_id, person_id, at_ms, kind, source, body, head FROM event
WHERE part = ?1 AND event_id > ?2 ORDER BY event_id LIMIT ?3;
