/* plan.h: what a run wants to write, row by row with the reason, before it writes any of it. One
 * file for all of dry run, held plan, approval and resume after a crash (doc/adr/005). One thread.
 *
 * Text, one line a thing, tabs between its parts:
 *
 *     optout-plan 1
 *     name  value         the header, PLAN_HEADER_LINES of them
 *     rows
 *     U|T|A|L  ...        the rows
 *     end  counts  digest
 *
 * The digest chains every line before it: a cut, edited or reordered file is noticed when the
 * trailer is read, which is why plan_check comes before the first row is applied. */
#ifndef SYNC_PLAN_H
#define SYNC_PLAN_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"
#include "model/address.h"
#include "model/sfid.h"
#include "sync/fields.h"

typedef enum PlanKind {
	/* person_id here; cause: a ticked record, or an unsubscribed person. */
	PLAN_UNSUBSCRIBE = 1,
	/* sfid there, the fields named; cause likewise. */
	PLAN_TICK,
	/* The record's unknown address becomes an unsubscribed person linked to sfid. */
	PLAN_ADOPT,
	/* sfid carries the address of person_id; 0: of the person that ADOPT makes of `hash`. */
	PLAN_LINK,
	PLAN_KIND_COUNT,
} PlanKind;

typedef enum PlanReason {
	PLAN_TICKED_RECORD = 1,   /* cause_sfid is ticked in Salesforce */
	PLAN_UNSUBSCRIBED_PERSON, /* cause_person is unsubscribed here */
	PLAN_SAME_ADDRESS,        /* LINK: the record carries the address of the person */
	PLAN_REASON_COUNT,
} PlanReason;

const char *plan_kind_name(PlanKind kind);       /* "unsubscribe", "tick", "adopt", "link" */
const char *plan_reason_name(PlanReason reason); /* "ticked-record", ... */

typedef struct PlanRow {
	PlanKind kind;
	PlanReason reason;
	int64_t person_id; /* TICK: a person of the record, 0 when it is the adopted one */
	SfId sfid;         /* unset for UNSUBSCRIBE */
	SfObject object;
	unsigned fields; /* FIELD_ bits. TICK: to set; LINK, ADOPT: not known to be ticked */
	bool has_hash;
	AddressHash hash;     /* ADOPT, LINK; TICK when the record has an address */
	Address address;      /* ADOPT */
	SfId cause_sfid;      /* the ticked record, if that is the reason */
	int64_t cause_person; /* the unsubscribed person, if that is the reason */
	int64_t read_at_ms;   /* when reading Salesforce began: a removal after it wins */
} PlanRow;

enum { PLAN_TEXT_MAX = 95 };

typedef struct PlanHeader {
	int64_t run_id;
	SfId org_id;
	SyncMode mode;
	FieldName field_contact, field_lead; /* as compared: "A" or "A,B" */
	char user[PLAN_TEXT_MAX + 1];        /* the Salesforce user that read, for the brake */
	bool match_by_address, adopt_unknown;
	int64_t read_at_ms;
	int64_t contacts_read, leads_read, people_read;
} PlanHeader;

typedef struct PlanCounts {
	int64_t rows[PLAN_KIND_COUNT]; /* by PlanKind; [0] unused */
} PlanCounts;

/* Rows that change people here (UNSUBSCRIBE, ADOPT) and records there (TICK). */
int64_t plan_here(const PlanCounts *counts);
int64_t plan_there(const PlanCounts *counts);

/* Where bytes go and come from: files in app/, memory in tests. */
typedef struct PlanSink PlanSink;
struct PlanSink {
	bool (*write)(PlanSink *sink, Str bytes, Err *err);
};

typedef struct PlanSource PlanSource;
struct PlanSource {
	/* Up to room bytes; *out_len 0 at the end. */
	bool (*read)(PlanSource *source, char *out, size_t room, size_t *out_len, Err *err);
};

typedef struct PlanWriter PlanWriter;

/* Writes the header. The sink is borrowed until the end. */
WARN_UNUSED bool plan_writer_open(
	PlanSink *sink, const PlanHeader *header, PlanWriter **out, Err *err);
WARN_UNUSED bool plan_write(PlanWriter *writer, const PlanRow *row, Err *err);
/* Writes the trailer and hands all bytes to the sink; without it the file counts as cut. */
WARN_UNUSED bool plan_writer_finish(PlanWriter *writer, PlanCounts *out_counts, Err *err);
void plan_writer_close(PlanWriter **writer);

typedef struct PlanReader PlanReader;

/* Reads the header. ERR_INPUT for another format or version, ERR_FATAL for damage. */
WARN_UNUSED bool plan_reader_open(
	PlanSource *source, PlanReader **out, PlanHeader *out_header, Err *err);
/* *out_end true after the last row, and only when the trailer fits; ERR_FATAL names the line that
 * does not. */
WARN_UNUSED bool plan_read(PlanReader *reader, PlanRow *out, bool *out_end, Err *err);
/* After out_end. */
PlanCounts plan_reader_counts(const PlanReader *reader);
Str plan_reader_digest(const PlanReader *reader); /* 64 hex digits, borrows */
void plan_reader_close(PlanReader **reader);

/* Reads a whole plan and throws the rows away: true when it is complete and unharmed. */
WARN_UNUSED bool plan_check(
	PlanSource *source, PlanHeader *out_header, PlanCounts *out_counts, Err *err);

#endif
