/* redact.h: a short keyed hash in place of an e-mail address, so that log lines about one person
 * can be matched without naming the person. Pure, any thread. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"

/* 12 hex digits of the keyed BLAKE2b hash of the address with its ASCII letters in lower case. */
void redact_address(Buf *out, const unsigned char key[KEY_BYTES], Str address);

/* Copies text, with a hash for all that looks like local@domain. Takes too much rather than too
 * little: a word that runs into the local part ("to=a@b.example") is hidden with it, and so is a
 * quoted local part. */
void redact_text(Buf *out, const unsigned char key[KEY_BYTES], Str text);

#endif
