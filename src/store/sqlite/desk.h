/* desk.h: the desk on SQLite. Private to store/sqlite/. */
#ifndef STORE_SQLITE_DESK_H
#define STORE_SQLITE_DESK_H

#include "base/base.h"
#include "store/driver.h"

extern const DeskOps sqlite_desk_ops;

#endif
