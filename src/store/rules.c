#include "base/base.h"

#include "store/rules.h"

#include "base/planted.h"

StopRule rules_stop(const Standing *standing, int64_t read_at_ms)
{
	/* Salesforce was read before, or in the millisecond of, a removal: what was read may be
	 * older than it. */
	int64_t lifted_at_ms = MAX_OF(standing->removed_at_ms, standing->removal_asked_at_ms);
	if (read_at_ms > 0 && lifted_at_ms >= read_at_ms && !PLANTED(STALE_READ_APPLIED))
		return STOP_STALE;
	return standing->unsubscribed_at_ms ? STOP_REPEATED : STOP_NEW;
}

bool rules_may_push(const Standing *standing)
{
	return standing->unsubscribed_at_ms && !standing->removal_asked_at_ms;
}

int64_t rules_removal_due(bool in_flight, int64_t lands_until_ms)
{
	if (PLANTED(REMOVAL_IGNORES_IN_FLIGHT))
		return 0;
	return in_flight ? INT64_MAX : lands_until_ms;
}

int64_t rules_lands_until(OutboxState settled, int64_t now_ms)
{
	return settled == OUTBOX_UNKNOWN ? now_ms + OUTBOX_LANDS_MS : 0;
}

RepeatLook rules_repeat_look(EventKind kind, int64_t entry_at_ms, int64_t now_ms)
{
	/* What was wished before a removal was asked for is another story. */
	if (kind == EVENT_REMOVAL_WAITING || kind == EVENT_REMOVED)
		return REPEAT_END;
	if (now_ms - entry_at_ms >= REPEAT_WINDOW_MS)
		return REPEAT_END;
	if (kind != EVENT_UNSUBSCRIBED && kind != EVENT_STOP_REPEATED)
		return REPEAT_SKIP;
	return REPEAT_COMPARE;
}

bool rules_repeat_equal(
	Source entry_source, const EventText *entry, Source source, const EventText *wish)
{
	return entry_source == source && str_eq(entry->reason, wish->reason)
		&& str_eq(entry->actor, wish->actor) && str_eq(entry->details, wish->details)
		&& str_eq(entry->source_name, wish->source_name);
}

/* ---------------------------------------------------------------- checks */

typedef struct TextLimit {
	const char *name;
	Str text;
	size_t bytes_max;
} TextLimit;

static bool check_texts(const TextLimit *limits, size_t count, Err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (limits[i].text.len > limits[i].bytes_max)
			return ERR(err, ERR_INPUT, "%s is longer than %zu bytes", limits[i].name,
				limits[i].bytes_max);
	}
	return true;
}

static bool source_is_known(Source source)
{
	return source > SOURCE_NONE && source < SOURCE_COUNT;
}

bool rules_check_stop(const StopWish *wish, Err *err)
{
	if (!source_is_known(wish->source))
		return ERR(err, ERR_INPUT, "an unsubscribe needs a source");
	const TextLimit limits[] = {
		{ "the source's name", wish->source_name, LEDGER_SOURCE_NAME_BYTES_MAX },
		{ "the details", wish->details, LEDGER_DETAILS_BYTES_MAX },
		{ "the reason", wish->reason, LEDGER_REASON_BYTES_MAX },
		{ "the actor", wish->actor, LEDGER_ACTOR_BYTES_MAX },
		{ "the evidence", wish->evidence, LEDGER_EVIDENCE_BYTES_MAX },
	};
	return check_texts(limits, ARRAY_LEN(limits), err);
}

bool rules_check_put(const PersonPut *put, Err *err)
{
	if (put->record_count > LEDGER_PUT_RECORDS_MAX)
		return ERR(err, ERR_INPUT, "more than %d records for one person at once",
			(int)LEDGER_PUT_RECORDS_MAX);
	const TextLimit limits[] = {
		{ "the first name", put->first_name, LEDGER_NAME_BYTES_MAX },
		{ "the last name", put->last_name, LEDGER_NAME_BYTES_MAX },
		{ "the actor", put->actor, LEDGER_ACTOR_BYTES_MAX },
	};
	return check_texts(limits, ARRAY_LEN(limits), err);
}

