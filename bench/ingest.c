/* For bench/ingest.bench: people with one record each in the database of a state folder and a link
 * for each of them; and the yardstick, the statements of a click in a loop without HTTP, threads or
 * savepoints. */
#include "base/base.h"

#include "base/clock.h"
#include "base/file.h"
#include "model/token.h"
#include "store/store.h"

enum { PUT_GROUP = 1000, STOP_GROUP = 64, KEY_FILE_BYTES_MAX = 16 * 1024 };

typedef struct Bench {
	Keyring keyring;
	Store *store;
	int64_t people;
} Bench;

static void must(bool ok, const Err *err)
{
	if (ok)
		return;
	fprintf(stderr, "ingest: %s\n", err->text);
	exit(1);
}

static void address_of(int64_t number, Address *out)
{
	char text[64];
	Err err = { 0 };
	snprintf(text, sizeof text, "person%lld@example.com", (long long)number);
	must(address_parse(str_from(text), out, &err), &err);
}

static void put_person(Ledger *ledger, int64_t org, int64_t number)
{
	Err err = { 0 };
	char id[32];
	PersonPutOutcome outcome;
	RecordRef record = { .org = org };
	snprintf(id, sizeof id, "003Ax%010lld", (long long)number);
	must(sfid_parse(str_from(id), &record.sfid, &err), &err);
	PersonPut put = {
		.records = &record,
		.record_count = 1,
		.source = SOURCE_IMPORT,
		.actor = STR("bench"),
		.now_ms = clock_wall_ms(clock_system()),
	};
	address_of(number, &put.address);
	must(ledger_person_put(ledger, &put, &outcome, &err), &err);
}

static void put_link(const Bench *bench, int64_t number, FILE *links)
{
	Err err = { 0 };
	Address address;
	CLEANUP(buf_fini) Buf token = BUF_MAX(TOKEN_TEXT_MAX);
	address_of(number, &address);
	must(token_mint(&bench->keyring, &address, rng_system(), &token, &err), &err);
	fprintf(links, "/u/%s\n", buf_z(&token));
}

static void prepare(Bench *bench, const char *links_path)
{
	Err err = { 0 };
	SfId org_id;
	int64_t org = 0;
	FILE *links = fopen(links_path, "w");
	must(links != NULL || ERR(&err, ERR_FATAL, "cannot write %s", links_path), &err);
	must(sfid_parse(STR("00D000000000001"), &org_id, &err), &err);
	must(store_begin(bench->store, &err), &err);
	must(ledger_org_put(store_ledger(bench->store), &org_id, 1, &org, &err), &err);
	for (int64_t i = 0; i < bench->people; i++) {
		put_person(store_ledger(bench->store), org, i);
		put_link(bench, i, links);
		if (i % PUT_GROUP == PUT_GROUP - 1)
			must(store_commit(bench->store, &err) && store_begin(bench->store, &err),
				&err);
	}
	must(store_commit(bench->store, &err) && store_checkpoint(bench->store, &err), &err);
	fclose(links);
}

static void stop_person(Bench *bench, int64_t number)
{
	Err err = { 0 };
	StopOutcome outcome;
	/* As long as what web/public.c writes of a click. */
	StopWish wish = {
		.source = SOURCE_ONE_CLICK,
		.actor = STR("recipient"),
		.evidence = STR("{\"method\":\"POST\",\"client\":\"127.0.0.1\",\"user_agent\":\"\","
				"\"link_key\":1,\"at\":\"2026-01-01T00:00:00.000Z\"}"),
		.now_ms = clock_wall_ms(clock_system()),
	};
	address_of(number, &wish.address);
	must(ledger_stop(store_ledger(bench->store), &wish, &outcome, &err), &err);
}

static void yardstick(Bench *bench)
{
	Err err = { 0 };
	int64_t groups = bench->people / STOP_GROUP;
	int64_t began_ms = clock_mono_ms(clock_system());
	for (int64_t group = 0; group < groups; group++) {
		must(store_begin(bench->store, &err), &err);
		for (int64_t i = 0; i < STOP_GROUP; i++)
			stop_person(bench, group * STOP_GROUP + i);
		must(store_commit(bench->store, &err), &err);
	}
	int64_t took_ms = clock_mono_ms(clock_system()) - began_ms;
	printf("%.0f\n", (double)(groups * STOP_GROUP) * 1000.0 / (double)MAX_OF(took_ms, 1));
}

static bool open_state(const char *folder, Bench *bench, Err *err)
{
	CLEANUP(buf_fini) Buf keys = BUF_MAX(KEY_FILE_BYTES_MAX);
	char path[4096];
	snprintf(path, sizeof path, "%s/optout.keys", folder);
	if (!secret_library_init(err) || !file_read(path, &keys, err)
		|| !keyring_parse(buf_str(&keys), &bench->keyring, err))
		return false;
	snprintf(path, sizeof path, "sqlite:%s/optout.db", folder);
	return store_open(
		str_from(path), &(StoreOptions){ .keyring = &bench->keyring }, &bench->store, err);
}

int main(int argc, char **argv)
{
	Err err = { 0 };
	Bench bench = { 0 };
	bool is_prepare = argc == 5 && strcmp(argv[1], "prepare") == 0;
	if (!is_prepare && !(argc == 4 && strcmp(argv[1], "yardstick") == 0)) {
		fprintf(stderr,
			"usage: ingest prepare STATE-FOLDER PEOPLE LINKS-FILE\n"
			"       ingest yardstick STATE-FOLDER PEOPLE\n"
			"yardstick prints how many people a second it unsubscribed.\n");
		return 2;
	}
	must(str_to_i64(str_from(argv[3]), STOP_GROUP, INT32_MAX, &bench.people)
			|| ERR(&err, ERR_INPUT, "%s people?", argv[3]),
		&err);
	must(open_state(argv[2], &bench, &err), &err);
	if (is_prepare)
		prepare(&bench, argv[4]);
	else
		yardstick(&bench);
	store_close(&bench.store);
	keyring_fini(&bench.keyring);
	return 0;
}
