/* control.h: one call of the control port while it is answered. Private to sim/org. */
#ifndef ORG_CONTROL_H
#define ORG_CONTROL_H

#include "base/base.h"
#include "base/json.h"
#include "org/state.h"

typedef struct Control {
	Org *org;
	const HttpRequest *request;
	Arena *arena;
	HttpReply *reply;
	JsonDoc doc; /* the body of a POST */
} Control;

/* {"...": ...}: begin, members, end. */
JsonWriter control_begin(Control *c, int status);
void control_end(Control *c, JsonWriter *w);
void control_refuse(Control *c, int status, Str text); /* {"error": text} */
void control_done(Control *c);                         /* {"ok": true} */
Str control_param(Control *c, const char *name);
Str control_member(Control *c, const char *name); /* a text of the body; STR_NONE if absent */

/* control_records.c */
/* The object named in the body, or that of the id there; NULL when refused. */
OrgTable *control_table(Control *c);
void control_get_records(Control *c);
void control_post_edit(Control *c);
void control_post_create(Control *c);
void control_post_delete(Control *c);
void control_post_undelete(Control *c);
void control_post_convert(Control *c);

#endif
