/* config.h: what an operator can set, as one table and one value struct. The table makes the file
 * format, the environment names, the flags, --help, the man page and `optout config show`; nothing
 * else in the program knows an option's name.
 *
 * Three ways in, the later one wins: the file (INI: `name = value`, # and ; begin comments), the
 * environment (OPTOUT_NAME), flags (--name, with - for _). Settings that people change while the
 * program runs (sync.mode, brake...) are not here: they live in the store (web/settings.c). A
 * Config is plain data without pointers: copy it freely, pass it by const pointer; it never changes
 * after config_load. Pure but for reading the file; any thread. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

enum {
	CONFIG_TEXT_MAX = 1024, /* one value; longer than any path we would make ourselves */
	CONFIG_PROXIES_MAX =
		64,            /* reverse proxies in front of one daemon: few; more is a mistake */
	CONFIG_PROXY_MAX = 48, /* longest CIDR text: 45 characters of IPv6, "/128" */
	CONFIG_FILE_MAX = 256 * 1024, /* bytes of a configuration file */
	CONFIG_SOCKET_MAX = 107,      /* sun_path of unix(7), less its NUL */
	CONFIG_FAULTS_MAX = 32,
	CONFIG_OPTIONS_MAX = 32, /* room for the origins; the table asserts that it fits */
};

typedef enum ConfigFrom { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENV, CONFIG_FLAG } ConfigFrom;

typedef struct ConfigOrigin {
	ConfigFrom from;
	int line; /* of the file; 0 otherwise */
} ConfigOrigin;

typedef struct Config {
	char state_dir[CONFIG_TEXT_MAX]; /* database, keys, socket, plans and spool, unless set
					    apart below */
	char store_url[CONFIG_TEXT_MAX]; /* "sqlite:PATH" */
	char key_file[CONFIG_TEXT_MAX];
	char socket[CONFIG_TEXT_MAX];        /* path of the local admin's Unix socket, at most
						CONFIG_SOCKET_MAX bytes */
	char listen_public[CONFIG_TEXT_MAX]; /* "127.0.0.1:8080", "[::1]:8080"; "" means: no such
						listener */
	char listen_admin[CONFIG_TEXT_MAX];
	char trusted_proxies[CONFIG_PROXIES_MAX][CONFIG_PROXY_MAX]; /* config_trusted_proxies() */
	size_t trusted_proxy_count;
	int64_t reader_threads;
	int64_t writer_queue_max;
	int64_t writer_group_max;           /* changes in one commit */
	int64_t connections_max;            /* per listener */
	int64_t connections_per_client_max; /* 0: half of them */
	int64_t idle_timeout_ms, request_deadline_ms;
	int64_t drain_ms;
	int64_t bulk_page_rows;
	int64_t push_calls_in_flight_max; /* calls to Salesforce at the same time, per org */
	int64_t sf_timeout_ms;
	int64_t sort_memory_bytes;
	LogLevel log_level;
	bool log_json;
	bool log_clear_addresses;
	/* Loopback orgs may always be http (a simulated org); others only with this. */
	bool allow_http_orgs;

	char file[CONFIG_TEXT_MAX];               /* the file that was read, "" if none */
	ConfigOrigin origins[CONFIG_OPTIONS_MAX]; /* by place in the table */
} Config;

typedef enum ConfigType {
	CONFIG_PATH,
	CONFIG_STORE_URL,
	CONFIG_LISTEN, /* numeric IP:PORT, [IPv6]:PORT, or off */
	CONFIG_CIDRS, /* addresses or CIDR blocks, blanks or commas between; the file may repeat the
			 line */
	CONFIG_INT,   /* min..max */
	CONFIG_BYTES, /* min..max; K, M, G behind the number multiply by 1024 */
	CONFIG_BOOL,
	CONFIG_LEVEL,
} ConfigType;

typedef struct ConfigOption {
	const char *name; /* "state_dir" */
	ConfigType type;
	const char *default_text; /* as people read it; values beginning with STATE_DIR/ follow
				     state_dir */
	int64_t min, max;         /* CONFIG_INT and CONFIG_BYTES */
	const char *unit;         /* "ms", "bytes", "" */
	bool is_reloadable;       /* takes effect without a restart */
	bool is_secret;           /* shown as *** */
	const char *help;         /* one sentence */
	size_t offset;            /* of the member in Config */
} ConfigOption;

/* The table, in the order of the documents. */
size_t config_option_count(void);
const ConfigOption *config_option_at(size_t index);
/* By name, with - or _; NULL when there is none. */
const ConfigOption *config_option_find(Str name);

typedef struct ConfigFlag {
	const ConfigOption *option;
	const char *value;
} ConfigFlag;

typedef struct ConfigSources {
	/* NULL: $OPTOUT_CONFIG; else, for ordinary users, ~/.config/optout/optout.conf; else
	 * /etc/optout/optout.conf. The last two may be missing; a file that was named must be
	 * there. */
	const char *file;
	const char
		*system_file; /* in place of /etc/optout/optout.conf, for tests; NULL: that one */
	const char *const *environment; /* "NAME=value", NULL at the end, as environ */
	const ConfigFlag *flags;
	size_t flag_count;
	bool is_root; /* decides where the state folder is when nobody says */
} ConfigSources;

typedef struct ConfigFaults {
	Err items[CONFIG_FAULTS_MAX];
	size_t count; /* all that were found; items holds the first CONFIG_FAULTS_MAX */
} ConfigFaults;

/* Reads all sources. False with ERR_INPUT or ERR_MISSING when anything is wrong; the text names
 * file and line, variable or flag, the option, and what to write instead. faults (may be NULL) gets
 * every fault, err the first; on failure *out is untouched. Unknown options are faults: a misspelt
 * one would silently do nothing. */
WARN_UNUSED bool config_load(
	const ConfigSources *sources, Config *out, ConfigFaults *faults, Err *err);

/* For ServerOptions.trusted_proxies; the views borrow from config. Gives the count. */
size_t config_trusted_proxies(const Config *config, Str out[CONFIG_PROXIES_MAX]);

/* The value as text, as the file would hold it; *** for a secret that is set. */
void config_put_value(Buf *out, const Config *config, const ConfigOption *option);
/* "default", "/etc/optout/optout.conf:7", "OPTOUT_DRAIN_MS", "--drain-ms" */
void config_put_origin(Buf *out, const Config *config, const ConfigOption *option);
/* "1 to 32", "yes or no": what may be written; empty for free text. */
void config_put_range(Buf *out, const ConfigOption *option);

#endif
