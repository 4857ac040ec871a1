#include "base/base.h"

#include "sf/query.h"

#include "base/enc.h"

void soql_put_literal(Buf *out, Str text)
{
	static const char escaped[] = "\\'\"\n\r\t\b\f", letters[] = "\\'\"nrtbf";
	buf_put_char(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.ptr[i] ? strchr(escaped, text.ptr[i]) : NULL;
		if (at)
			buf_put_char(out, '\\');
		buf_put_char(out, at ? letters[at - escaped] : text.ptr[i]);
	}
	buf_put_char(out, '\'');
}

bool soql_is_name(Str name)
{
	bool after_dot = true;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool is_letter = ascii_is_alnum(c) && !ascii_is_digit(c);
		if (after_dot ? !is_letter : !ascii_is_alnum(c) && c != '_' && c != '.')
			return false;
		after_dot = c == '.';
	}
	return !after_dot;
}

/* ------------------------------------------------------------------ paging */

typedef struct Pages {
	const SfQuery *query;
	SfRowFn fn;
	void *ctx;
	int64_t rows;
} Pages;

static bool give_rows(Pages *pages, const JsonVal *records, Err *err)
{
	for (size_t i = 0; i < json_array_len(records); i++) {
		if (pages->rows++ >= pages->query->rows_max)
			return ERR(err, ERR_LIMIT, "the query has more than %lld rows",
				(long long)pages->query->rows_max);
		if (!pages->fn(pages->ctx, json_array_at(records, i), err))
			return false;
	}
	return true;
}

/* The next page's path must be one of the instance: it gets our token. */
static bool read_page(Pages *pages, const JsonVal *root, Buf *next_path, Err *err)
{
	const JsonVal *records;
	bool is_done;
	Str next;
	if (!json_get_array(root, "records", &records, err)
		|| !json_get_bool(root, "done", &is_done, err)
		|| !json_opt_str(root, "nextRecordsUrl", STR_NONE, &next, err)) {
		if (err)
			err->kind = ERR_RETRY;
		return err_wrap(err, "query answer");
	}
	buf_reset(next_path);
	if (!give_rows(pages, records, err))
		return false;
	if (is_done)
		return true;
	if (!str_starts(next, STR("/services/data/")) || json_array_len(records) == 0)
		return ERR(err, ERR_RETRY, "query answer: more rows announced, but not where");
	buf_put(next_path, next);
	return buf_check(next_path, "the next page's path", err);
}

static bool fetch_page(SfClient *client, Pages *pages, Buf *path, Err *err)
{
	CLEANUP(sf_reply_fini) SfReply reply = { 0 };
	SfRequest request = { .method = "GET", .path = buf_str(path) };
	JsonDoc doc;
	if (!sf_client_call(client, &request, &reply, err) || !sf_reply_json(&reply, &doc, err))
		return false;
	bool done = read_page(pages, doc.root, path, err);
	json_doc_fini(&doc);
	return done;
}

bool sf_query_each(SfClient *client, const SfQuery *query, SfRowFn fn, void *ctx, Err *err)
{
	assert(query->rows_max > 0);
	CLEANUP(buf_fini) Buf path = BUF_MAX(3 * SOQL_BYTES_MAX);
	Pages pages = { .query = query, .fn = fn, .ctx = ctx };
	buf_put_z(&path, query->include_deleted ? "queryAll?q=" : "query?q=");
	percent_encode(&path, query->soql);
	if (!buf_check(&path, "the query", err))
		return false;
	while (path.len > 0) {
		if (!fetch_page(client, &pages, &path, err))
			return err_wrap(err, "query");
	}
	return true;
}

/* ----------------------------------------------------------------- look-up */

/* Room for "/services/data/v64.0/query?q=" and the end of the statement. */
enum { LOOKUP_OVERHEAD = 64 };

