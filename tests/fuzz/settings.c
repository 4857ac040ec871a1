/* Values of settings as admins and programs send them (web/settings.h). The first line names the
 * setting, the rest is the value. */
#include "base/base.h"

#include "fuzz.h"
#include "web/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(64 * 1024);
	Str value = fuzz_text(data, size), out = STR_NONE, again;
	const SettingDef *def = settings_find(fuzz_line(&value));
	Err err = { 0 };
	if (!def)
		return 0;
	if (!setting_normalize(def, value, &arena, &out, &err)) {
		MUST(fuzz_err_is(&err, 1u << ERR_INPUT) && !out.ptr);
		return 0;
	}
	/* The kept form is kept, prints on one line, and is safe where it goes: a URL in mail
	 * headers and pages, a field name in SOQL. */
	MUST(setting_normalize(def, out, &arena, &again, &err) && str_eq(out, again));
	MUST(out.len <= SETTING_VALUE_BYTES_MAX && fuzz_is_one_line(out) && str_is_utf8(out));
	for (size_t i = 0; i < out.len && def->type == SETTING_URL; i++)
		MUST(out.ptr[i] > ' ' && !strchr("<>\"'?#", out.ptr[i]));
	MUST(def->type != SETTING_URL || out.len == 0 || !str_ends(out, STR("/")));
	for (size_t i = 0; i < out.len && def->type == SETTING_FIELD; i++)
		MUST(ascii_is_alnum(out.ptr[i]) || out.ptr[i] == '_');
	return 0;
}
