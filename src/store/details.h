/* details.h: the plain words of a history entry, made once for all drivers. Private to store/. Each
 * gives a text of at most LEDGER_DETAILS_BYTES_MAX bytes (what is too long is cut between
 * characters). Pure. */
#ifndef STORE_DETAILS_H
#define STORE_DETAILS_H

#include "base/base.h"
#include "store/ledger.h"

typedef struct Details {
	char text[LEDGER_DETAILS_BYTES_MAX];
	size_t len;
} Details;

Str details_str(const Details *details);
/* The caller's words, or words made from the source and the record that caused the stop. */
void details_stop(Details *out, const StopWish *wish);
void details_added(Details *out, const RecordRef *records, size_t count);
void details_linked(Details *out, const RecordRef *records, size_t count, LinkedBy by);
void details_relinked(Details *out, const SfId *record);
void details_unlinked(Details *out, const SfId *record);
void details_ticked(Details *out, const SfId *record, Str fields_written);
void details_refused(Details *out, const SfId *record, Str error_code, Str error_text);
void details_removed(Details *out, bool is_waiting);

#endif
