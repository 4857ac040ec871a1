#include "base/base.h"

#include "sync/brake.h"

#include <inttypes.h>
#include <stdarg.h>

static bool hold(BrakeVerdict *out, const char *format, ...) PRINTF_LIKE(2, 3);

/* Always true, to be returned: "this check holds". */
static bool hold(BrakeVerdict *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(out->reason, sizeof out->reason, format, args);
	va_end(args);
	out->hold = true;
	return true;
}

static bool other_fields(const BrakeFigures *plan, const BrakeFigures *baseline, BrakeVerdict *out)
{
	const struct {
		const char *object, *before, *now;
	} pairs[] = {
		{ "Contact", baseline->field_contact.text, plan->field_contact.text },
		{ "Lead", baseline->field_lead.text, plan->field_lead.text },
	};
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (!str_eq(str_from(pairs[i].before), str_from(pairs[i].now)))
			return hold(out,
				"The field of %s changed from %s to %s since the last applied run.",
				pairs[i].object, *pairs[i].before ? pairs[i].before : "none",
				*pairs[i].now ? pairs[i].now : "none");
	return false;
}

static bool other_user(const BrakeFigures *plan, const BrakeFigures *baseline, BrakeVerdict *out)
{
	if (!*plan->user || !*baseline->user
		|| str_eq(str_from(plan->user), str_from(baseline->user)))
		return false;
	return hold(out, "Salesforce was read as %s, by the last applied run as %s.", plan->user,
		baseline->user);
}

/* Dividing keeps clear of overflow: figures come from outside. */
static double share_percent(int64_t part, int64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 100.0;
}

static bool fewer_rows(const char *noun, int64_t read, int64_t before, const BrakeLimits *limits,
	BrakeVerdict *out)
{
	int64_t lost = before - read;
	bool is_empty = read == 0 && before > 0;
	bool is_much = lost > limits->rows_min && share_percent(lost, before) > limits->percent;
	if (!is_empty && !is_much)
		return false;
	return hold(out, "Only %" PRId64 " %s were read, %" PRId64 " by the last applied run.",
		read, noun, before);
}

static bool many_changes(const char *what, const char *of, int64_t planned, int64_t whole,
	const BrakeLimits *limits, BrakeVerdict *out)
{
	double share = share_percent(planned, whole);
	if (planned <= limits->rows_min || share <= limits->percent)
		return false;
	return hold(out,
		"%" PRId64 " %s, %.1f percent of %" PRId64 " %s; more than %d percent is held.",
		planned, what, share, whole, of, limits->percent);
}

void brake_judge(const BrakeFigures *plan, const BrakeFigures *baseline, const BrakeLimits *limits,
	BrakeVerdict *out)
{
	assert(limits->percent >= 0 && limits->percent <= 100 && limits->rows_min >= 0);
	*out = (BrakeVerdict){ 0 };
	if (!baseline) {
		hold(out, "No run with these fields and this user was applied before.");
		return;
	}
	int64_t records = plan->contacts_read + plan->leads_read;
	(void)(other_fields(plan, baseline, out) || other_user(plan, baseline, out)
		|| fewer_rows("contacts", plan->contacts_read, baseline->contacts_read, limits, out)
		|| fewer_rows("leads", plan->leads_read, baseline->leads_read, limits, out)
		|| many_changes("people would be unsubscribed here", "people", plan->planned_here,
			plan->people, limits, out)
		|| many_changes("records would be ticked in Salesforce", "records",
			plan->planned_there, records, limits, out));
}
