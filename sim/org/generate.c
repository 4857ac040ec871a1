/* generate.c: the records of a fresh org, the same for the same seed. Addresses are in reserved
 * domains (RFC 2606) and as untidy as real ones: shared by two records, the same on a Lead and a
 * Contact, upper case, +tags, apostrophes, missing. */
#include "base/base.h"

#include "base/time.h"
#include "org/state.h"

enum {
	/* In a hundred records. */
	NO_ADDRESS_PERCENT = 2,
	SHARED_PERCENT = 3, /* the address of the record before */
	TWIN_PERCENT = 10,  /* of leads: the address of some contact */
	UPPER_PERCENT = 3,
	TAG_PERCENT = 2,
	APOSTROPHE_PERCENT = 1,
	PHONE_PERCENT = 40,
	AGE_DAYS_MAX = 900, /* records were made within the last two and a half years */
	CONTACTS_PER_ACCOUNT = 4,
};

static const char *const first_names[] = { "Ada", "Alan", "Amara", "Ben", "Bea", "Carl", "Chloe",
	"Dana", "David", "Elif", "Emil", "Eva", "Farid", "Fiona", "Grace", "Hana", "Hugo", "Ida",
	"Igor", "Ines", "Ivan", "Jana", "Jorge", "Kofi", "Lara", "Leo", "Lina", "Luca", "Maja",
	"Marco", "Mei", "Mira", "Nadia", "Nils", "Nora", "Olga", "Omar", "Paula", "Pedro", "Priya",
	"Quinn", "Rosa", "Samir", "Sara", "Sven", "Tara", "Theo", "Uma", "Vera", "Yusuf", "Zoe",
	"\xc3\x85sa" };
static const char *const last_names[] = { "Abbott", "Almeida", "Baker", "Bauer", "Berg", "Chen",
	"Costa", "Davis", "Diaz", "Dubois", "Evans", "Fischer", "Garcia", "Gruber", "Haas",
	"Hansen", "Ito", "Jensen", "Kaya", "Kim", "Klein", "Kowalski", "Kumar", "Larsen", "Lopez",
	"Martin", "Meyer", "Moreau", "Nguyen", "Novak", "O'Brien", "O'Neil", "Okafor", "Olsen",
	"Park", "Patel", "Pereira", "Petrov", "Quist", "Rossi", "Sato", "Schmidt", "Silva", "Singh",
	"Smith", "Suzuki", "Tanaka", "Tran", "Ueda", "Weber", "Wong", "Young", "Zhang",
	"M\xc3\xbcller" };
static const char *const domains[] = { "example.com", "example.org", "example.net", "mail.example",
	"post.example", "corp.example", "shop.example.com" };
static const char *const company_words[] = { "Acorn", "Birch", "Cedar", "Delta", "Elm", "Fern",
	"Garnet", "Harbor", "Iris", "Juniper", "Kestrel", "Linden", "Maple", "North", "Oak", "Pine",
	"Quartz", "River", "Spruce", "Tulip" };
static const char *const company_kinds[] = { "Foods", "Labs", "Logistics", "Media", "Motors",
	"Partners", "Press", "Systems", "Textiles", "Works" };

enum { EMAIL_BYTES = 81 };

typedef struct Generator {
	Org *org;
	Rng *rng;
	unsigned opted_out_percent, converted_percent;
	uint32_t now_s;
	char before[EMAIL_BYTES]; /* the address of the record before */
} Generator;

static const char *pick(Generator *g, const char *const *words, size_t count)
{
	return words[rng_below(g->rng, count)];
}

static const OrgField *field_of(OrgTable *table, const char *name)
{
	const OrgField *field = table_field(table, str_from(name));
	assert(field);
	return field;
}

static FieldChange text_change(const OrgField *field, const char *text)
{
	return (FieldChange){ .field = field, .text = str_from(text) };
}

static size_t add_row(Generator *g, OrgTable *table)
{
	uint32_t age_s = (uint32_t)rng_below(g->rng, (uint64_t)AGE_DAYS_MAX * 86400);
	size_t row = table_add(table, g->now_s - age_s, USER_ADMIN);
	OrgRow *r = &table->rows[row];
	r->modified_s = r->created_s + (uint32_t)rng_below(g->rng, age_s + 1);
	r->stamp_s = r->modified_s;
	return row;
}

/* ---- users and the organization ---- */

