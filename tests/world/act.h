/* act.h: what people do in a table: in the orgs past the API, in Optout as its pages and API do. */
#ifndef TESTS_WORLD_ACT_H
#define TESTS_WORLD_ACT_H

#include "base/base.h"

#include "stage.h"

/* False: the process died before it answered; whoever asked does it again. May be done again after
 * an answer that was lost. */
WARN_UNUSED bool act(Stage *stage, const Line *line);
/* What the table has from the beginning, before Optout runs. */
void act_in_the_beginning(Stage *stage, const Line *line);
/* After the last of these: what they would push was pushed long ago. */
void act_end_of_beginning(Stage *stage);

/* Each of an org; false as act. A run that was asked for meanwhile is not asked for twice. */
WARN_UNUSED bool act_ask_for_run(
	Stage *stage, const SimOrg *org, RunKind kind, int64_t last_run_id);
/* A held run becomes APPROVED or DISCARDED. */
WARN_UNUSED bool act_judge_run(Stage *stage, const SimOrg *org, RunState judgement);

#endif
