#include "base/base.h"

#include "web/api.h"

#include "base/enc.h"
#include "web/internal.h"

typedef struct TokenInput {
	Str name;
	unsigned scopes;
	Str text; /* shown once, in the answer */
	int64_t now_ms;
} TokenInput;

static bool add_work(WebCall *call, Store *store, Err *err)
{
	const TokenInput *input = call->input;
	int64_t token_id;
	if (!desk_token_add(store_desk(store), input->name, input->scopes, input->text,
		    input->now_ms, &token_id, err))
		return false;
	JsonWriter w;
	jw_init(&w, &call->body);
	jw_object_begin(&w);
	jw_kv_i64(&w, "token_id", token_id);
	jw_kv_str(&w, "token", input->text);
	jw_object_end(&w);
	return true;
}

static bool parse_scopes(const JsonVal *object, unsigned *out, Err *err)
{
	static const struct {
		Str name;
		unsigned bit;
	} scopes[] = { { STR_INIT("send"), SCOPE_SEND }, { STR_INIT("read"), SCOPE_READ },
		{ STR_INIT("user"), SCOPE_USER }, { STR_INIT("admin"), SCOPE_ADMIN } };
	const JsonVal *list;
	unsigned bits = 0;
	if (!json_get_array(object, "scopes", &list, err))
		return false;
	for (size_t i = 0; i < json_array_len(list); i++) {
		Str name = json_as_str(json_array_at(list, i));
		unsigned bit = 0;
		for (size_t k = 0; k < ARRAY_LEN(scopes); k++)
			if (str_eq(name, scopes[k].name))
				bit = scopes[k].bit;
		if (!bit)
			return ERR(err, ERR_INPUT,
				"member \"scopes\": \"%.*s\" is not one of send, read, user, admin",
				STR_ARG(str_sub(name, 0, 80)));
		bits |= bit;
	}
	*out = bits;
	return bits != 0
		|| ERR(err, ERR_INPUT,
			"member \"scopes\": name at least one of send, read, user, admin");
}

/* It stands in the history as "token NAME": one line that a person can read. */
static bool parse_name(const JsonVal *object, Arena *arena, Str *out, Err *err)
{
	if (!web_text_member(object, "name", API_TOKEN_NAME_BYTES_MAX, arena, out, err))
		return false;
	bool ok = out->len > 0;
	for (size_t i = 0; i < out->len; i++)
		ok = ok && (unsigned char)out->ptr[i] >= 0x20 && out->ptr[i] != 0x7f;
	return ok
		|| ERR(err, ERR_INPUT,
			"member \"name\": say on one line which program uses this token");
}

static Str mint(Rng *rng, Arena *arena)
{
	unsigned char random[API_TOKEN_RANDOM_BYTES];
	CLEANUP(buf_fini) Buf text = BUF_MAX(64);
	rng_fill(rng, random, sizeof random);
	buf_put_z(&text, API_TOKEN_PREFIX);
	base64url_encode(&text, (Str){ (const char *)random, sizeof random });
	bytes_wipe(random, sizeof random);
	return arena_str(arena, buf_str(&text));
}

void api_tokens_add(void *ctx, HttpExchange *exchange)
{
	Web *web = ctx;
	CLEANUP(json_doc_fini) JsonDoc doc = { 0 };
	Err err;
	TokenInput *input = arena_alloc(&exchange->arena, 1, sizeof *input);
	if (!web_json(exchange, &doc))
		return;
	if (!parse_name(doc.root, &exchange->arena, &input->name, &err)
		|| !parse_scopes(doc.root, &input->scopes, &err)) {
		reply_err(exchange, &err);
		return;
	}
	input->text = mint(web->options.rng, &exchange->arena);
	input->now_ms = web_now_ms(web);
	WebCall *call = web_call(web, exchange, add_work);
	call->input = input;
	web_call_write(call);
}
