#include "base/base.h"

#include "sync/diff_spool.h"

#include "base/alloc.h"

void diff_spool_init(DiffSpool *spool, RunFile *file)
{
	*spool = (DiffSpool){ .file = file, .rows = xcalloc(SPOOL_BUFFER_ROWS, sizeof(SpoolRow)) };
}

void diff_spool_fini(DiffSpool *spool)
{
	free(spool->rows);
	*spool = (DiffSpool){ 0 };
}

static bool flush(DiffSpool *spool, Err *err)
{
	if (spool->count == 0)
		return true;
	if (!spool->file->append(spool->file, spool->rows, spool->count * sizeof(SpoolRow), err))
		return false;
	spool->file_rows += spool->count;
	spool->count = 0;
	return true;
}

bool diff_spool_put(DiffSpool *spool, const SpoolRow *row, Err *err)
{
	if (spool->count == SPOOL_BUFFER_ROWS && !flush(spool, err))
		return false;
	spool->rows[spool->count++] = *row;
	return true;
}

bool diff_spool_rewind(DiffSpool *spool, Err *err)
{
	if (!spool->is_reading && !flush(spool, err))
		return false;
	spool->is_reading = true;
	spool->at = spool->count = 0;
	spool->next_row = 0;
	return true;
}

bool diff_spool_next(DiffSpool *spool, SpoolRow *out, bool *out_end, Err *err)
{
	if (spool->at == spool->count) {
		spool->at = 0;
		spool->count = (size_t)MIN_OF(
			spool->file_rows - spool->next_row, (uint64_t)SPOOL_BUFFER_ROWS);
		*out_end = spool->count == 0;
		if (*out_end)
			return true;
		if (!spool->file->read(spool->file, spool->next_row * sizeof(SpoolRow), spool->rows,
			    spool->count * sizeof(SpoolRow), err))
			return false;
		spool->next_row += spool->count;
	}
	*out_end = false;
	*out = spool->rows[spool->at++];
	return true;
}