bool rules_check_remove(const RemoveWish *wish, Err *err)
{
	if (str_trim(wish->reason).len == 0)
		return ERR(err, ERR_INPUT, "taking an unsubscribe away needs a reason");
	const TextLimit limits[] = {
		{ "the reason", wish->reason, LEDGER_REASON_BYTES_MAX },
		{ "the actor", wish->actor, LEDGER_ACTOR_BYTES_MAX },
	};
	return check_texts(limits, ARRAY_LEN(limits), err);
}

bool rules_check_settle(const Settle *settle, Err *err)
{
	/* Error texts come from Salesforce; fields_written from our own settings. */
	const TextLimit limits[] = {
		{ "the error code", settle->error_code, sizeof((OutboxRow *)0)->error_code - 1 },
		{ "the error text", settle->error_text, LEDGER_EVIDENCE_BYTES_MAX },
		{ "the fields written", settle->fields_written, 512 },
	};
	return check_texts(limits, ARRAY_LEN(limits), err);
}

bool rules_check_run(const Run *run, Err *err)
{
	if (run->kind < RUN_NIGHT || run->kind > RUN_DRY || run->state < RUN_ASKED
		|| run->state >= RUN_STATE_COUNT)
		return ERR(err, ERR_INPUT, "a run needs a kind and a state");
	if ((run->kind == RUN_NIGHT) != (run->local_date != 0))
		return ERR(err, ERR_INPUT, "a night run, and no other, belongs to a local date");
	return true;
}

bool rules_check_lease(Str name, Str owner, Err *err)
{
	if (name.len == 0 || owner.len == 0)
		return ERR(err, ERR_INPUT, "a lease needs a name and an owner");
	const TextLimit limits[] = { { "the lease's name", name, 64 },
		{ "the owner", owner, 128 } };
	return check_texts(limits, ARRAY_LEN(limits), err);
}

bool rules_check_connection(const OrgConnection *org, Err *err)
{
	return org->secret.len <= CREDENTIAL_BYTES_MAX
		|| ERR(err, ERR_INPUT, "the credential is longer than %d bytes",
			(int)CREDENTIAL_BYTES_MAX);
}

/* ---------------------------------------------------------------- outbox */

typedef struct StateRule {
	bool is_open, is_claimable;
} StateRule;

static const StateRule state_rules[OUTBOX_STATE_COUNT] = {
	[OUTBOX_PENDING] = { .is_open = true, .is_claimable = true },
	[OUTBOX_IN_FLIGHT] = { .is_open = true },
	[OUTBOX_WAITING] = { .is_open = true, .is_claimable = true },
	[OUTBOX_UNKNOWN] = { .is_open = true, .is_claimable = true },
	[OUTBOX_DEAD] = { .is_open = true, .is_claimable = true },
};

bool outbox_is_open(OutboxState state)
{
	return state_rules[state].is_open;
}

bool outbox_is_claimable(OutboxState state)
{
	return state_rules[state].is_claimable;
}

bool outbox_is_queued(OutboxState state)
{
	return state_rules[state].is_claimable && state != OUTBOX_UNKNOWN;
}

bool outbox_may_settle(OutboxState from, OutboxState to)
{
	/* UNKNOWN too: an answer may come after the time-out. */
	static const bool may[OUTBOX_STATE_COUNT][OUTBOX_STATE_COUNT] = {
		[OUTBOX_IN_FLIGHT] = { [OUTBOX_DONE] = true,
			[OUTBOX_WAITING] = true,
			[OUTBOX_UNKNOWN] = true,
			[OUTBOX_DEAD] = true,
			[OUTBOX_PENDING] = true },
		[OUTBOX_UNKNOWN] = { [OUTBOX_DONE] = true,
			[OUTBOX_WAITING] = true,
			[OUTBOX_UNKNOWN] = true,
			[OUTBOX_DEAD] = true,
			[OUTBOX_PENDING] = true },
	};
	return from < OUTBOX_STATE_COUNT && to < OUTBOX_STATE_COUNT && may[from][to];
}