static void add_user(Generator *g, const char *username, const char *first, const char *last,
	const char *alias, const char *type)
{
	OrgTable *users = &g->org->data.tables[ORG_USER];
	size_t row = table_add(users, g->now_s - (uint32_t)AGE_DAYS_MAX * 86400, USER_AUTOMATED);
	OrgId profile = org_id_make(STR("00e"), (Str){ g->org->data.instance, 3 },
		1000 + (row == USER_AUTOMATED ? 0U : 1U));
	const FieldChange changes[] = {
		text_change(field_of(users, "Username"), username),
		text_change(field_of(users, "FirstName"), first),
		text_change(field_of(users, "LastName"), last),
		text_change(field_of(users, "Email"), username),
		text_change(field_of(users, "Alias"), alias),
		text_change(field_of(users, "CommunityNickname"), alias),
		text_change(field_of(users, "TimeZoneSidKey"), "America/Los_Angeles"),
		text_change(field_of(users, "LocaleSidKey"), "en_US"),
		text_change(field_of(users, "LanguageLocaleKey"), "en_US"),
		text_change(field_of(users, "ProfileId"), profile.text),
		text_change(field_of(users, "UserType"), type),
		{ .field = field_of(users, "IsActive"), .truth = true },
	};
	table_set(users, row, changes, ARRAY_LEN(changes));
}

static void add_users(Generator *g)
{
	add_user(g, "autoproc@orgsim.example", "Automated", "Process", "autoproc",
		"AutomatedProcess");
	add_user(g, g->org->username, "Integration", "User", "integ", "Standard");
	add_user(g, "admin@orgsim.example", "Robin", "Admin", "radmin", "Standard");
}

static void add_organization(Generator *g, bool sandbox)
{
	OrgTable *orgs = &g->org->data.tables[ORG_ORGANIZATION];
	size_t row = table_add(orgs, g->now_s - (uint32_t)AGE_DAYS_MAX * 86400, USER_AUTOMATED);
	const FieldChange changes[] = {
		text_change(field_of(orgs, "Name"), "Orgsim"),
		text_change(field_of(orgs, "Country"), "US"),
		text_change(field_of(orgs, "PrimaryContact"), "Robin Admin"),
		text_change(field_of(orgs, "DefaultLocaleSidKey"), "en_US"),
		text_change(field_of(orgs, "TimeZoneSidKey"), "America/Los_Angeles"),
		text_change(field_of(orgs, "LanguageLocaleKey"), "en_US"),
		text_change(field_of(orgs, "OrganizationType"), "Enterprise Edition"),
		text_change(field_of(orgs, "InstanceName"), sandbox ? "CS99" : "SIM1"),
		{ .field = field_of(orgs, "IsSandbox"), .truth = sandbox },
	};
	table_set(orgs, row, changes, ARRAY_LEN(changes));
}

/* ---- accounts, contacts, leads ---- */

static void make_company(Generator *g, char *out, size_t size, size_t number)
{
	(void)snprintf(out, size, "%s %s %zu", pick(g, company_words, ARRAY_LEN(company_words)),
		pick(g, company_kinds, ARRAY_LEN(company_kinds)), number);
}

static void add_accounts(Generator *g, size_t count)
{
	OrgTable *accounts = &g->org->data.tables[ORG_ACCOUNT];
	const OrgField *name = field_of(accounts, "Name");
	table_reserve(accounts, count);
	for (size_t i = 0; i < count; i++) {
		char company[80];
		make_company(g, company, sizeof company, i + 1);
		size_t row = add_row(g, accounts);
		FieldChange change = text_change(name, company);
		table_set(accounts, row, &change, 1);
	}
}

/* Letters and digits of a name in lower case; other bytes are left out. */
static size_t put_plain(char *out, size_t len, const char *name, bool keep_apostrophe)
{
	for (; *name; name++)
		if (ascii_is_alnum(*name) || (*name == '\'' && keep_apostrophe))
			out[len++] = ascii_lower(*name);
	return len;
}

static void make_email(Generator *g, const char *first, const char *last, char kind, size_t number,
	char out[EMAIL_BYTES])
{
	char local[64];
	size_t len = put_plain(local, 0, first, false);
	local[len++] = '.';
	len = put_plain(local, len, last, rng_chance(g->rng, 50));
	const char *tag = rng_chance(g->rng, TAG_PERCENT) ? "+news" : "";
	const char *odd = rng_chance(g->rng, APOSTROPHE_PERCENT) ? "'" : "";
	int written = snprintf(out, EMAIL_BYTES, "%.*s%s%c%zu%s@%s", (int)len, local, odd, kind,
		number, tag, pick(g, domains, ARRAY_LEN(domains)));
	assert(written > 0 && written < EMAIL_BYTES);
	if (rng_chance(g->rng, UPPER_PERCENT))
		for (char *c = out; *c; c++)
			if (*c >= 'a' && *c <= 'z')
				*c = (char)(*c - 'a' + 'A');
}

