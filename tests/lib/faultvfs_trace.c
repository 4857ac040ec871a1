#include "base/base.h"

#include "faultvfs_trace.h"

#include "base/alloc.h"
#include "base/rng.h"

void grow(void **items, size_t *cap, size_t need, size_t item_size)
{
	if (need <= *cap)
		return;
	*cap = MAX_OF(need, *cap * 2);
	*items = xrealloc(*items, *cap, item_size);
}

/* ---------------------------------------------------------------- platters */

/* A write or truncate that waits in the cache. */
typedef struct Piece {
	bool is_truncate;
	size_t offset, len;
	const unsigned char *bytes;
} Piece;

/* One file as it is on disk. */
typedef struct Platter {
	unsigned char *bytes;
	size_t len, cap;
	Piece *waiting;
	size_t waiting_count, waiting_cap;
} Platter;

/* What a name means on disk, and the changes of it that wait. */
typedef struct Place {
	int inode;
	int *waiting;
	size_t waiting_count, waiting_cap;
} Place;

typedef struct Platters {
	const Trace *trace;
	Platter *files;
	Place *places;
} Platters;

typedef enum Manner {
	LOSE_ALL,
	KEEP_ALL,
	KEEP_SOME_512,
	KEEP_SOME_4096,
	KEEP_FIRST,
	MANNERS
} Manner;

/* What a file holds where its length was noted and its content was not. */
static void fill_to(Platter *file, size_t len, Rng *rng)
{
	if (len <= file->len)
		return;
	grow((void **)&file->bytes, &file->cap, len, 1);
	if (rng_chance(rng, 50))
		memset(file->bytes + file->len, 0, len - file->len);
	else
		rng_fill(rng, file->bytes + file->len, len - file->len);
	file->len = len;
}

static void put_bytes(
	Platter *file, size_t offset, const unsigned char *bytes, size_t len, Rng *rng)
{
	fill_to(file, offset, rng);
	if (offset + len > file->len) {
		grow((void **)&file->bytes, &file->cap, offset + len, 1);
		file->len = offset + len;
	}
	memcpy(file->bytes + offset, bytes, len);
}

static void put_piece(Platter *file, const Piece *piece, Rng *rng)
{
	if (!piece->is_truncate)
		put_bytes(file, piece->offset, piece->bytes, piece->len, rng);
	else if (piece->offset < file->len)
		file->len = piece->offset;
	else
		fill_to(file, piece->offset, rng);
}

/* Each sector that the piece touches reaches the disk or does not. */
static void put_some(Platter *file, const Piece *piece, size_t sector, Rng *rng)
{
	if (piece->is_truncate) {
		if (rng_chance(rng, 50))
			put_piece(file, piece, rng);
		return;
	}
	for (size_t at = piece->offset, end = at + piece->len; at < end;) {
		size_t next = MIN_OF((at / sector + 1) * sector, end);
		if (rng_chance(rng, 50))
			put_bytes(file, at, piece->bytes + (at - piece->offset), next - at, rng);
		else if (rng_chance(rng, 50))
			fill_to(file, next, rng);
		at = next;
	}
}

static void put_waiting(Platter *file, Manner manner, Rng *rng)
{
	size_t first = file->waiting_count ? rng_below(rng, file->waiting_count) : 0;
	for (size_t i = 0; i < file->waiting_count; i++) {
		Piece piece = file->waiting[i];
		switch (manner) {
		case KEEP_ALL:
			put_piece(file, &piece, rng);
			break;
		case KEEP_SOME_512:
			put_some(file, &piece, 512, rng);
			break;
		case KEEP_SOME_4096:
			put_some(file, &piece, 4096, rng);
			break;
		case KEEP_FIRST: /* in order, and one is torn at any byte */
			if (i < first) {
				put_piece(file, &piece, rng);
			} else if (i == first && !piece.is_truncate && piece.len) {
				piece.len = rng_below(rng, piece.len);
				put_piece(file, &piece, rng);
			}
			break;
		case LOSE_ALL:
		case MANNERS:
			break;
		}
	}
	file->waiting_count = 0;
}

static void put_name(Place *place, size_t changes)
{
	if (changes)
		place->inode = place->waiting[changes - 1];
	place->waiting_count = 0;
}

static void wait_piece(Platter *file, const Piece *piece)
{
	grow((void **)&file->waiting, &file->waiting_cap, file->waiting_count + 1, sizeof *piece);
	file->waiting[file->waiting_count++] = *piece;
}

static void wait_name(Place *place, int inode)
{
	grow((void **)&place->waiting, &place->waiting_cap, place->waiting_count + 1, sizeof inode);
	place->waiting[place->waiting_count++] = inode;
}

static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (size_t)(slash - path) : 0;
}

