#include "base/base.h"

#include "sync/run.h"

#include "base/alloc.h"

/* One sorted stretch of the file, read through a window. */
typedef struct Run {
	uint64_t offset; /* of the next record that is not in the window */
	uint64_t left;   /* records not in the window */
	unsigned char *window;
	size_t at, count; /* in the window */
} Run;

struct RunSorter {
	RunSorterOptions options;
	unsigned char *rows; /* own; the unsorted rest, later the windows of all runs */
	size_t row_count, rows_max;
	uint64_t added, file_bytes;
	Run *runs; /* own */
	size_t run_count, run_cap;
	size_t window_rows;
	size_t *heap; /* own; indices of runs, smallest record first */
	size_t heap_count;
	size_t memory_at; /* when nothing was written: next row */
	bool is_finished;
};

RunSorter *run_sorter_open(const RunSorterOptions *options)
{
	assert(options->record_bytes >= 1 && options->record_bytes <= RUN_RECORD_BYTES_MAX);
	assert(options->memory_bytes >= RUN_MEMORY_BYTES_MIN);
	RunSorter *sorter = xcalloc(1, sizeof *sorter);
	sorter->options = *options;
	/* Half: the C library's qsort sorts by merging, in as much memory again. */
	sorter->rows_max = options->memory_bytes / 2 / options->record_bytes;
	return sorter;
}

void run_sorter_close(RunSorter **sorter)
{
	if (!*sorter)
		return;
	free((*sorter)->rows);
	free((*sorter)->runs);
	free((*sorter)->heap);
	free(*sorter);
	*sorter = NULL;
}

static void sort_rows(RunSorter *sorter)
{
	if (sorter->row_count > 1)
		qsort(sorter->rows, sorter->row_count, sorter->options.record_bytes,
			sorter->options.compare);
}

static bool write_run(RunSorter *sorter, Err *err)
{
	if (!array_reserve((void **)&sorter->runs, &sorter->run_cap, sorter->run_count + 1,
		    RUN_RUNS_MAX, sizeof(Run)))
		return ERR(err, ERR_LIMIT,
			"more than %d sorted runs: give the night more memory for sorting",
			RUN_RUNS_MAX);
	sort_rows(sorter);
	size_t bytes = sorter->row_count * sorter->options.record_bytes;
	if (!sorter->options.file->append(sorter->options.file, sorter->rows, bytes, err))
		return false;
	sorter->runs[sorter->run_count++] = (Run){ .offset = sorter->file_bytes,
		.left = sorter->row_count };
	sorter->file_bytes += bytes;
	sorter->row_count = 0;
	return true;
}

bool run_sorter_add(RunSorter *sorter, const void *record, Err *err)
{
	assert(!sorter->is_finished);
	size_t size = sorter->options.record_bytes;
	if (!sorter->rows)
		sorter->rows = xcalloc(sorter->rows_max, size);
	if (sorter->row_count == sorter->rows_max && !write_run(sorter, err))
		return false;
	memcpy(sorter->rows + sorter->row_count++ * size, record, size);
	sorter->added++;
	return true;
}

/* ----------------------------------------------------------------- merge */

static bool window_fill(RunSorter *sorter, Run *run, Err *err)
{
	size_t size = sorter->options.record_bytes;
	run->at = 0;
	run->count = (size_t)MIN_OF(run->left, (uint64_t)sorter->window_rows);
	if (run->count == 0)
		return true;
	if (!sorter->options.file->read(
		    sorter->options.file, run->offset, run->window, run->count * size, err))
		return false;
	run->offset += run->count * size;
	run->left -= run->count;
	return true;
}

static const unsigned char *run_front(const RunSorter *sorter, size_t run)
{
	return sorter->runs[run].window + sorter->runs[run].at * sorter->options.record_bytes;
}

static bool is_before(const RunSorter *sorter, size_t a, size_t b)
{
	int order = sorter->options.compare(run_front(sorter, a), run_front(sorter, b));
	return order < 0 || (order == 0 && a < b);
}

static void heap_sink(RunSorter *sorter, size_t at)
{
	for (;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < sorter->heap_count
				&& is_before(sorter, sorter->heap[child], sorter->heap[least]))
				least = child;
		if (least == at)
			return;
		size_t swap = sorter->heap[at];
		sorter->heap[at] = sorter->heap[least];
		sorter->heap[least] = swap;
		at = least;
	}
}

/* The memory of the rows becomes one window for each run. */
static bool open_merge(RunSorter *sorter, Err *err)
{
	size_t size = sorter->options.record_bytes;
	sorter->window_rows = MAX_OF(sorter->rows_max / sorter->run_count, (size_t)1);
	sorter->rows = xrealloc(sorter->rows, MAX_OF(sorter->rows_max, sorter->run_count), size);
	sorter->heap = xcalloc(sorter->run_count, sizeof *sorter->heap);
	for (size_t i = 0; i < sorter->run_count; i++) {
		sorter->runs[i].window = sorter->rows + i * sorter->window_rows * size;
		if (!window_fill(sorter, &sorter->runs[i], err))
			return false;
		sorter->heap[sorter->heap_count++] = i;
	}
	for (size_t i = sorter->heap_count / 2; i-- > 0;)
		heap_sink(sorter, i);
	return true;
}

bool run_sorter_finish(RunSorter *sorter, Err *err)
{
	assert(!sorter->is_finished);
	sorter->is_finished = true;
	if (sorter->run_count == 0) {
		sort_rows(sorter);
		return true;
	}
	return write_run(sorter, err) && open_merge(sorter, err);
}

static bool next_of_memory(RunSorter *sorter, void *out_record, bool *out_end)
{
	size_t size = sorter->options.record_bytes;
	*out_end = sorter->memory_at == sorter->row_count;
	if (!*out_end)
		memcpy(out_record, sorter->rows + sorter->memory_at++ * size, size);
	return true;
}

bool run_sorter_next(RunSorter *sorter, void *out_record, bool *out_end, Err *err)
{
	assert(sorter->is_finished);
	if (sorter->run_count == 0)
		return next_of_memory(sorter, out_record, out_end);
	*out_end = sorter->heap_count == 0;
	if (*out_end)
		return true;
	Run *run = &sorter->runs[sorter->heap[0]];
	memcpy(out_record, run_front(sorter, sorter->heap[0]), sorter->options.record_bytes);
	run->at++;
	if (run->at == run->count && !window_fill(sorter, run, err))
		return false;
	if (run->count == 0)
		sorter->heap[0] = sorter->heap[--sorter->heap_count];
	heap_sink(sorter, 0);
	return true;
}

uint64_t run_sorter_count(const RunSorter *sorter)
{
	return sorter->added;
}

size_t run_sorter_runs(const RunSorter *sorter)
{
	return sorter->run_count;
}
