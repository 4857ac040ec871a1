#include "base/base.h"

#include "model/stop.h"

static const char *const source_names[SOURCE_COUNT] = {
	[SOURCE_NONE] = "none",
	[SOURCE_LINK] = "link",
	[SOURCE_ONE_CLICK] = "one-click",
	[SOURCE_FORM] = "form",
	[SOURCE_MANUAL] = "manual",
	[SOURCE_SALESFORCE_SYNC] = "salesforce-sync",
	[SOURCE_IMPORT] = "import",
	[SOURCE_API] = "api",
	[SOURCE_BOUNCE] = "bounce",
	[SOURCE_COMPLAINT] = "complaint",
	[SOURCE_WEBHOOK] = "webhook",
};

static const char *const event_names[EVENT_COUNT] = {
	[EVENT_NONE] = "none",
	[EVENT_ADDED] = "added",
	[EVENT_UNSUBSCRIBED] = "unsubscribed",
	[EVENT_STOP_REPEATED] = "stop-repeated",
	[EVENT_REMOVAL_WAITING] = "removal-waiting",
	[EVENT_REMOVED] = "removed",
	[EVENT_LINKED] = "linked",
	[EVENT_UNLINKED] = "unlinked",
	[EVENT_TICKED] = "ticked",
	[EVENT_TICK_REFUSED] = "tick-refused",
};

/* Position of a name in a table whose first entry means "none" and is not a word; 0 when absent. */
static size_t find_name(const char *const *names, size_t count, Str name)
{
	for (size_t i = 1; i < count; i++)
		if (str_eq(name, str_from(names[i])))
			return i;
	return 0;
}

const char *source_name(Source source)
{
	assert((unsigned)source < SOURCE_COUNT);
	return source_names[source];
}

bool source_parse(Str name, Source *out)
{
	const Str webhook = STR("webhook:");
	if (str_starts(name, webhook) && name.len > webhook.len) {
		*out = SOURCE_WEBHOOK;
		return true;
	}
	size_t at = find_name(source_names, SOURCE_COUNT, name);
	if (at == 0)
		return false;
	*out = (Source)at;
	return true;
}

const char *event_kind_name(EventKind kind)
{
	assert((unsigned)kind < EVENT_COUNT);
	return event_names[kind];
}

bool event_kind_parse(Str name, EventKind *out)
{
	size_t at = find_name(event_names, EVENT_COUNT, name);
	if (at == 0)
		return false;
	*out = (EventKind)at;
	return true;
}
