/* show.h: JSON in, text out: for tests of views and tables. */
#ifndef TESTS_UNIT_CLI_SHOW_H
#define TESTS_UNIT_CLI_SHOW_H

#include "base/base.h"
#include "base/json.h"

#include "../../lib/expect.h"

static inline JsonDoc doc_of(const char *json)
{
	JsonDoc doc;
	Err err = { 0 };
	if (!json_doc_parse(str_from(json), 1024 * 1024, &doc, &err))
		fail_msg("the test's own JSON: %s", err.text);
	return doc;
}

static inline void expect_view(
	void (*view)(Buf *out, const JsonVal *root), const char *json, const char *want)
{
	CLEANUP(json_doc_fini) JsonDoc doc = doc_of(json);
	CLEANUP(buf_fini) Buf text = BUF_MAX(1024 * 1024);
	view(&text, doc.root);
	if (strcmp(buf_z(&text), want) != 0)
		fail_msg("got:\n%s\nwant:\n%s", buf_z(&text), want);
}

#endif
