/* Plan files (sync/plan.h): bytes become rows or a clear refusal, rows written and read are the
 * same, and a changed file is never taken for what it was. The first byte says what follows: 'r': a
 * whole file; 't': its lines, to which a fitting trailer is added; 'd': changes to a file of ours,
 * three bytes each. */
#include "base/base.h"

#include "base/alloc.h"
#include "fuzz.h"
#include "sync/plan.h"
#include "sync/plan_line.h"

enum { FILE_BYTES_MAX = 1024 * 1024, ROWS_MAX = 32 };

typedef struct Memory {
	PlanSource source;
	PlanSink sink;
	Str rest;
	size_t piece; /* bytes a read gives */
	Buf written;
} Memory;

static bool memory_read(PlanSource *source, char *out, size_t room, size_t *out_len, Err *err)
{
	(void)err;
	Memory *memory = CONTAINER_OF(source, Memory, source);
	Str part = str_sub(memory->rest, 0, MIN_OF(room, memory->piece));
	if (part.len > 0)
		memcpy(out, part.ptr, part.len);
	memory->rest = str_from_pos(memory->rest, part.len);
	*out_len = part.len;
	return true;
}

static bool memory_write(PlanSink *sink, Str bytes, Err *err)
{
	Memory *memory = CONTAINER_OF(sink, Memory, sink);
	buf_put(&memory->written, bytes);
	return buf_check(&memory->written, "the plan of a test", err);
}

static void memory_init(Memory *memory, Str text, size_t piece)
{
	*memory = (Memory){ .source = { .read = memory_read },
		.sink = { .write = memory_write },
		.rest = text,
		.piece = piece,
		.written = BUF_MAX(FILE_BYTES_MAX) };
}

static void memory_fini(Memory *memory)
{
	buf_fini(&memory->written);
}

typedef struct Plan {
	PlanHeader header;
	PlanCounts counts;
	PlanRow *rows; /* own; the first ROWS_MAX of them */
	size_t count;
} Plan;

static void plan_fini(Plan *plan)
{
	free(plan->rows);
}

static bool read_plan(Str text, size_t piece, Plan *out)
{
	CLEANUP(memory_fini) Memory memory;
	CLEANUP(plan_reader_close) PlanReader *reader = NULL;
	memory_init(&memory, text, piece);
	*out = (Plan){ .rows = xcalloc(ROWS_MAX, sizeof(PlanRow)) };
	const unsigned kinds = 1u << ERR_INPUT | 1u << ERR_FATAL;
	Err err = { 0 };
	if (!plan_reader_open(&memory.source, &reader, &out->header, &err)) {
		MUST(fuzz_err_is(&err, kinds) && !reader);
		return false;
	}
	for (bool is_end = false;;) {
		PlanRow row;
		if (!plan_read(reader, &row, &is_end, &err)) {
			MUST(fuzz_err_is(&err, kinds));
			return false;
		}
		if (is_end)
			break;
		MUST(row.kind >= PLAN_UNSUBSCRIBE && row.kind < PLAN_KIND_COUNT);
		MUST(row.reason >= PLAN_TICKED_RECORD && row.reason < PLAN_REASON_COUNT);
		MUST(!(row.fields & ~(unsigned)FIELD_ALL));
		if (out->count < ROWS_MAX)
			out->rows[out->count++] = row;
	}
	out->counts = plan_reader_counts(reader);
	MUST(plan_reader_digest(reader).len == 2 * (size_t)HASH_BYTES);
	return true;
}

static bool same_row(const PlanRow *a, const PlanRow *b)
{
	return a->kind == b->kind && a->reason == b->reason && a->person_id == b->person_id
		&& memcmp(&a->sfid, &b->sfid, sizeof a->sfid) == 0 && a->object == b->object
		&& a->fields == b->fields && a->has_hash == b->has_hash
		&& address_hash_cmp(&a->hash, &b->hash) == 0
		&& str_eq(address_str(&a->address), address_str(&b->address))
		&& memcmp(&a->cause_sfid, &b->cause_sfid, sizeof a->cause_sfid) == 0
		&& a->cause_person == b->cause_person && a->read_at_ms == b->read_at_ms;
}

static bool same_header(const PlanHeader *a, const PlanHeader *b)
{
	return a->run_id == b->run_id && memcmp(&a->org_id, &b->org_id, sizeof a->org_id) == 0
		&& a->mode == b->mode && strcmp(a->field_contact.text, b->field_contact.text) == 0
		&& strcmp(a->field_lead.text, b->field_lead.text) == 0
		&& strcmp(a->user, b->user) == 0 && a->match_by_address == b->match_by_address
		&& a->adopt_unknown == b->adopt_unknown && a->read_at_ms == b->read_at_ms
		&& a->contacts_read == b->contacts_read && a->leads_read == b->leads_read
		&& a->people_read == b->people_read;
}

static void check_same(const Plan *a, const Plan *b)
{
	MUST(same_header(&a->header, &b->header) && a->count == b->count);
	MUST(memcmp(&a->counts, &b->counts, sizeof a->counts) == 0);
	for (size_t i = 0; i < a->count; i++)
		MUST(same_row(&a->rows[i], &b->rows[i]));
}

