#include "base/base.h"

#include "base/metric.h"
#include "web/api.h"
#include "web/internal.h"

/* Under a hundred series of some 150 bytes, histograms included. */
enum { METRICS_BYTES_MAX = 256 * 1024 };

static bool metrics_work(WebCall *call, Store *store, Err *err)
{
	LedgerCounts counts;
	if (!ledger_counts(store_ledger(store), &counts, err))
		return false;
	const int64_t *by_state = counts.outbox;
	int64_t age_ms = counts.outbox_oldest_ms ? web_now_ms(call->web) - counts.outbox_oldest_ms
						 : 0;
	metric_set(M_OUTBOX_WAITING,
		by_state[OUTBOX_PENDING] + by_state[OUTBOX_WAITING] + by_state[OUTBOX_UNKNOWN]);
	metric_set(M_OUTBOX_IN_FLIGHT, by_state[OUTBOX_IN_FLIGHT]);
	metric_set(M_OUTBOX_DEAD, by_state[OUTBOX_DEAD]);
	metric_set(M_OUTBOX_OLDEST_MS, MAX_OF(age_ms, 0));
	return true;
}

static void metrics_answer(WebCall *call, bool ok, const Err *err)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(METRICS_BYTES_MAX);
	if (!ok) {
		reply_err(call->exchange, err);
		return;
	}
	metric_put_text(&text);
	reply_text(call->exchange, 200, buf_str(&text));
}

void metrics_get(void *ctx, HttpExchange *exchange)
{
	WebCall *call = web_call(ctx, exchange, metrics_work);
	call->answer = metrics_answer;
	web_call_read(call);
}
