#include "base/base.h"

#include "model/address.h"

#include <idn2.h>

enum {
	LOCAL_BYTES_MAX = 64,   /* RFC 5321 4.5.3.1.1 */
	DOMAIN_BYTES_MAX = 253, /* RFC 1035 2.3.4, without the root's dot */
	LABEL_BYTES_MAX = 63,
	/* An internationalised domain may be longer in UTF-8 than in ASCII, never by this much. */
	TEXT_BYTES_MAX = 1024,
};

/* What one pass over the text finds. */
typedef struct Parts {
	char local[LOCAL_BYTES_MAX + 1]; /* unquoted */
	size_t local_len;
	size_t domain_at; /* first byte after the @ */
} Parts;

/* RFC 5322 3.2.3 atext; bytes above 127 belong to UTF-8 (RFC 6531), which was checked before. */
static bool is_atom_char(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80
		|| (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool local_put(Parts *parts, char c, Err *err)
{
	if (parts->local_len == LOCAL_BYTES_MAX)
		return ERR(err, ERR_INPUT, "more than %d bytes before the @", LOCAL_BYTES_MAX);
	parts->local[parts->local_len++] = ascii_lower(c);
	return true;
}

static bool is_dot_atom(Str s)
{
	if (s.len == 0 || s.ptr[0] == '.' || s.ptr[s.len - 1] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '.' ? s.ptr[i - 1] == '.' : !is_atom_char(s.ptr[i]))
			return false;
	}
	return true;
}

static bool scan_quoted(Str text, Parts *parts, Err *err)
{
	size_t i = 1;
	for (; i < text.len && text.ptr[i] != '"'; i++) {
		if (text.ptr[i] == '\\')
			i++;
		if (i == text.len)
			break;
		if (is_control(text.ptr[i]))
			return ERR(err, ERR_INPUT, "byte %zu: a control character", i + 1);
		if (!local_put(parts, text.ptr[i], err))
			return false;
	}
	if (i + 1 >= text.len || text.ptr[i + 1] != '@')
		return ERR(err, ERR_INPUT, "byte %zu: the quoted part must end with \"@", i + 1);
	if (parts->local_len == 0)
		return ERR(err, ERR_INPUT, "byte 2: nothing between the quotes");
	parts->domain_at = i + 2;
	return true;
}

static bool scan_dot_atom(Str text, Parts *parts, Err *err)
{
	ptrdiff_t at = str_find_char(text, '@', 0);
	if (at < 0)
		return ERR(err, ERR_INPUT, "byte %zu: an e-mail address needs an @", text.len);
	Str local = str_sub(text, 0, (size_t)at);
	if (local.len == 0)
		return ERR(err, ERR_INPUT, "byte 1: nothing before the @");
	for (size_t i = 0; i < local.len; i++) {
		bool is_bad_dot = local.ptr[i] == '.'
			&& (i == 0 || i + 1 == local.len || local.ptr[i - 1] == '.');
		if (is_bad_dot)
			return ERR(err, ERR_INPUT,
				"byte %zu: a dot must stand between two characters", i + 1);
		if (local.ptr[i] != '.' && !is_atom_char(local.ptr[i]))
			return ERR(err, ERR_INPUT, "byte %zu: not allowed before the @", i + 1);
		if (!local_put(parts, local.ptr[i], err))
			return false;
	}
	parts->domain_at = (size_t)at + 1;
	return true;
}

/* Host name of RFC 1123 2.1: letters, digits, hyphens inside labels of 1..63. `from`: byte of the
 * text where it starts. */
static bool host_check(Str host, size_t from, Err *err)
{
	if (host.len == 0 || host.len > DOMAIN_BYTES_MAX)
		return ERR(err, ERR_INPUT, "byte %zu: 1 to %d bytes must follow the @", from + 1,
			DOMAIN_BYTES_MAX);
	size_t label = 0;
	for (size_t i = 0; i <= host.len; i++) {
		bool is_end = i == host.len || host.ptr[i] == '.';
		if (is_end && (label == 0 || label > LABEL_BYTES_MAX || host.ptr[i - 1] == '-'))
			return ERR(err, ERR_INPUT,
				"byte %zu: a part of a host name has 1 to %d "
				"characters and does not end with a hyphen",
				from + i, LABEL_BYTES_MAX);
		if (is_end) {
			label = 0;
			continue;
		}
		bool is_good = ascii_is_alnum(host.ptr[i]) || (host.ptr[i] == '-' && label > 0);
		if (!is_good)
			return ERR(err, ERR_INPUT, "byte %zu: not allowed in a host name",
				from + i + 1);
		label++;
	}
	return true;
}

static bool is_ascii(Str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

static void free_idn(char **text)
{
	idn2_free(*text);
}

/* The ASCII form, lower-cased, into out (room for DOMAIN_BYTES_MAX + 1). */
static bool domain_to_ascii(Str domain, size_t from, char *out, size_t *out_len, Err *err)
{
	CLEANUP(free_idn) char *converted = NULL;
	Str host = domain;
	if (!is_ascii(domain)) {
		char text[TEXT_BYTES_MAX + 1];
		if (!str_copy(domain, text, sizeof text))
			return ERR(err, ERR_INPUT, "byte %zu: a NUL in the host name", from + 1);
		/* Without STD3 rules: with them libidn2 2.3 drops an underscore silently, and two
		 * hosts become one. host_check refuses what is left of such characters. */
		int rc = idn2_to_ascii_8z(text, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		if (rc != IDN2_OK)
			return ERR_CODE(err, ERR_INPUT, rc, "byte %zu: the host name: %s", from + 1,
				idn2_strerror(rc));
		host = str_from(converted);
		if (!host_check(host, from, NULL)) /* its byte would be one of the ASCII form */
			return ERR(err, ERR_INPUT, "byte %zu: not a host name", from + 1);
	} else if (!host_check(host, from, err)) {
		return false;
	}
	for (size_t i = 0; i < host.len; i++)
		out[i] = ascii_lower(host.ptr[i]);
	*out_len = host.len;
	return true;
}

/* "john" in quotes and john without are one address; quotes stay only where they are needed. */
static bool compose(const Parts *parts, Str domain, Address *out, Err *err)
{
	char text[2 * LOCAL_BYTES_MAX + 3 + DOMAIN_BYTES_MAX + 1];
	size_t len = 0;
	bool quote = !is_dot_atom((Str){ parts->local, parts->local_len });
	if (quote)
		text[len++] = '"';
	for (size_t i = 0; i < parts->local_len; i++) {
		if (parts->local[i] == '"' || parts->local[i] == '\\')
			text[len++] = '\\';
		text[len++] = parts->local[i];
	}
	if (quote)
		text[len++] = '"';
	text[len++] = '@';
	memcpy(text + len, domain.ptr, domain.len);
	len += domain.len;
	if (len > ADDRESS_BYTES_MAX)
		return ERR(err, ERR_INPUT, "longer than %d bytes", ADDRESS_BYTES_MAX);
	*out = (Address){ .len = len };
	memcpy(out->text, text, len);
	return true;
}

bool address_parse(Str text, Address *out, Err *err)
{
	text = str_trim(text);
	if (text.len == 0)
		return ERR(err, ERR_INPUT, "byte 1: no e-mail address");
	if (text.len > TEXT_BYTES_MAX)
		return ERR(err, ERR_INPUT, "longer than %d bytes", ADDRESS_BYTES_MAX);
	if (!str_is_utf8(text))
		return ERR(err, ERR_INPUT, "not valid UTF-8");
	Parts parts = { 0 };
	bool is_quoted = text.ptr[0] == '"';
	if (!(is_quoted ? scan_quoted(text, &parts, err) : scan_dot_atom(text, &parts, err)))
		return false;
	char domain[DOMAIN_BYTES_MAX + 1];
	size_t domain_len = 0;
	return domain_to_ascii(str_from_pos(text, parts.domain_at), parts.domain_at, domain,
		       &domain_len, err)
		&& compose(&parts, (Str){ domain, domain_len }, out, err);
}

Str address_str(const Address *address)
{
	return (Str){ address->text, address->len };
}

AddressHash address_hash(const Secret *hash_key, const Address *address)
{
	unsigned char full[HASH_BYTES];
	keyed_hash(full, hash_key, address_str(address));
	AddressHash hash;
	memcpy(hash.bytes, full, sizeof hash.bytes);
	return hash;
}

int address_hash_cmp(const AddressHash *a, const AddressHash *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

unsigned address_partition(const AddressHash *hash)
{
	return hash->bytes[0] % ADDRESS_PARTITIONS;
}
