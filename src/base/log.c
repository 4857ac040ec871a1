#include "base/base.h"

#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/metric.h"
#include "base/redact.h"
#include "base/rng.h"
#include "base/secret.h"
#include "base/time.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum {
	VALUE_BYTES_MAX = 1024,     /* twice an Err's text */
	ADDRESS_BYTES_MAX = 320,    /* local part 64, @, domain 255 (RFC 5321 4.5.3.1) */
	LINE_BYTES_MAX = 64 * 1024, /* about ten values of the longest kind, each byte escaped */
};

typedef struct LevelFacts {
	const char *name;
	const char *journald; /* priority prefix, sd-daemon(3) */
} LevelFacts;

static const LevelFacts levels[] = {
	[LOG_ERROR] = { "error", "<3>" },
	[LOG_WARN] = { "warn", "<4>" },
	[LOG_INFO] = { "info", "<6>" },
	[LOG_DEBUG] = { "debug", "<7>" },
};

/* Set before other threads start, only read afterwards. */
static LogOptions log_options = { .level = LOG_INFO };
static unsigned char address_key[KEY_BYTES];
static bool has_address_key;

static pthread_once_t random_key_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t stderr_lock = PTHREAD_MUTEX_INITIALIZER; /* guards: one line at a time */

void log_init(const LogOptions *options)
{
	log_options = *options;
}

void log_set_address_key(const unsigned char key[32])
{
	memcpy(address_key, key, sizeof address_key);
	has_address_key = true;
}

static void random_key(void)
{
	if (!has_address_key)
		rng_fill(rng_system(), address_key, sizeof address_key);
}

/* What the line shows of a value. Text may hold addresses that some low layer put into it. */
static void put_visible(Buf *out, LogType type, Str value)
{
	/* Looks further than it shows, so that the cut leaves no half address in clear. */
	Str looked_at = str_sub(value, 0, VALUE_BYTES_MAX + ADDRESS_BYTES_MAX);
	pthread_once(&random_key_once, random_key);
	if (log_options.clear_addresses)
		buf_put(out, looked_at);
	else if (type == LOG_T_ADDRESS)
		redact_address(out, address_key, value);
	else
		redact_text(out, address_key, looked_at);
	if (out->len > VALUE_BYTES_MAX) {
		buf_cut(out, VALUE_BYTES_MAX);
		buf_put_z(out, "...");
	}
}

/* One way to write a pair for each of the two formats. */
typedef struct Line {
	JsonWriter json;
	Buf *out; /* borrowed */
} Line;

static bool needs_quotes(Str value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if ((unsigned char)c <= ' ' || (unsigned char)c >= 0x7F || c == '"' || c == '\\'
			|| c == '=')
			return true;
	}
	return value.len == 0;
}

static void put_pair(Line *line, const char *key, Str value)
{
	if (log_options.json) {
		jw_kv_str(&line->json, key, value.ptr ? value : STR(""));
		return;
	}
	buf_printf(line->out, " %s=", key);
	if (!needs_quotes(value)) {
		buf_put(line->out, value);
		return;
	}
	JsonWriter quoted;
	jw_init(&quoted, line->out);
	jw_str(&quoted, value.ptr ? value : STR(""));
}

static void put_number(Line *line, const char *key, int64_t value)
{
	if (log_options.json) {
		jw_kv_i64(&line->json, key, value);
		return;
	}
	buf_printf(line->out, " %s=%lld", key, (long long)value);
}

static void put_text(Line *line, const char *key, LogType type, Str value)
{
	/* A hash may be longer than the address it stands for: 12 for 3 bytes at worst. */
	CLEANUP(buf_fini) Buf visible = BUF_MAX(4 * (VALUE_BYTES_MAX + ADDRESS_BYTES_MAX));
	put_visible(&visible, type, value);
	put_pair(line, key, buf_str(&visible));
}

static void put_err(Line *line, const LogField *field)
{
	const Err *err = field->err;
	if (!err)
		return;
	put_text(line, field->key, LOG_T_STR, str_from(err->text));
	put_pair(line, "error_kind", str_from(err_kind_name(err->kind)));
	if (err->code != 0)
		put_number(line, "error_code", err->code);
	if (err->origin)
		put_pair(line, "error_at", str_from(err->origin));
}

static void put_field(Line *line, const LogField *field)
{
	switch (field->type) {
	case LOG_T_INT:
		put_number(line, field->key, field->num);
		return;
	case LOG_T_ERR:
		put_err(line, field);
		return;
	case LOG_T_STR:
	case LOG_T_ADDRESS:
		put_text(line, field->key, field->type, field->str);
		return;
	}
}

