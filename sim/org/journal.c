#include "base/base.h"

#include "base/alloc.h"
#include "org/journal.h"
#include "org/state.h"

void journal_add(Org *org, const HttpRequest *request, Str body, const HttpReply *reply)
{
	LogEntry *entry = &org->log[org->log_count % LOG_ENTRIES_MAX];
	free(entry->line);
	free(entry->body);
	Buf line = BUF_MAX(32 * 1024); /* the URI is at most half of that */
	buf_put(&line, request->method_name);
	buf_put_char(&line, ' ');
	buf_put(&line, request->path);
	if (request->query.len) {
		buf_put_char(&line, '?');
		buf_put(&line, request->query);
	}
	*entry = (LogEntry){ .number = ++org->log_count,
		.at_ms = org_now_ms(org),
		.status = reply->status,
		.line = xstrndup(line.ptr, line.len),
		.body = xstrndup(body.len ? body.ptr : "", MIN_OF(body.len, (size_t)LOG_BODY_MAX)),
		.reply_bytes = reply->body.len };
	buf_fini(&line);
}

void journal_put_json(const Org *org, int64_t after, JsonWriter *w)
{
	int64_t first = MAX_OF(org->log_count - LOG_ENTRIES_MAX, (int64_t)0);
	jw_array_begin(w);
	for (int64_t n = MAX_OF(first, after); n < org->log_count; n++) {
		const LogEntry *entry = &org->log[n % LOG_ENTRIES_MAX];
		jw_object_begin(w);
		jw_kv_i64(w, "number", entry->number);
		jw_kv_time(w, "at", entry->at_ms);
		jw_kv_str(w, "request", str_from(entry->line));
		jw_kv_str(w, "body", str_from(entry->body));
		jw_kv_i64(w, "status", entry->status);
		jw_kv_i64(w, "reply_bytes", (int64_t)entry->reply_bytes);
		jw_object_end(w);
	}
	jw_array_end(w);
}
