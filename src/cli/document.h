/* document.h: the parts of the documents that are made from the tables of commands and of the
 * configuration, so that they cannot say anything else than the program does. Pure. */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include "base/base.h"
#include "base/buf.h"

/* A configuration file with every option, commented out at its default. */
void document_put_example(Buf *out);
/* scdoc text for optout(1): one section part a command. */
void document_put_commands(Buf *out);
/* scdoc text for optout.conf(5): one part an option. */
void document_put_options(Buf *out);

#endif
