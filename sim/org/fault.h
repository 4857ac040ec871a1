/* fault.h: provoked trouble, in the order it was asked for: the next N calls that match get it. */
#ifndef ORG_FAULT_H
#define ORG_FAULT_H

#include "base/base.h"
#include "base/json.h"
#include "http/message.h"
#include "org/call.h"

typedef enum FaultKind {
	FAULT_STATUS, /* answer with that status and body instead of working */
	FAULT_HTML,   /* the same with a maintenance page */
	FAULT_DELAY,
	FAULT_RESET_BEFORE, /* the connection is reset, nothing was done */
	FAULT_RESET_AFTER,  /* the work is done, then the connection is reset */
	FAULT_TRUNCATE,     /* the work is done, the answer is cut */
	FAULT_RECORD,       /* a write of a record fails with that code */
	FAULT_KINDS
} FaultKind;

const char *fault_kind_name(FaultKind kind);

enum { FAULTS_MAX = 64 };

typedef struct Fault {
	int64_t number;
	FaultKind kind;
	int64_t left, skip; /* calls (or records) it still hits; matches to let pass first */
	HttpMethod method;  /* HTTP_OTHER: any */
	char *path;         /* own; part of the path; NULL: any */
	int status;
	char *body, *content_type; /* own */
	int64_t delay_ms, bytes;
	/* FAULT_RECORD */
	char *code, *message, *field, *id, *email, *object; /* own; NULL: any */
} Fault;

typedef struct Faults {
	Fault items[FAULTS_MAX];
	size_t count;
	int64_t next_number;
} Faults;

void faults_fini(Faults *faults);
/* From the control port's JSON. False with ERR_INPUT or ERR_LIMIT. */
WARN_UNUSED bool faults_add(Faults *faults, const JsonVal *fault, int64_t *out_number, Err *err);
void faults_put_json(const Faults *faults, JsonWriter *w);

/* The fault that hits this call, used up by one; NULL: none. FAULT_RECORD never. Borrowed until the
 * next call. */
const Fault *faults_take(Faults *faults, const HttpRequest *request);
/* True when a FAULT_RECORD hits the write of that record; *out is filled, texts in the arena. */
bool faults_take_record(
	Faults *faults, Str object, const OrgId *id, Str email, Arena *arena, RecordError *out);

#endif
