/* A planted overflow behind three bytes and a word: tests/fuzz/run must find it within seconds, or
 * the fuzz targets find nothing either. */
#include "base/base.h"

#include "base/alloc.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = { (const char *)data, size };
	Str rest = text, name;
	if (!str_starts(text, STR("a1!")) || !str_split(&rest, '=', &name))
		return 0;
	CLEANUP(free_ptr) char *copy = xcalloc(8, 1);
	if (str_eq_nocase(str_from_pos(name, 3), STR("key")) && rest.len > 3)
		memcpy(copy + 5, rest.ptr, rest.len); /* one byte too many, or more */
	return 0;
}