bool path_is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	return folder_len(path) == len && strncmp(path, folder, len) == 0;
}

static void sync_names(Platters *platters, size_t name)
{
	const Name *names = platters->trace->names;
	size_t len = folder_len(names[name].path);
	for (size_t i = 0; i < platters->trace->name_count; i++)
		if (folder_len(names[i].path) == len
			&& strncmp(names[i].path, names[name].path, len) == 0)
			put_name(&platters->places[i], platters->places[i].waiting_count);
}

static void play_entry(Platters *platters, const Entry *entry)
{
	const Trace *trace = platters->trace;
	const unsigned char *bytes = trace->bytes + entry->bytes_at;
	Platter *file = entry->inode == NO_INODE ? NULL : &platters->files[entry->inode];
	Place *place = &platters->places[entry->name];
	SeededRng rng;
	rng_seed(&rng, trace->seed ^ (uint64_t)entry->op * UINT64_C(0x9e3779b97f4a7c15));
	switch (entry->kind) {
	case ENTRY_FOUND:
		place->inode = entry->inode;
		put_bytes(file, 0, bytes, entry->len, &rng.base);
		break;
	case ENTRY_MADE:
		wait_name(place, entry->inode);
		break;
	case ENTRY_WRITE:
		wait_piece(file,
			&(Piece){ .offset = (size_t)entry->offset,
				.len = entry->len,
				.bytes = bytes });
		break;
	case ENTRY_TRUNCATE:
		wait_piece(file, &(Piece){ .is_truncate = true, .offset = (size_t)entry->offset });
		break;
	case ENTRY_SYNC:
		put_waiting(file, KEEP_ALL, &rng.base);
		break;
	case ENTRY_SYNC_FAILED:
		put_waiting(file, (Manner)rng_below(&rng.base, MANNERS), &rng.base);
		break;
	case ENTRY_DELETE:
		wait_name(place, NO_INODE);
		break;
	case ENTRY_MOVED:
		platters->places[entry->name_to] = *place;
		*place = (Place){ .inode = NO_INODE };
		break;
	}
	if (entry->folder)
		sync_names(platters, entry->name);
}

/* The operation under way: it waits, at best. */
static void play_half(Platters *platters, const Entry *entry)
{
	Entry half = *entry;
	half.folder = false;
	if (half.kind != ENTRY_SYNC && half.kind != ENTRY_SYNC_FAILED)
		play_entry(platters, &half);
}

static void platters_open(Platters *platters, const Trace *trace, int64_t op)
{
	platters->trace = trace;
	platters->files = xcalloc((size_t)trace->inode_count, sizeof(Platter));
	platters->places = xcalloc(trace->name_count, sizeof(Place));
	for (size_t i = 0; i < trace->name_count; i++)
		platters->places[i].inode = NO_INODE;
	for (size_t i = 0; i < trace->entry_count && trace->entries[i].op <= op; i++) {
		const Entry *entry = &trace->entries[i];
		if (entry->op < op || entry->kind == ENTRY_FOUND || entry->kind == ENTRY_MOVED)
			play_entry(platters, entry);
		else
			play_half(platters, entry);
	}
}

static void platters_close(Platters *platters)
{
	for (int i = 0; i < platters->trace->inode_count; i++) {
		free(platters->files[i].bytes);
		free(platters->files[i].waiting);
	}
	for (size_t i = 0; i < platters->trace->name_count; i++)
		free(platters->places[i].waiting);
	free(platters->files);
	free(platters->places);
}

static void write_file(const char *folder, const char *path, const Platter *file)
{
	char to[PATH_BYTES * 2];
	snprintf(to, sizeof to, "%s%s", folder, strrchr(path, '/'));
	FILE *out = fopen(to, "wb");
	NEEDS(out);
	NEEDS(!file->len || fwrite(file->bytes, file->len, 1, out) == 1);
	NEEDS(fclose(out) == 0);
}

void trace_cut(const Trace *trace, int64_t op, uint64_t seed, const char *from, const char *to)
{
	Platters platters;
	SeededRng rng;
	rng_seed(&rng, seed);
	platters_open(&platters, trace, op);
	/* Fates first: they must not hang on which files happen to survive. */
	for (int i = 0; i < trace->inode_count; i++)
		put_waiting(&platters.files[i], (Manner)rng_below(&rng.base, MANNERS), &rng.base);
	for (size_t i = 0; i < trace->name_count; i++) {
		Place *place = &platters.places[i];
		put_name(place, rng_below(&rng.base, place->waiting_count + 1));
		if (place->inode != NO_INODE && path_is_in(trace->names[i].path, from))
			write_file(to, trace->names[i].path, &platters.files[place->inode]);
	}
	platters_close(&platters);
}
