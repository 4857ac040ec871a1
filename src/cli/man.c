/* man.c: a small program of the build: copies a document from standard input to standard output and
 * puts what is made from the tables in place of the lines @COMMANDS@ and @OPTIONS@. */
#include "base/base.h"
#include "cli/document.h"

enum { LINE_MAX_BYTES = 4096, TEXT_MAX_BYTES = 1024 * 1024 };

static void put_line(Buf *out, const char *line)
{
	static const struct {
		const char *mark;
		void (*put)(Buf *out);
	} marks[] = {
		{ "@COMMANDS@\n", document_put_commands },
		{ "@OPTIONS@\n", document_put_options },
		{ "@EXAMPLE@\n", document_put_example },
	};
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strcmp(line, marks[i].mark) == 0) {
			marks[i].put(out);
			return;
		}
	buf_put_z(out, line);
}

int main(void)
{
	CLEANUP(buf_fini) Buf text = BUF_MAX(TEXT_MAX_BYTES);
	char line[LINE_MAX_BYTES];
	while (fgets(line, sizeof line, stdin))
		put_line(&text, line);
	bool ok = !text.overflow && fwrite(buf_z(&text), 1, text.len, stdout) == text.len
		&& fflush(stdout) == 0;
	return ok ? 0 : 1;
}
