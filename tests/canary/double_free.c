/* A planted bug, in no build: scripts/test analyse compiles it with the flags of the analysed build
 * and fails unless the analyser reports the double free. Without it an analysis that looks at
 * nothing would pass as clean. The second free is behind a helper, where plain warnings do not
 * look. */
#include <stdlib.h>
#include <string.h>

typedef struct Note {
	char *text;
} Note;

static void note_free(Note *note)
{
	free(note->text);
}

int double_free(const char *text);

int double_free(const char *text)
{
	Note note = { strdup(text) };
	if (!note.text)
		return 0;
	int first = note.text[0];
	if (first == '#')
		note_free(&note);
	note_free(&note);
	return first;
}
