/* What the command line shows of an answer (cli/view.h): names and texts come from outside, so
 * nothing in them may move the cursor or lie about what stands where. The first line of the input
 * names the view, the rest is the answer. */
#include "base/base.h"

#include "cli/view.h"
#include "fuzz.h"

enum { TEXT_BYTES_MAX = 16 * 1024 * 1024 };

static const struct {
	const char *name;
	void (*view)(Buf *out, const JsonVal *root);
} views[] = {
	{ "people", view_people },
	{ "person", view_person },
	{ "unsubscribed", view_unsubscribed },
	{ "before_removal", view_before_removal },
	{ "removed", view_removed },
	{ "check", view_check },
	{ "links", view_links },
	{ "import", view_import },
	{ "orgs", view_orgs },
	{ "org_connected", view_org_connected },
	{ "org_status", view_org_status },
	{ "settings", view_settings },
	{ "settings_saved", view_settings_saved },
	{ "token", view_token },
	{ "status", view_status },
	{ "diagnostics", view_diagnostics },
	{ "runs", view_runs },
	{ "run", view_run },
	{ "plan", view_plan },
	{ "run_progress", view_run_progress },
};

/* No controls: ASCII's, C1 (U+0080 to U+009F, which a terminal obeys as well), and those that
 * change the direction of writing (U+202A to U+202E, U+2066 to U+2069). */
static void check_printable(Str text)
{
	MUST(str_is_utf8(text));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char bytes[3] = { 0 };
		memcpy(bytes, text.ptr + i, MIN_OF(text.len - i, sizeof bytes));
		MUST(bytes[0] >= 0x20 || bytes[0] == '\n');
		MUST(bytes[0] != 0x7f && !(bytes[0] == 0xc2 && bytes[1] < 0xa0));
		if (bytes[0] != 0xe2)
			continue;
		MUST(bytes[1] != 0x80 || bytes[2] < 0xaa || bytes[2] > 0xae);
		MUST(bytes[1] != 0x81 || bytes[2] < 0xa6 || bytes[2] > 0xa9);
	}
}

static void check_problem(Str body)
{
	static const int statuses[] = { 400, 401, 404, 409, 500, 503, 0, 302 };
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		Err err = { 0 };
		view_problem(statuses[i], body, &err);
		MUST(err.kind != ERR_NONE && err.text[0]
			&& memchr(err.text, '\0', sizeof err.text));
		check_printable(str_from(err.text));
	}
}

static void check_clean(Str text)
{
	CLEANUP(buf_fini) Buf out = BUF_MAX(3 * text.len + 1);
	text_put_clean(&out, text);
	MUST(!out.overflow && fuzz_is_one_line(buf_str(&out)));
	check_printable(buf_str(&out));
	MUST(text_width(buf_str(&out)) <= 2 * out.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size), name = fuzz_line(&text);
	CLEANUP(buf_fini) Buf out = BUF_MAX(TEXT_BYTES_MAX);
	JsonDoc doc;
	check_clean(text);
	check_problem(text);
	if (!json_doc_parse(text, size, &doc, NULL))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		if (str_eq(name, str_from(views[i].name)))
			views[i].view(&out, doc.root);
	MUST(!out.overflow);
	check_printable(buf_str(&out));
	json_doc_fini(&doc);
	return 0;
}
