/* Durable unsubscribes per second: 64 threads through the writer's group commit, beside one thread
 * that commits each alone (the yardstick), on the same disk in the same run. */
#include "base/base.h"

#include "base/clock.h"
#include "base/file.h"
#include "store/writer.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 64, ALONE = 1500, GROUPED = 30000, BAR = 3 };

typedef struct Bench {
	Keyring keyring;
	Store *store;
	Writer *writer;
	atomic_int next;
} Bench;

static void die(const Err *err)
{
	fprintf(stderr, "commit: %s\n", err->text);
	exit(1);
}

typedef struct Stop {
	int number;
} Stop;

static bool stop(void *ctx, Store *store, Err *err)
{
	const Stop *one = ctx;
	char text[64];
	snprintf(text, sizeof text, "person%d@example.com", one->number);
	StopWish wish = {
		.source = SOURCE_ONE_CLICK,
		.actor = STR("recipient"),
		.now_ms = clock_wall_ms(clock_system()),
	};
	StopOutcome outcome;
	return address_parse(str_from(text), &wish.address, err)
		&& ledger_stop(store_ledger(store), &wish, &outcome, err);
}

static double per_second(int count, int64_t since_ms)
{
	int64_t ms = clock_mono_ms(clock_system()) - since_ms;
	return (double)count * 1000.0 / (double)(ms > 0 ? ms : 1);
}

static double measure_alone(Bench *bench)
{
	int64_t since = clock_mono_ms(clock_system());
	for (int i = 0; i < ALONE; i++) {
		Err err = { 0 };
		if (!store_begin(bench->store, &err) || !stop(&(Stop){ -1 - i }, bench->store, &err)
			|| !store_commit(bench->store, &err))
			die(&err);
	}
	return per_second(ALONE, since);
}

static void *click(void *arg)
{
	Bench *bench = arg;
	for (int number; (number = atomic_fetch_add(&bench->next, 1)) < GROUPED;) {
		Err err = { 0 };
		if (!writer_call(bench->writer, stop, &(Stop){ number }, &err))
			die(&err);
	}
	return NULL;
}

static double measure_grouped(Bench *bench)
{
	pthread_t threads[THREADS];
	int64_t since = clock_mono_ms(clock_system());
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, click, bench) != 0)
			exit(1);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return per_second(GROUPED, since);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: commit FOLDER (on the disk to measure)\n");
		return 2;
	}
	Err err = { 0 };
	char url[4096];
	snprintf(url, sizeof url, "sqlite:%s/commit.db", argv[1]);
	Bench bench = { 0 };
	if (!secret_library_init(&err) || !dir_make(argv[1], 0700, &err))
		die(&err);
	keyring_generate(&bench.keyring, rng_system());
	const StoreOptions options = { .keyring = &bench.keyring };
	const WriterOptions writer = { .queue_max = 8192, .group_max = 512 };
	if (!store_open(str_from(url), &options, &bench.store, &err))
		die(&err);
	double alone = measure_alone(&bench);
	if (!writer_open(&bench.store, &writer, &bench.writer, &err))
		die(&err);
	double grouped = measure_grouped(&bench);
	writer_close(&bench.writer);
	keyring_fini(&bench.keyring);
	printf("commit: each alone (yardstick) %.0f unsubscribes/s, %d threads in groups %.0f/s\n",
		alone, THREADS, grouped);
	printf("commit: %.1f x (bar %d x): %s\n", grouped / alone, BAR,
		grouped / alone >= BAR ? "holds" : "falls short");
	return 0;
}
