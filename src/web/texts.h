/* texts.h: every sentence that a recipient reads, in one table, so that other languages are more
 * columns. Placeholders: {company} and {address}. Pure. */
#ifndef WEB_TEXTS_H
#define WEB_TEXTS_H

#include "base/base.h"
#include "base/str.h"

typedef enum TextId {
	TEXT_THE_SENDER, /* stands for {company} while the setting is empty */
	TEXT_LANDING_TITLE,
	TEXT_LANDING_WHO,
	TEXT_LANDING_STOPS_LABEL,
	TEXT_LANDING_STOPS,
	TEXT_LANDING_STAYS_LABEL,
	TEXT_LANDING_STAYS,
	TEXT_LANDING_BUTTON,
	TEXT_LANDING_NOT_YET,
	TEXT_DONE_TITLE,
	TEXT_DONE_WHO,
	TEXT_DONE_LATE,
	TEXT_DONE_CLOSE,
	TEXT_HONEST_TITLE,
	TEXT_HONEST_WHY,
	TEXT_HONEST_INSTEAD,
	TEXT_FORM_LABEL,
	TEXT_FORM_BUTTON,
	TEXT_FORM_TITLE,
	TEXT_FORM_INVALID,
	TEXT_FORM_SLOWER,
	TEXT_BUSY_TITLE,
	TEXT_BUSY_AGAIN,
	TEXT_COUNT,
} TextId;

typedef struct TextArgs {
	Str company; /* empty: TEXT_THE_SENDER */
	Str address;
} TextArgs;

Str text_get(TextId id);

#endif
