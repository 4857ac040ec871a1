/* view.h: the API's answers as text for people, one function an answer. JSON in, text out; nothing
 * else. Members that are missing are left out, so that a newer or older daemon can be read too.
 * Pure. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/table.h"

/* A problem document (RFC 9457), or whatever came instead, as one sentence with the kind that fits
 * the status. */
void view_problem(int status, Str body, Err *out);

/* people and the single person */
void view_people(Buf *out, const JsonVal *root);
void view_person(Buf *out, const JsonVal *root);
void view_unsubscribed(Buf *out, const JsonVal *root);
/* What stands where, and what the next night does, before an admin confirms (product.md M5). */
void view_before_removal(Buf *out, const JsonVal *person);
void view_removed(Buf *out, const JsonVal *root);
void view_check(Buf *out, const JsonVal *root);
void view_links(Buf *out, const JsonVal *root);
void view_import(Buf *out, const JsonVal *root);

/* orgs, settings, tokens, state of the whole */
void view_orgs(Buf *out, const JsonVal *root);
void view_org_connected(Buf *out, const JsonVal *root);
void view_org_status(Buf *out, const JsonVal *root);
void view_settings(Buf *out, const JsonVal *root);
void view_settings_saved(Buf *out, const JsonVal *root);
void view_token(Buf *out, const JsonVal *root);
void view_status(Buf *out, const JsonVal *root);
void view_diagnostics(Buf *out, const JsonVal *root);

/* runs */
void view_runs(Buf *out, const JsonVal *root);
void view_run(Buf *out, const JsonVal *root);
void view_plan(Buf *out, const JsonVal *root);
/* One line on how a run stands: "run 12: applying, 40 of 100 unsubscribed here, ...". */
void view_run_progress(Buf *out, const JsonVal *run);

#endif
