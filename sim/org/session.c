#include "base/base.h"

#include "base/alloc.h"
#include "org/session.h"

void sessions_init(Sessions *sessions, int64_t idle_ms)
{
	*sessions = (Sessions){ .by_token = map_open(), .idle_ms = idle_ms };
}

void sessions_end_all(Sessions *sessions)
{
	map_close(&sessions->by_token);
	sessions->by_token = map_open();
	while (sessions->newest) {
		Session *older = sessions->newest->older;
		free(sessions->newest);
		sessions->newest = older;
	}
	sessions->count = 0;
}

void sessions_fini(Sessions *sessions)
{
	sessions_end_all(sessions);
	map_close(&sessions->by_token);
}

Session *session_start(Sessions *sessions, Rng *rng, Str org_id_15, uint8_t user, int64_t now_ms)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
	assert(org_id_15.len == 15);
	if (sessions->count == SESSIONS_MAX)
		sessions_end_all(sessions);
	Session *session = xcalloc(1, sizeof *session);
	memcpy(session->token, org_id_15.ptr, org_id_15.len);
	session->token[org_id_15.len] = '!';
	unsigned char bytes[SESSION_TOKEN_LEN - 16];
	rng_fill(rng, bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		session->token[16 + i] = alphabet[bytes[i] & 63];
	session->user = user;
	session->issued_ms = now_ms;
	session->used_ms = now_ms;
	session->older = sessions->newest;
	sessions->newest = session;
	sessions->count++;
	map_put(sessions->by_token, str_from(session->token), session);
	return session;
}

Session *session_find(Sessions *sessions, Str token, int64_t now_ms)
{
	Session *session = map_get(sessions->by_token, token);
	if (!session)
		return NULL;
	if (now_ms - session->used_ms > sessions->idle_ms) {
		session_end(sessions, token);
		return NULL;
	}
	session->used_ms = now_ms;
	return session;
}

bool session_end(Sessions *sessions, Str token)
{
	/* The session stays in the list, without a name, until the org closes or forgets all. */
	return map_remove(sessions->by_token, token) != NULL;
}
