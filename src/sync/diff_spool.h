/* diff_spool.h: the records that may need a row of the plan, set aside until all ties are known.
 * Private to diff.c. */
#ifndef SYNC_DIFF_SPOOL_H
#define SYNC_DIFF_SPOOL_H

#include "base/base.h"
#include "base/err.h"
#include "sync/record.h"
#include "sync/run.h"

enum {
	SPOOL_LINK_ADOPTED = -1, /* SpoolRow.link_to: the person adopted for its address */
	SPOOL_BUFFER_ROWS = 1024,
};

typedef struct SpoolRow {
	RunRecord record;
	int64_t person_id;    /* whose component decides; negative: one to be adopted; 0: none */
	int64_t unsubscribed; /* a person of the record that is unsubscribed already, 0: none */
	int64_t link_to;      /* the person of its address, if not linked yet; 0: none */
	/* Not matching by address: the mailable person of its address, who heeds its tick and is
	 * not linked; 0: none. */
	int64_t heeded_by;
} SpoolRow;

typedef struct DiffSpool {
	RunFile *file;  /* borrowed */
	SpoolRow *rows; /* own; written or read at once */
	size_t at, count;
	bool is_reading;
	uint64_t file_rows, next_row;
} DiffSpool;

void diff_spool_init(DiffSpool *spool, RunFile *file);
void diff_spool_fini(DiffSpool *spool);
WARN_UNUSED bool diff_spool_put(DiffSpool *spool, const SpoolRow *row, Err *err);
/* After the last put: reading starts with the first row. Again: once more. */
WARN_UNUSED bool diff_spool_rewind(DiffSpool *spool, Err *err);
WARN_UNUSED bool diff_spool_next(DiffSpool *spool, SpoolRow *out, bool *out_end, Err *err);

#endif
