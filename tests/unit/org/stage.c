#include "stage.h"

#include "base/enc.h"

enum { STAGE_ARENA_MAX = 64 * 1024 * 1024, STAGE_HEADERS_MAX = 16 };

OrgOptions stage_options(void)
{
	return (OrgOptions){ .seed = 1,
		.contacts = 30,
		.leads = 20,
		.opted_out_percent = 20,
		.grant_email_opt_out = true,
		.client_id = STR("the-client"),
		.client_secret = STR("the-secret") };
}

static void reset_reply(Stage *stage)
{
	json_doc_fini(&stage->json);
	stage->json = (JsonDoc){ 0 };
	http_reply_fini(&stage->reply);
	http_reply_init(&stage->reply);
	arena_reset(&stage->arena);
}

static size_t read_headers(const char *text, HttpHeader *out)
{
	size_t count = 0;
	Str rest = str_from(text), line;
	while (rest.len && str_split(&rest, '\n', &line)) {
		ptrdiff_t colon = str_find_char(line, ':', 0);
		if (colon < 0)
			continue;
		assert(count < STAGE_HEADERS_MAX);
		out[count++] = (HttpHeader){ str_sub(line, 0, (size_t)colon),
			str_trim(str_from_pos(line, (size_t)colon + 1)) };
	}
	return count;
}

static HttpRequest make_request(
	const char *request, HttpHeader *headers, size_t count, const char *body)
{
	Str line = str_from(request), method, target;
	bool done = str_split(&line, ' ', &method);
	assert(done);
	(void)done;
	target = line;
	ptrdiff_t question = str_find_char(target, '?', 0);
	Str path = question < 0 ? target : str_sub(target, 0, (size_t)question);
	return (HttpRequest){ .method = http_method_parse(method),
		.method_name = method,
		.path = path,
		.query = question < 0 ? STR("") : str_from_pos(target, (size_t)question + 1),
		.headers = headers,
		.header_count = count,
		.body = str_from(body ? body : ""),
		.peer = STR("127.0.0.1"),
		.client = STR("127.0.0.1") };
}

static void parse_reply(Stage *stage)
{
	Str type = http_reply_get(&stage->reply, STR("Content-Type"));
	if (str_starts(type, STR("application/json")))
		(void)!json_doc_parse(buf_str(&stage->reply.body), SIZE_MAX, &stage->json, NULL);
}

void stage_call(Stage *stage, const char *request, const char *headers, const char *body)
{
	HttpHeader all[STAGE_HEADERS_MAX + 2];
	char authorization[320];
	size_t count = read_headers(headers, all);
	reset_reply(stage);
	all[count++] = (HttpHeader){ STR("Host"), STR("sim.test") };
	bool has_own = headers && strstr(headers, "Authorization");
	if (!has_own && stage->token.len) {
		(void)snprintf(
			authorization, sizeof authorization, "Bearer %.*s", STR_ARG(stage->token));
		all[count++] = (HttpHeader){ STR("Authorization"), str_from(authorization) };
	}
	HttpRequest made = make_request(request, all, count, body);
	stage->held_ms = org_handle(stage->org, &made, &stage->arena, &stage->reply);
	parse_reply(stage);
}

void stage_api(Stage *stage, const char *method_and_path, const char *body)
{
	char request[32 * 1024];
	const char *blank = strchr(method_and_path, ' ');
	int len = snprintf(request, sizeof request, "%.*s/services/data/v60.0%s",
		(int)(blank + 1 - method_and_path), method_and_path, blank + 1);
	assert(len > 0 && (size_t)len < sizeof request);
	(void)len;
	stage_call(stage, request, body ? "Content-Type: application/json" : NULL, body);
}

const JsonVal *stage_control(Stage *stage, const char *method_and_path, const char *body)
{
	HttpHeader none[1] = { { STR("Host"), STR("control.test") } };
	reset_reply(stage);
	HttpRequest made = make_request(method_and_path, none, 1, body);
	org_control_handle(stage->org, &made, &stage->arena, &stage->reply);
	parse_reply(stage);
	return stage->json.root;
}

void stage_login(Stage *stage)
{
	stage->token = STR_NONE;
	stage_call(stage, "POST /services/oauth2/token",
		"Content-Type: application/x-www-form-urlencoded",
		"grant_type=client_credentials&client_id=the-client&client_secret=the-secret");
	assert_int_equal(stage->reply.status, 200);
	Str token = json_as_str(json_member(stage->json.root, "access_token"));
	assert_true(str_copy(token, stage->token_text, sizeof stage->token_text));
	stage->token = str_from(stage->token_text);
}

void stage_open(Stage *stage, const OrgOptions *options)
{
	OrgOptions all = options ? *options : stage_options();
	*stage = (Stage){ 0 };
	fake_clock_init(&stage->clock, STAGE_NOW_MS);
	arena_init(&stage->arena, STAGE_ARENA_MAX);
	http_reply_init(&stage->reply);
	all.clock = &stage->clock.base;
	Err err;
	if (!org_open(&all, &stage->org, &err))
		fail_msg("org_open: %s", err.text);
	stage_login(stage);
}

void stage_close(Stage *stage)
{
	reset_reply(stage);
	http_reply_fini(&stage->reply);
	org_close(&stage->org);
	arena_fini(&stage->arena);
}

Str stage_header(const Stage *stage, const char *name)
{
	return http_reply_get(&stage->reply, str_from(name));
}

Str stage_body(const Stage *stage)
{
	return buf_str(&stage->reply.body);
}

void expect_str(Str got, const char *wanted)
{
	if (!str_eq(got, str_from(wanted)))
		fail_msg("got    %.*s\nwanted %s", STR_ARG(got), wanted);
}

void expect_status(const Stage *stage, int status)
{
	if (stage->reply.status != status)
		fail_msg("status %d instead of %d: %.*s", stage->reply.status, status,
			STR_ARG(stage_body(stage)));
}

void expect_body(const Stage *stage, const char *text)
{
	expect_str(stage_body(stage), text);
}

Str stage_id(Stage *stage, const char *object, size_t row, char room[32])
{
	char path[128];
	(void)snprintf(path, sizeof path, "GET /records?object=%s&limit=%zu", object, row + 1);
	(void)stage_control(stage, path, NULL);
	Str rest = stage_body(stage), line = STR_NONE;
	for (size_t i = 0; i <= row; i++)
		assert_true(str_split(&rest, '\n', &line));
	ptrdiff_t at = str_find(line, STR("\"Id\":\""));
	assert_true(at >= 0);
	assert_true(str_copy(str_sub(line, (size_t)at + 6, 18), room, 32));
	return str_from(room);
}

Str stage_field(Stage *stage, const char *id, const char *field, char *room, size_t size)
{
	char path[128];
	JsonDoc doc = { 0 };
	Buf text = BUF_MAX(1024);
	(void)snprintf(path, sizeof path, "GET /records?deleted=true&object=%s&id=%s",
		strncmp(id, "003", 3) == 0           ? "Contact"
			: strncmp(id, "00Q", 3) == 0 ? "Lead"
						     : "Account",
		id);
	(void)stage_control(stage, path, NULL);
	assert_true(json_doc_parse(str_trim(stage_body(stage)), SIZE_MAX, &doc, NULL));
	const JsonVal *value = json_member(doc.root, field);
	if (value)
		json_put_val(&text, value);
	assert_true(str_copy(buf_str(&text), room, size));
	buf_fini(&text);
	json_doc_fini(&doc);
	return str_from(room);
}
