/* Compressed bodies (http/gzip.h): what is packed comes back, what is unpacked has a bound. The
 * first byte is the bound, as a power of two. */
#include "base/base.h"

#include "fuzz.h"
#include "http/gzip.h"

static void check_unpack(Str packed, size_t bytes_max)
{
	CLEANUP(buf_fini) Buf out = BUF_MAX(bytes_max), roomy = BUF_MAX((size_t)1 << 20);
	Err err = { 0 };
	bool is_good = gzip_decode(packed, &out, &err);
	MUST(is_good || fuzz_err_is(&err, 1u << ERR_INPUT | 1u << ERR_LIMIT));
	MUST(out.len <= bytes_max);
	bool is_good_roomy = gzip_decode(packed, &roomy, NULL);
	/* The bound is the only difference. */
	if (is_good)
		MUST(is_good_roomy && str_eq(buf_str(&out), buf_str(&roomy)));
	else if (is_good_roomy)
		MUST(err.kind == ERR_LIMIT && roomy.len > bytes_max);
}

static void check_pack(Str text)
{
	CLEANUP(buf_fini) Buf packed = BUF_MAX(text.len + 512), back = BUF_MAX(2 * text.len + 8);
	CLEANUP(buf_fini) Buf narrow = BUF_MAX(20);
	Err err;
	MUST(gzip_encode(text, &packed));
	MUST(gzip_decode(buf_str(&packed), &back, &err) && str_eq(buf_str(&back), text));
	MUST(!gzip_encode(text, &narrow) || packed.len <= 20);
	/* Two streams in a row are one text; a cut one is none. */
	size_t len = packed.len;
	MUST(gzip_encode(STR("more"), &packed));
	buf_reset(&back);
	MUST(gzip_decode(buf_str(&packed), &back, &err) && back.len == text.len + 4);
	MUST(str_starts(buf_str(&back), text) && str_ends(buf_str(&back), STR("more")));
	MUST(!gzip_decode(str_sub(buf_str(&packed), 0, len - 1), &back, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Str text = fuzz_text(data, size);
	unsigned bound = fuzz_byte(&text);
	check_unpack(text, (size_t)1 << bound % 18);
	check_pack(text);
	(void)gzip_is_accepted(text);
	return 0;
}
