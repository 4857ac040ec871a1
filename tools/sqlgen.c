/* sqlgen: turns named SQL files into C on standard output.
 * Usage: sqlgen h|c PATH-OF-HEADER FILE.sql...
 *
 * A line `-- name: outbox_claim` starts a statement: it becomes SQL_OUTBOX_CLAIM in enum SqlId and
 * a row of sql_texts[]. A line `-- script: migration_001` starts a text of several statements: it
 * becomes the array sql_migration_001[]. Each lasts to the next such line. Texts are copied byte
 * for byte, since migrations are known by their checksum. Errors name file and line; exit code 1. A
 * native tool: it needs nothing but the C library. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ENTRIES_MAX = 1024,  /* statements in all files; there are about a hundred */
	NAME_MAX_BYTES = 63, /* identifiers stay readable */
	LINE_MAX_BYTES = 4096
};

typedef struct Entry {
	char name[NAME_MAX_BYTES + 1];
	bool is_script;
	char *text; /* own */
	size_t len;
} Entry;

typedef struct Sql {
	Entry entries[ENTRIES_MAX];
	size_t count;
} Sql;

static bool fault(const char *path, unsigned line, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", path, line, what);
	return false;
}

static bool append(Entry *entry, const char *line)
{
	size_t len = strlen(line);
	char *grown = realloc(entry->text, entry->len + len + 1);
	if (!grown)
		return false;
	memcpy(grown + entry->len, line, len + 1);
	entry->text = grown;
	entry->len += len;
	return true;
}

/* "-- name: x\n" with the given word gives x. */
static bool marker_name(const char *line, const char *word, char out[NAME_MAX_BYTES + 1])
{
	size_t word_len = strlen(word);
	if (strncmp(line, word, word_len) != 0)
		return false;
	size_t len = strcspn(line + word_len, "\r\n");
	if (len > NAME_MAX_BYTES)
		len = NAME_MAX_BYTES;
	memcpy(out, line + word_len, len);
	out[len] = '\0';
	return true;
}

static bool name_is_good(const Sql *sql, const char *name)
{
	if (!islower((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c; c++) {
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	}
	for (size_t i = 0; i < sql->count; i++) {
		if (strcmp(sql->entries[i].name, name) == 0)
			return false;
	}
	return true;
}

static bool read_line(Sql *sql, const char *path, unsigned number, const char *line, bool *in_entry)
{
	char name[NAME_MAX_BYTES + 1];
	bool is_script = marker_name(line, "-- script: ", name);
	if (is_script || marker_name(line, "-- name: ", name)) {
		if (!name_is_good(sql, name))
			return fault(path, number, "a name is a-z, 0-9 and _, and stands once");
		if (sql->count == ENTRIES_MAX)
			return fault(path, number, "too many statements");
		Entry *entry = &sql->entries[sql->count++];
		memcpy(entry->name, name, sizeof name);
		entry->is_script = is_script;
		*in_entry = true;
		return true;
	}
	if (*in_entry)
		return append(&sql->entries[sql->count - 1], line)
			|| fault(path, number, "out of memory");
	if (strncmp(line, "--", 2) != 0 && line[strspn(line, " \t\r\n")] != '\0')
		return fault(path, number, "SQL before the first `-- name:` line");
	return true;
}

static bool read_file(Sql *sql, const char *path)
{
	FILE *file = fopen(path, "r");
	if (!file)
		return fault(path, 0, "cannot be opened");
	char line[LINE_MAX_BYTES];
	unsigned number = 0;
	bool in_entry = false, ok = true;
	while (ok && fgets(line, sizeof line, file)) {
		number++;
		if (!strchr(line, '\n'))
			ok = fault(path, number, "a line is too long or not ended");
		else
			ok = read_line(sql, path, number, line, &in_entry);
	}
	fclose(file);
	return ok;
}

static bool check(const Sql *sql)
{
	for (size_t i = 0; i < sql->count; i++) {
		const Entry *entry = &sql->entries[i];
		if (!entry->text || strspn(entry->text, " \t\r\n") == entry->len)
			return fault(entry->name, 0, "has no text");
	}
	return true;
}

static void put_upper(const char *name)
{
	for (; *name; name++)
		putchar(toupper((unsigned char)*name));
}

static void put_header(const Sql *sql)
{
	puts("/* Made by sqlgen from the .sql files beside it. */\n#pragma once\n");
	puts("typedef enum SqlId {");
	for (size_t i = 0; i < sql->count; i++) {
		if (sql->entries[i].is_script)
			continue;
		fputs("\tSQL_", stdout);
		put_upper(sql->entries[i].name);
		puts(",");
	}
	puts("\tSQL_COUNT\n} SqlId;\n");
	puts("typedef struct SqlText {\n\tconst char *name;\n\tconst char *text;\n} SqlText;\n");
	puts("extern const SqlText sql_texts[SQL_COUNT];");
	for (size_t i = 0; i < sql->count; i++) {
		if (sql->entries[i].is_script)
			printf("extern const char sql_%s[];\n", sql->entries[i].name);
	}
}

static void put_literal(const char *text)
{
	fputs("\n\t\"", stdout);
	for (; *text; text++) {
		if (*text == '\n')
			fputs(text[1] ? "\\n\"\n\t\"" : "\\n", stdout);
		else if (*text == '\t')
			fputs("\\t", stdout);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void put_source(const Sql *sql, const char *header)
{
	printf("#include \"base/base.h\"\n\n#include \"%s\"\n\n", header);
	puts("const SqlText sql_texts[SQL_COUNT] = {");
	for (size_t i = 0; i < sql->count; i++) {
		const Entry *entry = &sql->entries[i];
		if (entry->is_script)
			continue;
		fputs("\t[SQL_", stdout);
		put_upper(entry->name);
		printf("] = { \"%s\",", entry->name);
		put_literal(entry->text);
		puts(" },");
	}
	puts("};");
	for (size_t i = 0; i < sql->count; i++) {
		if (!sql->entries[i].is_script)
			continue;
		printf("\nconst char sql_%s[] =", sql->entries[i].name);
		put_literal(sql->entries[i].text);
		puts(";");
	}
}

int main(int argc, char **argv)
{
	if (argc < 4 || (strcmp(argv[1], "h") != 0 && strcmp(argv[1], "c") != 0)) {
		fputs("usage: sqlgen h|c HEADER FILE.sql...\n", stderr);
		return 2;
	}
	Sql *sql = calloc(1, sizeof *sql);
	bool ok = sql != NULL;
	for (int i = 3; ok && i < argc; i++)
		ok = read_file(sql, argv[i]);
	ok = ok && check(sql);
	if (ok && argv[1][0] == 'h')
		put_header(sql);
	else if (ok)
		put_source(sql, argv[2]);
	for (size_t i = 0; sql && i < sql->count; i++)
		free(sql->entries[i].text);
	free(sql);
	return ok && fflush(stdout) == 0 ? 0 : 1;
}
