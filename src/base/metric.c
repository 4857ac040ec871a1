#include "base/base.h"

#include "base/metric.h"

#include <stdatomic.h>

static const struct {
	MetricKind kind;
	const char *name;
	const char *labels;
	const char *help;
} metrics[METRIC_COUNT] = {
#define METRIC_ROW(id, kind_, name_, labels_, help_)                                               \
	[id] = { METRIC_##kind_, name_, labels_, help_ },
	METRIC_TABLE(METRIC_ROW)
#undef METRIC_ROW
};

static const int64_t bucket_ms[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000 };

enum { BUCKETS = ARRAY_LEN(bucket_ms) + 1 }; /* and +Inf */

/* value: a counter's or gauge's number, a histogram's sum in milliseconds. */
static _Atomic int64_t values[METRIC_COUNT];
static _Atomic int64_t buckets[METRIC_COUNT][BUCKETS];

static void add_to(_Atomic int64_t *number, int64_t amount)
{
	atomic_fetch_add_explicit(number, amount, memory_order_relaxed);
}

static int64_t read_of(_Atomic int64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

void metric_add(MetricId id, int64_t amount)
{
	assert(metrics[id].kind != METRIC_HISTOGRAM);
	assert(amount >= 0 || metrics[id].kind == METRIC_GAUGE);
	add_to(&values[id], amount);
}

void metric_set(MetricId id, int64_t value)
{
	assert(metrics[id].kind == METRIC_GAUGE);
	atomic_store_explicit(&values[id], value, memory_order_relaxed);
}

void metric_observe_ms(MetricId id, int64_t ms)
{
	assert(metrics[id].kind == METRIC_HISTOGRAM);
	size_t bucket = 0;
	while (bucket < ARRAY_LEN(bucket_ms) && ms > bucket_ms[bucket])
		bucket++;
	add_to(&buckets[id][bucket], 1);
	add_to(&values[id], ms);
}

int64_t metric_value(MetricId id)
{
	if (metrics[id].kind != METRIC_HISTOGRAM)
		return read_of(&values[id]);
	int64_t count = 0;
	for (size_t i = 0; i < BUCKETS; i++)
		count += read_of(&buckets[id][i]);
	return count;
}

static void put_head(Buf *out, MetricId id)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metrics[id].name, metrics[id].help,
		metrics[id].name, types[metrics[id].kind]);
}

static void put_line(Buf *out, MetricId id, const char *suffix, const char *more, int64_t value)
{
	const char *labels = metrics[id].labels;
	buf_printf(out, "%s%s", metrics[id].name, suffix);
	if (labels[0] || more[0])
		buf_printf(out, "{%s%s%s}", labels, labels[0] && more[0] ? "," : "", more);
	buf_printf(out, " %lld\n", (long long)value);
}

static void put_histogram(Buf *out, MetricId id)
{
	int64_t count = 0; /* buckets are cumulative in the text */
	for (size_t i = 0; i < BUCKETS; i++) {
		char le[40] = "le=\"+Inf\"";
		if (i < ARRAY_LEN(bucket_ms))
			snprintf(le, sizeof le, "le=\"%lld\"", (long long)bucket_ms[i]);
		count += read_of(&buckets[id][i]);
		put_line(out, id, "_bucket", le, count);
	}
	put_line(out, id, "_sum", "", read_of(&values[id]));
	put_line(out, id, "_count", "", count);
}

void metric_put_text(Buf *out)
{
	const char *name_before = "";
	for (MetricId id = 0; id < METRIC_COUNT; id++) {
		/* Series of one name stand together in the table and share one head. */
		if (strcmp(metrics[id].name, name_before) != 0)
			put_head(out, id);
		name_before = metrics[id].name;
		if (metrics[id].kind == METRIC_HISTOGRAM)
			put_histogram(out, id);
		else
			put_line(out, id, "", "", read_of(&values[id]));
	}
}

void metric_reset_all(void)
{
	for (size_t id = 0; id < METRIC_COUNT; id++) {
		atomic_store_explicit(&values[id], 0, memory_order_relaxed);
		for (size_t i = 0; i < BUCKETS; i++)
			atomic_store_explicit(&buckets[id][i], 0, memory_order_relaxed);
	}
}
