/* log.h: one line per event on stderr: journald priority prefix when asked, time, level, event
 * name, key=value. Event names are stable and dotted ("push.batch.settled"). Addresses never appear
 * in clear unless the operator asks (log_options.clear_addresses): log them with log_address, which
 * prints a keyed hash. Secrets have no formatter. Any thread; a line is written whole.
 *
 * Of one event at most LOG_LINES_PER_SECOND lines a second are written, whatever happens outside;
 * how many more there were is said in a line of its own ("log.suppressed") when the second is over.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

typedef enum LogLevel { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG } LogLevel;

typedef struct LogOptions {
	LogLevel level;
	bool json;
	bool journald; /* "<3>" prefixes; no time of our own */
	bool clear_addresses;
} LogOptions;

enum { LOG_LINES_PER_SECOND = 50 };

void log_init(const LogOptions *options); /* before other threads start */
/* Says what was left out in seconds that are over. Called now and then (every second), so that it
 * is said although the event does not come again. */
void log_flush_suppressed(void);

typedef enum LogType { LOG_T_STR, LOG_T_INT, LOG_T_ERR, LOG_T_ADDRESS } LogType;

typedef struct LogField {
	const char *key;
	LogType type;
	Str str;
	int64_t num;
	const Err *err;
} LogField;

#define LOG_STR(key_, value_) ((LogField){ .key = (key_), .type = LOG_T_STR, .str = (value_) })
#define LOG_Z(key_, value_)                                                                        \
	((LogField){ .key = (key_), .type = LOG_T_STR, .str = str_from(value_) })
#define LOG_INT(key_, value_)                                                                      \
	((LogField){ .key = (key_), .type = LOG_T_INT, .num = (int64_t)(value_) })
#define LOG_ERR(err_) ((LogField){ .key = "error", .type = LOG_T_ERR, .err = (err_) })
#define LOG_ADDRESS(key_, value_)                                                                  \
	((LogField){ .key = (key_), .type = LOG_T_ADDRESS, .str = (value_) })

/* log_event(LOG_INFO, "push.batch.settled", LOG_INT("rows", 200), LOG_INT("ms", 140)); at least one
 * field. */
#define log_event(level, event, ...)                                                               \
	log_fields((level), (event), (LogField[]){ __VA_ARGS__ },                                  \
		ARRAY_LEN(((LogField[]){ __VA_ARGS__ })))
void log_fields(LogLevel level, const char *event, const LogField *fields, size_t count);

/* The hash that stands for addresses in this process's log lines; set once at start, random
 * otherwise. */
void log_set_address_key(const unsigned char key[32]);

WARN_UNUSED bool log_level_parse(Str name, LogLevel *out);

#endif