/* Empty: none. */
static void choose_email(Generator *g, OrgKind kind, const char *first, const char *last,
	size_t number, char out[EMAIL_BYTES])
{
	const OrgTable *contacts = &g->org->data.tables[ORG_CONTACT];
	out[0] = '\0';
	uint64_t dice = rng_below(g->rng, 100);
	if (dice < NO_ADDRESS_PERCENT)
		return;
	if (dice < NO_ADDRESS_PERCENT + SHARED_PERCENT && g->before[0]) {
		memcpy(out, g->before, EMAIL_BYTES);
	} else if (kind == ORG_LEAD && dice < NO_ADDRESS_PERCENT + SHARED_PERCENT + TWIN_PERCENT
		&& contacts->count) {
		const OrgRow *twin = &contacts->rows[rng_below(g->rng, contacts->count)];
		if (!str_copy(row_text(twin, contacts->email->number), out, EMAIL_BYTES))
			out[0] = '\0';
	} else {
		make_email(g, first, last, kind == ORG_LEAD ? 'l' : 'c', number, out);
	}
	memcpy(g->before, out, EMAIL_BYTES);
}

/* The fields every person gets; looked up once for a table. */
typedef struct PersonFields {
	const OrgField *first, *last, *email, *phone, *opt_out, *company, *status, *account;
} PersonFields;

static PersonFields person_fields(OrgTable *table)
{
	bool is_lead = table->def->kind == ORG_LEAD;
	return (PersonFields){ .first = field_of(table, "FirstName"),
		.last = field_of(table, "LastName"),
		.email = field_of(table, "Email"),
		.phone = field_of(table, "Phone"),
		.opt_out = field_of(table, "HasOptedOutOfEmail"),
		.company = is_lead ? field_of(table, "Company") : NULL,
		.status = is_lead ? field_of(table, "Status") : NULL,
		.account = is_lead ? NULL : field_of(table, "AccountId") };
}

static void add_person(Generator *g, OrgTable *table, const PersonFields *fields, size_t number)
{
	enum { PERSON_CHANGES_MAX = 8 };
	FieldChange changes[PERSON_CHANGES_MAX];
	size_t count = 0;
	char email[EMAIL_BYTES], phone[32], company[80];
	const char *first = pick(g, first_names, ARRAY_LEN(first_names));
	const char *last = pick(g, last_names, ARRAY_LEN(last_names));
	size_t row = add_row(g, table);
	choose_email(g, table->def->kind, first, last, number, email);
	changes[count++] = text_change(fields->last, last);
	changes[count++] = text_change(fields->first, first);
	changes[count++] = text_change(fields->email, email);
	changes[count++] = (FieldChange){ .field = fields->opt_out,
		.truth = rng_chance(g->rng, g->opted_out_percent) };
	if (rng_chance(g->rng, PHONE_PERCENT)) {
		/* 555-01xx is reserved for examples. */
		(void)snprintf(phone, sizeof phone, "(%03u) 555-01%02u",
			(unsigned)rng_below(g->rng, 800) + 200, (unsigned)rng_below(g->rng, 100));
		changes[count++] = text_change(fields->phone, phone);
	}
	if (fields->company) {
		make_company(g, company, sizeof company, number);
		changes[count++] = text_change(fields->company, company);
		changes[count++] = text_change(fields->status, "Open - Not Contacted");
	}
	size_t accounts = g->org->data.tables[ORG_ACCOUNT].count;
	if (fields->account && accounts)
		changes[count++] = (FieldChange){ .field = fields->account,
			.row = (uint32_t)rng_below(g->rng, accounts) + 1 };
	assert(count <= PERSON_CHANGES_MAX);
	table_set(table, row, changes, count);
}

/* Conversion points at a contact; the row stays, read-only. */
static void convert(Generator *g, OrgTable *leads, size_t row)
{
	size_t contacts = g->org->data.tables[ORG_CONTACT].count;
	if (!contacts || !rng_chance(g->rng, g->converted_percent))
		return;
	const FieldChange changes[] = {
		{ .field = field_of(leads, "IsConverted"), .truth = true },
		{ .field = field_of(leads, "ConvertedContactId"),
			.row = (uint32_t)rng_below(g->rng, contacts) + 1 },
		text_change(field_of(leads, "Status"), "Closed - Converted"),
	};
	table_set(leads, row, changes, ARRAY_LEN(changes));
}

static void add_people(Generator *g, OrgKind kind, size_t count)
{
	OrgTable *table = &g->org->data.tables[kind];
	PersonFields fields = person_fields(table);
	g->before[0] = '\0';
	table_reserve(table, count);
	for (size_t i = 0; i < count; i++) {
		add_person(g, table, &fields, i + 1);
		if (kind == ORG_LEAD && g->converted_percent)
			convert(g, table, i);
	}
}

void org_generate(Org *org, const OrgOptions *options)
{
	Generator g = { .org = org,
		.rng = &org->rng.base,
		.opted_out_percent = options->opted_out_percent,
		.converted_percent = options->converted_percent,
		.now_s = org_now_s(org) };
	size_t accounts = options->accounts ? options->accounts
					    : options->contacts / CONTACTS_PER_ACCOUNT;
	add_users(&g);
	add_organization(&g, options->sandbox);
	add_accounts(&g, accounts);
	add_people(&g, ORG_CONTACT, options->contacts);
	add_people(&g, ORG_LEAD, options->leads);
}
