/* fuzz.h: what the fuzz targets share. A target is one function over bytes that come from outside;
 * it ends the process when a header's promise is broken, not only when something crashes.
 *
 * Each target is linked twice: with libFuzzer (meson -Dfuzz=true; tests/fuzz/run), and in every
 * other build with replay.c, which runs the inputs in corpus/ and regression/ as a test. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Once, before the first input; targets that need nothing leave it out. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A promise that no input may break. */
#define MUST(promise)                                                                              \
	do {                                                                                       \
		if (!(promise))                                                                    \
			fuzz_broken(__FILE__, __LINE__, #promise);                                 \
	} while (0)

static inline NORETURN void fuzz_broken(const char *file, int line, const char *promise)
{
	fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, promise);
	abort();
}

static inline Str fuzz_text(const uint8_t *data, size_t size)
{
	return (Str){ (const char *)data, size };
}

/* Cuts the first byte off; 0 when nothing is left. */
static inline unsigned fuzz_byte(Str *rest)
{
	if (rest->len == 0)
		return 0;
	unsigned byte = (unsigned char)rest->ptr[0];
	*rest = str_from_pos(*rest, 1);
	return byte;
}

/* Cuts the first line off, without its line feed; empty when nothing is left. */
static inline Str fuzz_line(Str *rest)
{
	Str line = STR("");
	if (rest->len == 0 || !str_split(rest, '\n', &line))
		return STR("");
	if (!rest->ptr)
		*rest = STR("");
	return line;
}

/* Who fails says why, in a kind that fits. */
static inline bool fuzz_err_is(const Err *err, unsigned kinds)
{
	return (kinds & 1u << err->kind) && err->text[0] != '\0'
		&& memchr(err->text, '\0', sizeof err->text);
}

/* True when no byte of s is a control character (UTF-8 is not looked at). */
static inline bool fuzz_is_one_line(Str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return false;
	return true;
}

#endif