static void write_plan(const Plan *plan, Buf *out)
{
	CLEANUP(memory_fini) Memory memory;
	CLEANUP(plan_writer_close) PlanWriter *writer = NULL;
	PlanCounts counts;
	Err err;
	memory_init(&memory, STR(""), 1);
	MUST(plan_writer_open(&memory.sink, &plan->header, &writer, &err));
	for (size_t i = 0; i < plan->count; i++)
		MUST(plan_write(writer, &plan->rows[i], &err));
	MUST(plan_writer_finish(writer, &counts, &err));
	buf_put(out, buf_str(&memory.written));
}

/* Reads; what can be read also comes back from the writer. */
static bool check_file(Str text, size_t piece)
{
	CLEANUP(plan_fini) Plan plan, again;
	bool is_good = read_plan(text, piece, &plan);
	bool is_good_again = read_plan(text, FILE_BYTES_MAX, &again);
	MUST(is_good == is_good_again);
	if (!is_good)
		return false;
	check_same(&plan, &again);
	if (plan.count == ROWS_MAX)
		return true;
	CLEANUP(plan_fini) Plan rewritten;
	CLEANUP(buf_fini) Buf file = BUF_MAX(FILE_BYTES_MAX);
	write_plan(&plan, &file);
	MUST(!file.overflow && read_plan(buf_str(&file), piece, &rewritten));
	check_same(&plan, &rewritten);
	return true;
}

/* The lines after the first, with the digest and the counts that make them a whole file. */
static void close_file(Str lines, Buf *out)
{
	unsigned char digest[HASH_BYTES] = { 0 };
	PlanCounts counts = { 0 };
	Str line = STR(PLAN_MAGIC);
	do {
		PlanRow row;
		buf_put(out, line);
		buf_put_char(out, '\n');
		plan_digest_add(digest, line);
		if (plan_row_take(line, &row))
			counts.rows[row.kind]++;
	} while (str_split(&lines, '\n', &line));
	plan_end_put(out, &counts, digest);
}

static void put_ours(Buf *out)
{
	PlanRow rows[] = {
		{ .kind = PLAN_UNSUBSCRIBE, .reason = PLAN_TICKED_RECORD, .person_id = 4711 },
		{ .kind = PLAN_TICK,
			.reason = PLAN_UNSUBSCRIBED_PERSON,
			.object = SF_CONTACT,
			.fields = FIELD_ALL,
			.has_hash = true,
			.cause_person = 12 },
		{ .kind = PLAN_ADOPT, .reason = PLAN_TICKED_RECORD, .object = SF_LEAD },
		{ .kind = PLAN_LINK, .reason = PLAN_SAME_ADDRESS, .read_at_ms = -1 },
	};
	Plan plan = { .header = { .run_id = 7, .mode = SYNC_BOTH, .user = "integration user" },
		.rows = rows,
		.count = ARRAY_LEN(rows) };
	Err err;
	MUST(sfid_parse(STR("003000000000001"), &rows[0].cause_sfid, &err));
	MUST(sfid_parse(STR("003000000000001"), &rows[1].sfid, &err));
	MUST(sfid_parse(STR("00Q000000000002"), &rows[2].sfid, &err));
	MUST(address_parse(STR("ann@example.org"), &rows[2].address, &err));
	write_plan(&plan, out);
}

static void check_damage(Str edits)
{
	CLEANUP(buf_fini) Buf ours = BUF_MAX(FILE_BYTES_MAX), damaged = BUF_MAX(FILE_BYTES_MAX);
	put_ours(&ours);
	MUST(check_file(buf_str(&ours), 7));
	buf_put(&damaged, buf_str(&ours));
	while (edits.len > 0 && damaged.len > 0) {
		unsigned op = fuzz_byte(&edits);
		size_t at = (fuzz_byte(&edits) << 8 | op) / 4 % damaged.len;
		char c = (char)fuzz_byte(&edits);
		switch (op % 4) {
		case 0:
			damaged.ptr[at] = c;
			break;
		case 1:
			buf_cut(&damaged, at);
			break;
		case 2: /* the part behind once more */
			buf_put(&damaged, str_from_pos(buf_str(&ours), at));
			break;
		case 3:
			damaged.ptr[at] = (char)(damaged.ptr[at] ^ 1 << ((unsigned char)c % 8));
			break;
		}
	}
	/* Only the trailer's spelling may change: hex digits in capitals, zeros before a count. */
	CLEANUP(plan_fini) Plan before, after;
	MUST(read_plan(buf_str(&ours), 100, &before));
	if (read_plan(buf_str(&damaged), 100, &after))
		check_same(&before, &after);
	else
		MUST(!str_eq(buf_str(&damaged), buf_str(&ours)));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	Err err;
	MUST(secret_library_init(&err));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	unsigned mode = fuzz_byte(&text);
	if (mode == 'd') {
		check_damage(text);
		return 0;
	}
	CLEANUP(buf_fini) Buf file = BUF_MAX(FILE_BYTES_MAX);
	if (mode == 't')
		close_file(text, &file);
	else
		buf_put(&file, text);
	(void)check_file(buf_str(&file), 1 + size % 64);
	return 0;
}
