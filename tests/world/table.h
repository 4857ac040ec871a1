/* table.h: a world table as it is read (README.md describes the format). A line is words in
 * columns; one pattern per kind of line both reads it and writes it, so that what was found can be
 * compared with what was expected as text. */
#ifndef TESTS_WORLD_TABLE_H
#define TESTS_WORLD_TABLE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/address.h"
#include "model/sfid.h"
#include "model/stop.h"

enum {
	TABLE_ORGS_MAX = 2,
	TABLE_RECORDS_MAX = 24,
	TABLE_LINES_MAX = 256,
	TABLE_LINE_RECORDS_MAX = 8,
	TABLE_NAME_BYTES = 16,
};

typedef enum LineKind {
	LINE_NONE,
	/* What there is in the beginning. */
	LINE_ORG,
	LINE_PERSON,
	/* The same, or what somebody does later. */
	LINE_SETTING,
	LINE_RECORD,
	LINE_TICK,
	LINE_UNTICK,
	LINE_ADDRESS,
	LINE_DELETE,
	LINE_PURGE,
	LINE_UNDELETE,
	LINE_CONVERT,
	LINE_HIDE,
	LINE_SHOW,
	LINE_REFUSE,
	/* What is done to Optout, which runs from the first of these on. */
	LINE_IMPORT,
	LINE_STOP,
	LINE_REMOVE,
	LINE_RUN,
	LINE_DRY_RUN,
	LINE_NIGHT,
	LINE_APPROVE,
	LINE_DISCARD,
	/* What a run comes to. */
	LINE_PLAN_NOTHING,
	LINE_PLAN_UNSUBSCRIBE,
	LINE_PLAN_ADOPT,
	LINE_PLAN_LINK,
	LINE_PLAN_TICK,
	LINE_HOLDS,
	LINE_FAILS,
	/* What there is in the end. */
	LINE_END_UNSUBSCRIBED,
	LINE_END_MAILABLE,
	LINE_END_TICKED,
	LINE_END_CLEAR,
	LINE_END_OPEN,
	LINE_END_HISTORY,
	LINE_KINDS,
} LineKind;

/* When in a run. */
typedef enum Phase {
	PHASE_NONE,
	PHASE_READING,       /* nothing is read yet */
	PHASE_READING_LEADS, /* Contacts are read, Leads are not */
	PHASE_PLANNING,      /* all is read, nothing decided */
	PHASE_APPLYING,      /* the plan is to be applied */
	PHASE_PUSHING,       /* a tick is on its way */
	PHASE_PUSHED,        /* the org has done it, its answer is on its way */
	PHASES,
} Phase;

enum { BOX_EMAIL = 1, BOX_SALES = 2 }; /* bits, as FIELD_ in sync/fields.h */
enum { NO_RECORD = -1 };

typedef struct Line {
	LineKind kind;
	size_t number; /* in the file; 0: found, not expected */
	Phase phase;   /* of `during`; 0: now */
	size_t org;
	size_t records[TABLE_LINE_RECORDS_MAX]; /* numbers of Table.records */
	size_t record_count;
	Address address;   /* len 0: none */
	Str email;         /* as in Salesforce; "" for "-" */
	unsigned boxes;    /* BOX_ bits */
	int cause_record;  /* NO_RECORD: none */
	Address cause;     /* an unsubscribed person */
	Source source;     /* 0: none */
	EventKind event;   /* 0: none */
	SfObject object;   /* 0: none */
	Str name;          /* of an org or record that is new, of a setting; a code */
	Str text;          /* the value of a setting; the rest of a line */
	int64_t times;     /* 0: not said */
	bool unsubscribed; /* the word stands there */
	bool by_short_id;  /* likewise: IDs of 15 characters */
} Line;

typedef struct TableRecord {
	char name[TABLE_NAME_BYTES]; /* c1: a Contact, l1: a Lead */
	size_t org;
} TableRecord;

typedef struct Table {
	const char *path; /* borrowed */
	Str title;        /* the comment of its first line */
	char orgs[TABLE_ORGS_MAX][TABLE_NAME_BYTES];
	size_t org_count;
	TableRecord records[TABLE_RECORDS_MAX];
	size_t record_count;
	Line lines[TABLE_LINES_MAX];
	size_t line_count;
	Arena arena; /* of all strings */
} Table;

/* ERR_INPUT with "FILE:LINE: what is wrong". */
WARN_UNUSED bool table_read(const char *path, Table *out, Err *err);
void table_fini(Table *table);

/* As it would stand in the file. */
void line_put(Buf *out, const Table *table, const Line *line);

bool line_is_run(LineKind kind); /* RUN, DRY_RUN, NIGHT, APPROVE */
bool line_is_plan(LineKind kind);
bool line_is_end(LineKind kind);
bool line_needs_house(LineKind kind); /* IMPORT ... DISCARD */
const char *phase_name(Phase phase);

#endif
