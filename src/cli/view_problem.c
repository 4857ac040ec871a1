#include "base/base.h"
#include "cli/view.h"

enum {
	PROBLEM_BYTES_MAX = 1024 * 1024,
	SENTENCE_BYTES_MAX = 64 * 1024
}; /* Err cuts it to its own size */

/* What a command can do about it; everything else is a plain failure. */
static ErrKind kind_of(int status)
{
	static const struct {
		int status;
		ErrKind kind;
	} known[] = {
		{ 400, ERR_INPUT },
		{ 413, ERR_INPUT },
		{ 422, ERR_INPUT },
		{ 401, ERR_AUTH },
		{ 403, ERR_AUTH },
		{ 404, ERR_MISSING },
		{ 409, ERR_CONFLICT },
		{ 429, ERR_LIMIT },
		{ 503, ERR_LIMIT },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].status == status)
			return known[i].kind;
	return ERR_FATAL;
}

void view_problem(int status, Str body, Err *out)
{
	JsonDoc doc = { 0 };
	CLEANUP(buf_fini) Buf text = BUF_MAX(SENTENCE_BYTES_MAX);
	if (json_doc_parse(body, PROBLEM_BYTES_MAX, &doc, NULL)) {
		Str sentence = json_as_str(json_member(doc.root, "detail"));
		if (sentence.len == 0)
			sentence = json_as_str(json_member(doc.root, "title"));
		text_put_clean(&text, sentence);
	}
	json_doc_fini(&doc);
	if (text.len == 0)
		(void)ERR_CODE(out, kind_of(status), status,
			"the daemon answered %d without saying why", status);
	else
		(void)ERR_CODE(out, kind_of(status), status, "%s", buf_z(&text));
}
