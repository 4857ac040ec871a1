#include "base/base.h"

#include "base/alloc.h"
#include "org/bulk.h"
#include "org/crypto.h"
#include "org/state.h"

enum {
	DAILY_CALLS_DEFAULT = 115 * 1000,
	SESSION_IDLE_DEFAULT_MS = 2 * 3600 * 1000,
	BULK_PAGE_ROWS_DEFAULT = 50 * 1000,
	SECRET_LEN = 64,
};

int64_t org_now_ms(const Org *org)
{
	return clock_wall_ms(org->clock) + org->clock_offset_ms;
}

uint32_t org_now_s(const Org *org)
{
	return (uint32_t)(org_now_ms(org) / 1000);
}

OrgId org_org_id(const Org *org)
{
	return org->org_id;
}

OrgId org_new_id(Org *org, const char *prefix)
{
	return org_id_make(str_from(prefix), (Str){ org->data.instance, 3 }, org->next_serial++);
}

void org_schema_changed(Org *org)
{
	/* Validators have whole seconds; two changes in one second must still differ. */
	org->schema_changed_ms = MAX_OF(org_now_ms(org), org->schema_changed_ms + 1000);
}

static char *copy_or(Str text, const char *fallback)
{
	return text.len ? xstrndup(text.ptr, text.len) : xstrndup(fallback, strlen(fallback));
}

static char *make_key(Rng *rng, const char *prefix, size_t len)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char *key = xcalloc(len + 1, 1);
	size_t from = strlen(prefix);
	memcpy(key, prefix, from);
	for (size_t i = from; i < len; i++)
		key[i] = alphabet[rng_below(rng, sizeof alphabet - 1)];
	return key;
}

static void init_login(Org *org, const OrgOptions *options)
{
	Rng *rng = &org->rng.base;
	/* Consumer keys begin with 3MVG9 and are 85 characters long in real orgs (from memory). */
	char *id = make_key(rng, "3MVG9", 85), *secret = make_key(rng, "", SECRET_LEN);
	org->client_id = copy_or(options->client_id, id);
	org->client_secret = copy_or(options->client_secret, secret);
	org->username = copy_or(options->username, "integration@orgsim.example");
	org->password = copy_or(options->password, "orgsim-password");
	free(id);
	free(secret);
}

static bool install_checkbox(Org *org, const OrgOptions *options, Err *err)
{
	static const OrgKind kinds[] = { ORG_CONTACT, ORG_LEAD };
	for (size_t i = 0; options->custom_checkbox.len && i < ARRAY_LEN(kinds); i++)
		if (!table_add_checkbox(&org->data.tables[kinds[i]], options->custom_checkbox,
			    STR("Sales Opt Out"), !options->custom_checkbox_hidden, err))
			return false;
	return true;
}

static void grant_email_opt_out(Org *org)
{
	static const OrgKind kinds[] = { ORG_CONTACT, ORG_LEAD };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		OrgField *field = table_field(
			&org->data.tables[kinds[i]], STR("HasOptedOutOfEmail"));
		field->can_read = field->can_edit = true;
	}
}

static bool check_options(const OrgOptions *options, Err *err)
{
	if (options->contacts > ORG_RECORDS_MAX || options->leads > ORG_RECORDS_MAX
		|| options->accounts > ORG_RECORDS_MAX)
		return ERR(err, ERR_INPUT, "at most %d records of an object", ORG_RECORDS_MAX);
	if (options->opted_out_percent > 100 || options->converted_percent > 100)
		return ERR(err, ERR_INPUT, "a percentage is 0 to 100");
	return true;
}

static int64_t or_default(int64_t value, int64_t fallback)
{
	return value > 0 ? value : fallback;
}

bool org_open(const OrgOptions *options, Org **out, Err *err)
{
	if (!check_options(options, err))
		return false;
	Org *org = xcalloc(1, sizeof *org);
	rng_seed(&org->rng, options->seed);
	org->clock = options->clock ? options->clock : clock_system();
	org->latency_ms = options->latency_ms;
	org->bulk_delay_ms = options->bulk_delay_ms;
	org->bulk_page_rows = options->bulk_page_rows ? options->bulk_page_rows
						      : BULK_PAGE_ROWS_DEFAULT;
	org->usage.max = or_default(options->daily_calls_max, DAILY_CALLS_DEFAULT);
	sessions_init(
		&org->sessions, or_default(options->session_idle_ms, SESSION_IDLE_DEFAULT_MS));
	/* Serials look grown: a few millions into the first digits. */
	org->next_serial = 1000000 + rng_below(&org->rng.base, 900000000);
	char instance[4];
	(void)snprintf(instance, sizeof instance, "%c%c0",
		(char)('a' + rng_below(&org->rng.base, 26)),
		(char)('A' + rng_below(&org->rng.base, 26)));
	data_init(&org->data, str_from(instance), org->next_serial + 1000000000);
	init_login(org, options);
	org_schema_changed(org);
	if (options->grant_email_opt_out)
		grant_email_opt_out(org);
	bool done = install_checkbox(org, options, err)
		&& (!options->public_key_pem.len
			|| crypto_key_open(options->public_key_pem, &org->public_key, err));
	if (!done) {
		org_close(&org);
		return false;
	}
	org_generate(org, options);
	org->org_id = data_id(&org->data, ORG_ORGANIZATION, 0);
	*out = org;
	return true;
}

void org_close(Org **org)
{
	Org *o = *org;
	if (!o)
		return;
	bulk_close_all(o);
	for (size_t i = 0; i < CURSORS_MAX; i++)
		cursor_fini(&o->cursors[i]);
	for (size_t i = 0; i < LOG_ENTRIES_MAX; i++) {
		free(o->log[i].line);
		free(o->log[i].body);
	}
	faults_fini(&o->faults);
	sessions_fini(&o->sessions);
	data_fini(&o->data);
	crypto_key_close(&o->public_key);
	free(o->client_id);
	free(o->client_secret);
	free(o->username);
	free(o->password);
	free(o);
	*org = NULL;
}

OrgFacts org_facts(const Org *org)
{
	return (OrgFacts){ .org_id = org_id_str(&org->org_id),
		.client_id = str_from(org->client_id),
		.client_secret = str_from(org->client_secret),
		.username = str_from(org->username),
		.password = str_from(org->password) };
}
