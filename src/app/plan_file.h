/* plan_file.h: plan files on disk, runs/RUNID.plan in the state folder: sync/plan.h's sink and
 * source over files, and the rows as JSON for people who want to see what a run wants to write. */
#ifndef APP_PLAN_FILE_H
#define APP_PLAN_FILE_H

#include "app/config.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "sync/plan.h"

typedef struct PlanFile {
	PlanSink sink;
	PlanSource source;
	int fd; /* own; -1: closed */
	char path[CONFIG_TEXT_MAX + 64];
} PlanFile;

/* For writing: PATH.part, so that an unfinished plan is never taken for one. */
WARN_UNUSED bool plan_file_create(const Config *config, int64_t run_id, PlanFile *out, Err *err);
/* After plan_writer_finish: on disk under its real name when this returns true. */
WARN_UNUSED bool plan_file_keep(PlanFile *file, Err *err);
/* For reading. ERR_MISSING when the run has no plan. */
WARN_UNUSED bool plan_file_open(const Config *config, int64_t run_id, PlanFile *out, Err *err);
WARN_UNUSED bool plan_file_rewind(PlanFile *file, Err *err);
void plan_file_close(PlanFile *file); /* removes a .part that was not kept */

/* As WebApp.plan_rows: at most limit rows, `{...},{...}`. */
WARN_UNUSED bool plan_show(const Config *config, int64_t run_id, size_t limit, Buf *rows, Err *err);

#endif
