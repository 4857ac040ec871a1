/* record.h: one Salesforce record as the night holds it: 48 bytes, sorted and merged by the
 * million. Pure. */
#ifndef SYNC_RECORD_H
#define SYNC_RECORD_H

#include "base/base.h"
#include "base/err.h"
#include "model/address.h"
#include "model/sfid.h"

/* Each field is ticked, not ticked, or unknown (hidden, absent, unreadable): with neither bit it is
 * unknown, and unknown is never "no". */
enum {
	RECORD_STANDARD_YES = 1 << 0,
	RECORD_STANDARD_NO = 1 << 1,
	RECORD_SALES_YES = 1 << 2,
	RECORD_SALES_NO = 1 << 3,
	RECORD_CONVERTED = 1 << 4, /* a converted lead: never read, never written */
	RECORD_DELETED = 1 << 5,   /* IsDeleted: never read, never written */
	RECORD_HAS_ADDRESS = 1 << 6,
};

typedef struct RunRecord {
	char sfid[SFID_LEN];   /* 18 characters, no NUL */
	uint8_t object;        /* SfObject */
	uint8_t flags;         /* RECORD_ */
	AddressHash hash;      /* when RECORD_HAS_ADDRESS, else zero */
	uint32_t spool_bytes;  /* the caller's: where the row stands in its spool, to read the */
	uint64_t spool_offset; /* address of records that must be adopted */
} RunRecord;

static_assert(sizeof(RunRecord) == 48, "RunRecord is written to disk by the million");

SfId record_sfid(const RunRecord *record);
/* Orders by ID, bytewise: the order of ledger_scan_links. For run_sorter_open. */
int record_cmp_id(const void *a, const void *b);
/* FIELD_ bits of fields known to be ticked; known not to be. */
unsigned record_ticked(const RunRecord *record);
unsigned record_unticked(const RunRecord *record);

/* Pull: records one after the other. *out_end true (out untouched) after the last. */
typedef struct RecordSource RecordSource;
struct RecordSource {
	bool (*next)(RecordSource *source, RunRecord *out, bool *out_end, Err *err);
};

#endif
