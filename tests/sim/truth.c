#include "base/base.h"

#include "peek.h"
#include "sim.h"

#include <stdarg.h>

static void note_box(const Sim *sim, SimRecord *record, int field, bool is_ticked)
{
	if (is_ticked && !record->ticked[field])
		record->ticked_since_ms[field] = sim->now_ms;
	/* Until the moment at which it was cleared it was ticked. */
	if (is_ticked || record->ticked[field])
		record->ticked_ms[field] = sim->now_ms;
	record->ticked[field] = is_ticked;
}

static void look_at_row(const Sim *sim, const PeekRow *row, SimRecord *record)
{
	for (int i = 0; i < SIM_FIELDS; i++)
		note_box(sim, record, i, row->ticked[i]);
	char email[LEDGER_NAME_BYTES_MAX] = "";
	if (row->email.len)
		(void)!str_copy(row->email, email, sizeof email);
	if (strcmp(email, record->email) != 0) {
		memcpy(record->email, email, sizeof email);
		record->email_since_ms = sim->now_ms;
	}
	record->is_deleted = row->is_deleted;
	record->was_deleted |= row->is_deleted;
	record->is_converted = row->is_converted;
}

void truth_look(SimOrg *org)
{
	PeekRow rows[SIM_RECORDS_MAX];
	size_t count = peek_records(org->org, rows, SIM_RECORDS_MAX);
	for (size_t i = 0; i < count; i++) {
		SfId sfid;
		if (!sfid_parse(str_from(rows[i].id), &sfid, NULL))
			continue;
		SimRecord *record = truth_find(org, &sfid);
		if (!record) {
			record = &org->records[org->record_count++];
			*record = (SimRecord){ .sfid = sfid };
		}
		look_at_row(org->sim, &rows[i], record);
	}
}

SimRecord *truth_find(SimOrg *org, const SfId *sfid)
{
	for (size_t i = 0; i < org->record_count; i++)
		if (sfid_eq(&org->records[i].sfid, sfid))
			return &org->records[i];
	return NULL;
}

SimOrg *truth_org(Sim *sim, int64_t key)
{
	for (size_t i = 0; i < sim->org_count; i++)
		if (sim->orgs[i].key == key)
			return &sim->orgs[i];
	return NULL;
}

void truth_excuse_all(SimOrg *org)
{
	for (size_t i = 0; i < org->record_count; i++)
		org->records[i].excused_ms = org->sim->now_ms;
}

void truth_control(SimOrg *org, const char *path, const char *format, ...)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1024 * 1024);
	char body[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(body, sizeof body, format, args);
	va_end(args);
	const HttpRequest request = {
		.method = HTTP_POST,
		.method_name = STR("POST"),
		.path = str_from(path),
		.body = str_from(body),
	};
	HttpReply reply;
	http_reply_init(&reply);
	org_control_handle(org->org, &request, &arena, &reply);
	sim_say(org->sim, "  org %zu: %s %s", org->index, path, body);
	if (reply.status >= 300)
		sim_fail(org->sim, "the simulation's own mistake: %s %s: %.*s", path, body,
			STR_ARG(buf_str(&reply.body)));
	http_reply_fini(&reply);
	truth_look(org);
}