static bool put_lookup_head(const SfLookup *lookup, Buf *out, Err *err)
{
	buf_put_z(out, "SELECT Id, Email");
	for (size_t i = 0; i < lookup->field_count; i++) {
		if (!soql_is_name(lookup->fields[i]))
			return ERR(err, ERR_INPUT, "\"%.*s\" is no field name",
				STR_ARG(lookup->fields[i]));
		buf_put_z(out, ", ");
		buf_put(out, lookup->fields[i]);
	}
	buf_printf(out, " FROM %s WHERE ", sf_object_name(lookup->object));
	if (lookup->object == SF_LEAD)
		buf_put_z(out, "IsConverted = FALSE AND ");
	buf_put_z(out, "Email IN (");
	return true;
}

static size_t encoded_len(Str text)
{
	CLEANUP(buf_fini) Buf encoded = BUF_MAX(3 * SOQL_BYTES_MAX);
	percent_encode(&encoded, text);
	return encoded.len;
}

bool sf_lookup_soql(const SfLookup *lookup, size_t from, size_t *out_to, Buf *out, Err *err)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(SOQL_BYTES_MAX);
	if (!put_lookup_head(lookup, &text, err))
		return false;
	size_t uri_len = LOOKUP_OVERHEAD + encoded_len(buf_str(&text));
	size_t at = from, used = 0;
	for (; at < lookup->address_count; at++) {
		CLEANUP(buf_fini) Buf literal = BUF_MAX(4 * ADDRESS_BYTES_MAX);
		Str address = address_str(&lookup->addresses[at]);
		if (address.len > SF_EMAIL_CHARS_MAX)
			continue;
		if (used > 0)
			buf_put_char(&literal, ',');
		soql_put_literal(&literal, address);
		uri_len += encoded_len(buf_str(&literal));
		/* One address always goes: it has at most 80 characters, 240 encoded. */
		if (used > 0 && uri_len > SF_URI_BYTES_MAX)
			break;
		buf_put(&text, buf_str(&literal));
		used++;
	}
	buf_put_char(&text, ')');
	if (!buf_check(&text, "the query", err))
		return false;
	if (used > 0)
		buf_put(out, buf_str(&text));
	*out_to = at;
	return true;
}

bool sf_lookup_each(SfClient *client, const SfLookup *lookup, SfRowFn fn, void *ctx, Err *err)
{
	/* Addresses are not unique in Salesforce: a shared one may stand on very many records. */
	enum { LOOKUP_ROWS_MAX = 100 * 1000 };
	size_t at = 0;
	while (at < lookup->address_count) {
		CLEANUP(buf_fini) Buf soql = BUF_MAX(SOQL_BYTES_MAX);
		if (!sf_lookup_soql(lookup, at, &at, &soql, err))
			return false;
		SfQuery query = { .soql = buf_str(&soql), .rows_max = LOOKUP_ROWS_MAX };
		if (soql.len > 0 && !sf_query_each(client, &query, fn, ctx, err))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------ organization */

typedef struct OrganizationRow {
	SfOrganization org;
	bool is_there;
} OrganizationRow;

static bool on_organization(void *ctx, const JsonVal *record, Err *err)
{
	OrganizationRow *row = ctx;
	Str name = json_as_str(json_member(record, "Name"));
	Str instance = json_as_str(json_member(record, "InstanceName"));
	if (!sfid_parse(json_as_str(json_member_nocase(record, "Id")), &row->org.id, err))
		return err_wrap(err, "Organization.Id");
	if (!str_copy(name, row->org.name, sizeof row->org.name)
		|| !str_copy(instance, row->org.instance, sizeof row->org.instance))
		return ERR(err, ERR_RETRY, "Organization: a name is longer than it can be");
	row->org.is_sandbox = json_as_bool(json_member(record, "IsSandbox"), false);
	row->is_there = true;
	return true;
}

bool sf_organization_fetch(SfClient *client, SfOrganization *out, Err *err)
{
	OrganizationRow row = { 0 };
	SfQuery query = {
		.soql = STR("SELECT Id, Name, IsSandbox, InstanceName FROM Organization"),
		.rows_max = 1,
	};
	if (!sf_query_each(client, &query, on_organization, &row, err))
		return false;
	if (!row.is_there)
		return ERR(err, ERR_AUTH,
			"the integration user does not see the Organization record: give it "
			"\"View Setup and Configuration\"");
	*out = row.org;
	return true;
}
