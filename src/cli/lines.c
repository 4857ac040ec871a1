#include "cli/lines.h"
#include "base/base.h"

#include "base/alloc.h"

#include <errno.h>

struct Lines {
	FILE *file;
	bool is_own; /* not standard input */
	int64_t number;
	char bytes[LINE_BYTES_MAX + 2];
	char path[256]; /* for messages */
};

bool lines_open(const char *path, Lines **out, Err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	if (!file)
		return ERR_CODE(err, errno == ENOENT ? ERR_MISSING : ERR_FATAL, errno,
			"%s cannot be read: %s", path, strerror(errno));
	Lines *lines = xcalloc(1, sizeof *lines);
	lines->file = file;
	lines->is_own = !is_stdin;
	snprintf(lines->path, sizeof lines->path, "%s", is_stdin ? "standard input" : path);
	*out = lines;
	return true;
}

void lines_close(Lines **lines)
{
	if (!*lines)
		return;
	if ((*lines)->is_own)
		fclose((*lines)->file);
	free(*lines);
	*lines = NULL;
}

bool lines_next(Lines *lines, Line *out, Err *err)
{
	while (fgets(lines->bytes, sizeof lines->bytes, lines->file)) {
		lines->number++;
		size_t len = strlen(lines->bytes);
		if (len == sizeof lines->bytes - 1 && lines->bytes[len - 1] != '\n')
			return ERR(err, ERR_INPUT, "%s:%lld: the line is longer than %d bytes",
				lines->path, (long long)lines->number, LINE_BYTES_MAX);
		Str text = str_trim((Str){ lines->bytes, len });
		if (text.len == 0)
			continue;
		*out = (Line){ .text = text, .number = lines->number };
		return true;
	}
	if (ferror(lines->file))
		return ERR_CODE(err, ERR_FATAL, errno, "%s cannot be read: %s", lines->path,
			strerror(errno));
	return false;
}
