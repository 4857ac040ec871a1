/* limits.c: /limits and /limits/recordCount. The names are those of a Developer Edition at 60.0;
 * the figures are ours, only those about calls and query jobs move. */
#include "base/base.h"

#include "org/state.h"

typedef struct Limit {
	const char *name;
	int64_t max;
} Limit;

static const Limit limits[] = {
	{ "AnalyticsExternalDataSizeMB", 40960 },
	{ "CdpAiInferenceApiMonthlyLimit", 500000000 },
	{ "ConcurrentAsyncGetReportInstances", 200 },
	{ "ConcurrentEinsteinDataInsightsStoryCreation", 5 },
	{ "ConcurrentEinsteinDiscoveryStoryCreation", 2 },
	{ "ConcurrentSyncReportRuns", 20 },
	{ "ContentDistBandwidthLimitMB", 51200 },
	{ "ContentDistViewLimit", 50000 },
	{ "ContentPublicationLimit", 2500 },
	{ "DailyAnalyticsDataflowJobExecutions", 60 },
	{ "DailyAnalyticsUploadedFilesSizeMB", 51200 },
	{ "DailyApexCursorLimit", 10000 },
	{ "DailyApexCursorRowsLimit", 100000000 },
	{ "DailyApexPCursorLimit", 200000 },
	{ "DailyApiRequests", 0 },
	{ "DailyAsyncApexExecutions", 250000 },
	{ "DailyAsyncApexTests", 500 },
	{ "DailyBulkApiBatches", 15000 },
	{ "DailyBulkV2QueryFileStorageMB", 976562 },
	{ "DailyBulkV2QueryJobs", 10000 },
	{ "DailyDeliveredPlatformEvents", 25000 },
	{ "DailyDurableGenericStreamingApiEvents", 200000 },
	{ "DailyDurableStreamingApiEvents", 200000 },
	{ "DailyEinsteinDataInsightsStoryCreation", 1000 },
	{ "DailyEinsteinDiscoveryOptimizationJobRuns", 25 },
	{ "DailyEinsteinDiscoveryPredictAPICalls", 50000 },
	{ "DailyEinsteinDiscoveryPredictionsByCDC", 500000 },
	{ "DailyEinsteinDiscoveryStoryCreation", 100 },
	{ "DailyFunctionsApiCallLimit", 235000 },
	{ "DailyGenericStreamingApiEvents", 10000 },
	{ "DailyMetadataRetrievesWithDependencies", 25 },
	{ "DailyServiceEmailAgentforceCalls", 5000 },
	{ "DailyStandardVolumePlatformEvents", 25000 },
	{ "DailyStreamingApiEvents", 200000 },
	{ "DailyWorkflowEmails", 15000 },
	{ "DataStorageMB", 10240 },
	{ "DurableStreamingApiConcurrentClients", 1000 },
	{ "ExternalServicesActiveObjects", 3000 },
	{ "ExternalServicesActiveOperations", 3000 },
	{ "ExternalServicesObjectProperties", 400000 },
	{ "ExternalServicesObjects", 10000 },
	{ "ExternalServicesOperations", 10000 },
	{ "ExternalServicesRegistrations", 700 },
	{ "FileStorageMB", 40960 },
	{ "HourlyAsyncReportRuns", 1200 },
	{ "HourlyDashboardRefreshes", 200 },
	{ "HourlyDashboardResults", 5000 },
	{ "HourlyDashboardStatuses", 999999999 },
	{ "HourlyElevateAsyncReportRuns", 1200 },
	{ "HourlyElevateSyncReportRuns", 500 },
	{ "HourlyLongTermIdMapping", 100000 },
	{ "HourlyManagedContentPublicRequests", 50000 },
	{ "HourlyODataCallout", 20000 },
	{ "HourlyPublishedPlatformEvents", 250000 },
	{ "HourlyPublishedStandardVolumePlatformEvents", 1000 },
	{ "HourlyShortTermIdMapping", 100000 },
	{ "HourlySyncReportRuns", 500 },
	{ "HourlyTimeBasedWorkflow", 1000 },
	{ "MassEmail", 5000 },
	{ "MaxContentDocumentsLimit", 30000000 },
	{ "MonthlyEinsteinDiscoveryStoryCreation", 500 },
	{ "Package2VersionCreates", 6 },
	{ "Package2VersionCreatesWithoutValidation", 500 },
	{ "PermissionSets", 1500 },
	{ "PlatformEventTriggersWithParallelProcessing", 5 },
	{ "PrivateConnectOutboundCalloutHourlyLimitMB", 0 },
	{ "PublishCallbackUsageInApex", 5242880 },
	{ "ScheduledFlowRunLimit", 250000 },
	{ "ScheduledPathRunLimit", 250000 },
	{ "SingleEmail", 5000 },
	{ "StreamingApiConcurrentClients", 1000 },
};

static void put_limit(JsonWriter *w, int64_t max, int64_t used)
{
	jw_kv_i64(w, "Max", max);
	jw_kv_i64(w, "Remaining", MAX_OF(max - used, (int64_t)0));
}

void limits_get(Call *call)
{
	Usage *usage = &call->org->usage;
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		Str name = str_from(limits[i].name);
		jw_key(&w, limits[i].name);
		jw_object_begin(&w);
		if (str_eq(name, STR("DailyApiRequests")))
			put_limit(&w, usage->max, usage_used(usage, call->now_ms));
		else if (str_eq(name, STR("DailyBulkV2QueryJobs")))
			put_limit(&w, limits[i].max, usage->query_jobs);
		else
			put_limit(&w, limits[i].max, 0);
		/* The one nested member that real orgs still show. */
		if (str_eq(name, STR("PermissionSets"))) {
			jw_key(&w, "CreateCustom");
			jw_object_begin(&w);
			put_limit(&w, 1000, 0);
			jw_object_end(&w);
		}
		jw_object_end(&w);
	}
	jw_object_end(&w);
}

static int64_t count_live(const OrgTable *table)
{
	int64_t count = 0;
	for (size_t i = 0; i < table->count; i++)
		count += !(table->rows[i].flags & (1U << FLAG_DELETED | 1U << FLAG_PURGED));
	return count;
}

/* Real counts are hours old; ours are exact. An object without records is missing, as one never
 * counted is. */
void limits_record_count(Call *call)
{
	Str wanted = call_param(call, "sObjects");
	JsonWriter w = call_json(call, 200);
	jw_object_begin(&w);
	jw_key(&w, "sObjects");
	jw_array_begin(&w);
	for (size_t k = 0; k < ORG_KINDS; k++) {
		const OrgTable *table = &call_data(call)->tables[k];
		Str rest = wanted, name;
		bool is_wanted = !wanted.len;
		while (rest.len && str_split(&rest, ',', &name))
			is_wanted = is_wanted || str_eq_nocase(str_trim(name), table->name);
		int64_t count = is_wanted ? count_live(table) : 0;
		if (count == 0)
			continue;
		jw_object_begin(&w);
		jw_kv_i64(&w, "count", count);
		jw_kv_str(&w, "name", table->name);
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
}
