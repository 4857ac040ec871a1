/* house.h: a whole house for tests: database in a folder of its own, writer, readers, Web with the
 * real router; requests go in as values and come out as values. Only app/ is played: it counts how
 * often it was woken. */
#ifndef TESTS_WEB_HOUSE_H
#define TESTS_WEB_HOUSE_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/json.h"
#include "model/token.h"
#include "store/store.h"
#include "web/web.h"

#include "../../lib/expect.h"

#define HOUSE_ORG   "00D000000000001EAA"
#define HOUSE_START INT64_C(1767323045000) /* 2026-01-02T03:04:05Z */

typedef struct House {
	char dir[64];
	Arena arena; /* for the test's own texts */
	Keyring keyring;
	FakeClock clock;
	Str url;
	Writer *writer;
	Readers *readers;
	Store *eyes; /* read-only: looks at what the database holds */
	Web *web;
	atomic_int push_wakes, sync_wakes;
	const char *unready; /* what app/ says is wrong, NULL: nothing */
} House;

/* cmocka's setup and teardown of one test; *state is the House. */
int house_setup(void **state);
int house_teardown(void **state);

typedef struct Ask {
	const char *method, *path; /* path with query */
	int listener;              /* LISTENER_LOCAL when 0 */
	const char *type, *body;   /* NULL: none */
	const char *token;         /* Authorization: Bearer */
	const char *agent, *client;
} Ask;

typedef struct Answer {
	int status;
	Str body; /* house's arena */
	HttpReply reply;
} Answer;

Answer house_ask(House *house, const Ask *ask);
/* As the local admin; asserts the status. */
Str house_get(House *house, int status, const char *path);
Str house_post(House *house, int status, const char *path, const char *json);
Str house_patch(House *house, int status, const char *path, const char *json);
const char *house_printf(House *house, const char *format, ...) PRINTF_LIKE(2, 3);

/* A member of a JSON answer as text, however it is written there: "people.0.address". Fails the
 * test when missing. */
const char *house_member(House *house, Str json, const char *path);
#define assert_member(house, json, path, want)                                                     \
	assert_string_equal(house_member((house), (json), (path)), (want))

void house_connect_org(House *house, const char *org_id);
void house_put_run(House *house, Run *run);
/* "/u/TOKEN" for an address, and a token of the API with these scopes (JSON array items). */
const char *house_link(House *house, const char *address);
const char *house_token(House *house, const char *scopes);
/* All that a request could change: counts and lengths of the proof chains. */
typedef struct Footprint {
	LedgerCounts counts;
	int64_t entries;
} Footprint;
Footprint house_footprint(House *house);
Person house_person(House *house, const char *address);
HistoryEntry house_newest(House *house, const char *address);

#endif
