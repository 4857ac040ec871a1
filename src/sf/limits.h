/* limits.h: the daily API budget as Salesforce tells it in the Sforce-Limit-Info header.
 * Informational: it may be missing, it is not monotonic from call to call (several servers count),
 * and a per-app part may follow (salesforce-api.md 2.3, 10.2 no. 27). Pure. */
#ifndef SF_LIMITS_H
#define SF_LIMITS_H

#include "base/base.h"
#include "base/str.h"

typedef struct SfUsage {
	int64_t used; /* API calls of all integrations of the org in the rolling 24 hours */
	int64_t max;
	bool has_app; /* a per-app allowance was named too */
	int64_t app_used;
	int64_t app_max;
} SfUsage;

/* "api-usage=25/5000; per-app-api-usage=17/250(appName=x)". False (out untouched) when no api-usage
 * is in it. */
WARN_UNUSED bool sf_limit_info_parse(Str header, SfUsage *out);

#endif
