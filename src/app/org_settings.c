#include "base/base.h"

#include "app/org_settings.h"

#include "app/org_client.h"

static_assert((int)SETTING_MODE_STANDARD == (int)SYNC_STANDARD
		&& (int)SETTING_MODE_BOTH == (int)SYNC_BOTH,
	"SettingMode and SyncMode are the same words");

static bool sync_settings(const OrgSettings *settings, SyncSettings *out, Err *err)
{
	SyncSettings sync = { .enabled = settings->nightly, .mode = (SyncMode)settings->mode };
	if (!str_copy(settings->field_contact, sync.sales_contact.text,
		    sizeof sync.sales_contact.text)
		|| !str_copy(
			settings->field_lead, sync.sales_lead.text, sizeof sync.sales_lead.text))
		return ERR(
			err, ERR_INPUT, "a sales opt-out field has a name that no field can have");
	*out = sync;
	return true;
}

bool org_setup_load(Store *store, const SfId *org_id, Arena *arena, OrgSetup *out, Err *err)
{
	OrgConnection *rows = arena_alloc(arena, ORGS_MAX, sizeof *rows);
	size_t count = 0;
	if (!desk_org_list(store_desk(store), arena, rows, ORGS_MAX, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!sfid_eq(&rows[i].org_id, org_id))
			continue;
		OrgSetup setup = { .connection = rows[i] };
		if (!settings_load_org(
			    store_desk(store), sfid_str(org_id), arena, &setup.settings, err)
			|| !sync_settings(&setup.settings, &setup.sync, err))
			return false;
		*out = setup;
		return true;
	}
	return ERR(err, ERR_MISSING, "org %s is not connected", org_id->text);
}