static void put_start(Line *line, LogLevel level, const char *event)
{
	if (log_options.journald)
		buf_put_z(line->out, levels[level].journald);
	int64_t now_ms = clock_wall_ms(clock_system());
	if (log_options.json) {
		jw_object_begin(&line->json);
		if (!log_options.journald)
			jw_kv_time(&line->json, "at", now_ms);
		jw_kv_str(&line->json, "level", str_from(levels[level].name));
		jw_kv_str(&line->json, "event", str_from(event));
		return;
	}
	if (!log_options.journald) {
		time_put_rfc3339(line->out, now_ms);
		buf_put_char(line->out, ' ');
	}
	buf_printf(line->out, "%s %s", levels[level].name, event);
}

static void put_line(
	Buf *out, LogLevel level, const char *event, const LogField *fields, size_t count)
{
	Line line = { .out = out };
	jw_init(&line.json, out);
	put_start(&line, level, event);
	for (size_t i = 0; i < count; i++)
		put_field(&line, &fields[i]);
	if (log_options.json)
		jw_object_end(&line.json);
	buf_put_char(out, '\n');
}

static void write_whole(Str line)
{
	pthread_mutex_lock(&stderr_lock);
	while (line.len > 0) {
		ssize_t put = write(STDERR_FILENO, line.ptr, line.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break; /* nobody to tell */
		line = str_from_pos(line, (size_t)put);
	}
	pthread_mutex_unlock(&stderr_lock);
}

static void log_line(LogLevel level, const char *event, const LogField *fields, size_t count)
{
	int errno_before = errno;
	CLEANUP(buf_fini) Buf line = BUF_MAX(LINE_BYTES_MAX);
	put_line(&line, level, event, fields, count);
	if (line.overflow) {
		LogField cut = LOG_INT("fields_cut", count);
		buf_reset(&line);
		put_line(&line, level, event, &cut, 1);
	}
	write_whole(buf_str(&line));
	metric_add(M_LOG_LINES, 1);
	errno = errno_before;
}

/* ------------------------------------------------------------- flooding */

/* One event's second. */
typedef struct Flow {
	const char *event; /* a literal; NULL: free */
	int64_t began_mono_ms;
	int64_t lines, suppressed;
} Flow;

enum { FLOWS = 256 }; /* several times the events there are */

static Flow flows[FLOWS];
static pthread_mutex_t flows_lock = PTHREAD_MUTEX_INITIALIZER; /* guards flows */

/* NULL when the table is full, which no event deserves to suffer for. */
static Flow *flow_of(const char *event)
{
	size_t at = 0;
	for (const char *c = event; *c; c++)
		at = at * 31 + (unsigned char)*c;
	for (size_t i = 0; i < FLOWS; i++) {
		Flow *flow = &flows[(at + i) % FLOWS];
		if (!flow->event)
			flow->event = event;
		if (strcmp(flow->event, event) == 0)
			return flow;
	}
	return NULL;
}

/* Begins a new second if the last is over; gives what was left out in that. */
static int64_t flow_turn(Flow *flow, int64_t now_mono_ms)
{
	if (now_mono_ms - flow->began_mono_ms < MS_PER_SECOND)
		return 0;
	int64_t suppressed = flow->suppressed;
	flow->began_mono_ms = now_mono_ms;
	flow->lines = flow->suppressed = 0;
	return suppressed;
}

static void say_suppressed(const char *event, int64_t lines)
{
	const LogField fields[] = { LOG_Z("of", event), LOG_INT("lines", lines) };
	if (lines > 0)
		log_line(LOG_WARN, "log.suppressed", fields, ARRAY_LEN(fields));
}

/* False: the line is one too many. */
static bool flow_take(const char *event)
{
	int64_t suppressed = 0;
	pthread_mutex_lock(&flows_lock);
	Flow *flow = flow_of(event);
	bool may = !flow;
	if (flow) {
		suppressed = flow_turn(flow, clock_mono_ms(clock_system()));
		may = flow->lines < LOG_LINES_PER_SECOND;
		flow->lines += may;
		flow->suppressed += !may;
	}
	pthread_mutex_unlock(&flows_lock);
	say_suppressed(event, suppressed);
	if (!may)
		metric_add(M_LOG_SUPPRESSED, 1);
	return may;
}

void log_flush_suppressed(void)
{
	int64_t now_mono_ms = clock_mono_ms(clock_system());
	for (size_t i = 0; i < FLOWS; i++) {
		pthread_mutex_lock(&flows_lock);
		const char *event = flows[i].event;
		int64_t suppressed = event && flows[i].suppressed
			? flow_turn(&flows[i], now_mono_ms)
			: 0;
		pthread_mutex_unlock(&flows_lock);
		say_suppressed(event, suppressed);
	}
}

void log_fields(LogLevel level, const char *event, const LogField *fields, size_t count)
{
	if (level <= log_options.level && flow_take(event))
		log_line(level, event, fields, count);
}

bool log_level_parse(Str name, LogLevel *out)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (str_eq_nocase(name, str_from(levels[i].name))) {
			*out = (LogLevel)i;
			return true;
		}
	return false;
}
