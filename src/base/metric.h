/* metric.h: counters, gauges and histograms from one table, printed as Prometheus text (exposition
 * format 0.0.4). Updates are relaxed atomics, any thread. Label values are fixed in the table; no
 * outsider can make series. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include "base/base.h"
#include "base/buf.h"

typedef enum MetricKind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } MetricKind;

/* One line a series: id, kind, name, labels, help. Histograms are in milliseconds with fixed
 * buckets. Add here, use the id; the text and doc come from the same line. */
#define METRIC_TABLE(X)                                                                            \
	X(M_HTTP_REQUESTS, COUNTER, "optout_http_requests_total", "", "HTTP requests answered")    \
	X(M_HTTP_REFUSED, COUNTER, "optout_http_refused_total", "",                                \
		"HTTP requests refused by the gate or a limit")                                    \
	X(M_HTTP_DISPLACED, COUNTER, "optout_http_displaced_total", "",                            \
		"Connections closed while they waited, to make room for others")                   \
	X(M_HTTP_PARKED, GAUGE, "optout_http_parked", "", "Requests waiting for the store")        \
	X(M_STOPS, COUNTER, "optout_unsubscribes_total", "",                                       \
		"Unsubscribes recorded, repeats included")                                         \
	X(M_COMMITS, COUNTER, "optout_store_commits_total", "", "Group commits of the store")      \
	X(M_COMMIT_JOBS, COUNTER, "optout_store_commit_jobs_total", "",                            \
		"Changes made durable by those commits")                                           \
	X(M_COMMIT_MS, HISTOGRAM, "optout_store_commit_milliseconds", "",                          \
		"Time of one group commit")                                                        \
	X(M_COMMITS_FAILED, COUNTER, "optout_store_failures_total", "",                            \
		"Changes and group commits that the disk refused")                                 \
	X(M_WRITER_QUEUE, GAUGE, "optout_store_writer_queue", "",                                  \
		"Changes waiting for the writer")                                                  \
	X(M_OUTBOX_WAITING, GAUGE, "optout_outbox_rows", "state=\"waiting\"",                      \
		"Outbox rows by state")                                                            \
	X(M_OUTBOX_IN_FLIGHT, GAUGE, "optout_outbox_rows", "state=\"in_flight\"",                  \
		"Outbox rows by state")                                                            \
	X(M_OUTBOX_DEAD, GAUGE, "optout_outbox_rows", "state=\"dead\"", "Outbox rows by state")    \
	X(M_OUTBOX_OLDEST_MS, GAUGE, "optout_outbox_oldest_milliseconds", "",                      \
		"Age of the oldest row not yet in Salesforce")                                     \
	X(M_PUSH_CALLS, COUNTER, "optout_salesforce_calls_total", "", "Calls made to Salesforce")  \
	X(M_PUSH_CALL_MS, HISTOGRAM, "optout_salesforce_call_milliseconds", "",                    \
		"Round trip of one call to Salesforce")                                            \
	X(M_PUSH_TICKED, COUNTER, "optout_push_ticked_total", "",                                  \
		"Records whose opt-out field Salesforce confirmed")                                \
	X(M_PUSH_RETRIED, COUNTER, "optout_push_retried_total", "",                                \
		"Records whose write is tried again")                                              \
	X(M_PUSH_REFUSED, COUNTER, "optout_push_refused_total", "",                                \
		"Records that need an admin or were refused")                                      \
	X(M_API_BUDGET_USED, GAUGE, "optout_salesforce_api_used", "",                              \
		"Daily API calls used, as Salesforce last said")                                   \
	X(M_API_BUDGET_MAX, GAUGE, "optout_salesforce_api_max", "",                                \
		"Daily API calls allowed, as Salesforce last said")                                \
	X(M_RUNS, COUNTER, "optout_runs_total", "", "Night runs finished")                         \
	X(M_RUN_STOPPED_HERE, COUNTER, "optout_run_unsubscribed_total", "",                        \
		"People unsubscribed here by a night run")                                         \
	X(M_RUN_TICKED_THERE, COUNTER, "optout_run_ticked_total", "",                              \
		"Records queued for ticking by a night run")                                       \
	X(M_LOG_LINES, COUNTER, "optout_log_lines_total", "", "Log lines written")                 \
	X(M_LOG_SUPPRESSED, COUNTER, "optout_log_suppressed_total", "",                            \
		"Log lines left out because there were too many of one event")

typedef enum MetricId {
#define METRIC_ID(id, kind, name, labels, help) id,
	METRIC_TABLE(METRIC_ID)
#undef METRIC_ID
		METRIC_COUNT
} MetricId;

void metric_add(MetricId id, int64_t amount);
void metric_set(MetricId id, int64_t value);
void metric_observe_ms(MetricId id, int64_t ms);
int64_t metric_value(MetricId id); /* a histogram gives its count */
void metric_put_text(Buf *out);
void metric_reset_all(void); /* tests */

#endif
