/* brake.h: go, or hold the plan and ask (product.md G9). A plan is compared with the last applied
 * run of the same org, fields and user. Pure. */
#ifndef SYNC_BRAKE_H
#define SYNC_BRAKE_H

#include "base/base.h"
#include "sync/fields.h"
#include "sync/plan.h"

typedef struct BrakeFigures {
	int64_t contacts_read, leads_read;
	int64_t people;        /* known here; 0 in a baseline that did not note it */
	int64_t planned_here;  /* plan_here() */
	int64_t planned_there; /* plan_there() */
	FieldName field_contact, field_lead;
	char user[PLAN_TEXT_MAX + 1]; /* "" when unknown: then it is not compared */
} BrakeFigures;

typedef struct BrakeLimits {
	int percent;      /* setting brake.percent, 0..100 */
	int64_t rows_min; /* setting brake.rows_min: changes up to this many never hold */
} BrakeLimits;

typedef struct BrakeVerdict {
	bool hold;
	char reason[256]; /* one sentence for people; "" when it goes on */
} BrakeVerdict;

/* Holds without a baseline (NULL), when a field or the user changed, when fewer rows were read than
 * percent allows (and none where there were some), when more than rows_min and more than percent of
 * the people or of the records would change. An empty plan over an unchanged reading goes on. */
void brake_judge(const BrakeFigures *plan, const BrakeFigures *baseline, const BrakeLimits *limits,
	BrakeVerdict *out);

#endif
