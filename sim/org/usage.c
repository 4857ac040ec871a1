#include "base/base.h"

#include "base/time.h"
#include "org/usage.h"

static const char *const kind_names[CALL_KIND_COUNT] = {
#define CALL_KIND_NAME(id, name) [id] = (name),
	CALL_KINDS(CALL_KIND_NAME)
#undef CALL_KIND_NAME
};

const char *call_kind_name(CallKind kind)
{
	return kind_names[kind];
}

static void roll(Usage *usage, int64_t now_ms)
{
	int64_t hour = now_ms / MS_PER_HOUR;
	if (hour - usage->hour >= USAGE_HOURS || hour < usage->hour)
		memset(usage->hours, 0, sizeof usage->hours);
	else
		for (int64_t h = usage->hour + 1; h <= hour; h++)
			usage->hours[h % USAGE_HOURS] = 0;
	usage->hour = hour;
}

int64_t usage_used(Usage *usage, int64_t now_ms)
{
	roll(usage, now_ms);
	int64_t used = 0;
	for (size_t i = 0; i < USAGE_HOURS; i++)
		used += usage->hours[i];
	return used;
}

void usage_count(Usage *usage, int64_t now_ms)
{
	roll(usage, now_ms);
	usage->hours[usage->hour % USAGE_HOURS]++;
	usage->total++;
}
