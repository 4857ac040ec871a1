-- Settings, connected orgs, API tokens.

-- name: setting_get
SELECT scope, name, value, changed_at_ms, changed_by FROM setting WHERE scope = ?1 AND name = ?2;

-- name: setting_put
INSERT INTO setting (scope, name, value, changed_at_ms, changed_by) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (scope, name) DO UPDATE
SET value = excluded.value, changed_at_ms = excluded.changed_at_ms, changed_by = excluded.changed_by;

-- name: setting_list
SELECT scope, name, value, changed_at_ms, changed_by FROM setting WHERE scope = ?1 ORDER BY name LIMIT ?2;

-- name: connection_put
INSERT INTO org_connection (org_id, name, login_url, api_version, grant_kind, client_id, username, sealed_secret,
	is_sandbox, connected_at_ms, changed_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (org_id) DO UPDATE
SET name = excluded.name, login_url = excluded.login_url, api_version = excluded.api_version,
	grant_kind = excluded.grant_kind, client_id = excluded.client_id, username = excluded.username,
	sealed_secret = excluded.sealed_secret, is_sandbox = excluded.is_sandbox,
	connected_at_ms = excluded.connected_at_ms, changed_at_ms = excluded.changed_at_ms;

-- name: connection_list
SELECT org_id, name, login_url, api_version, grant_kind, client_id, username, sealed_secret, is_sandbox,
	connected_at_ms
FROM org_connection ORDER BY connection_id LIMIT ?1;

-- name: token_add
INSERT INTO token (hash, name, scopes, created_at_ms) VALUES (?1, ?2, ?3, ?4);

-- name: token_find
SELECT token_id, name, scopes, created_at_ms FROM token WHERE hash = ?1;
