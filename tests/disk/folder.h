/* folder.h: folders of a test. */
#ifndef TESTS_DISK_FOLDER_H
#define TESTS_DISK_FOLDER_H

#include "base/base.h"

enum { FOLDER_BYTES = 128 };

/* A new one under /tmp. */
void folder_temporary(char out[FOLDER_BYTES]);
/* root/name, new or emptied. */
void folder_fresh(char out[FOLDER_BYTES], const char *root, const char *name);
void folder_copy(const char *from, const char *to); /* files only */
void folder_remove(const char *path);

#endif
