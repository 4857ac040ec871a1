/* map.h: one hash map: byte-string keys (copied) to pointers (borrowed). Open addressing, seeded
 * SipHash so that outsiders cannot choose collisions. One thread at a time. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/base.h"
#include "base/str.h"

typedef struct Map Map;

Map *map_open(void);
void map_close(Map **map); /* keys are freed, values are not */
size_t map_count(const Map *map);
void *map_get(const Map *map, Str key); /* NULL when absent */
/* value is not NULL; gives the value that stood there, or NULL. */
void *map_put(Map *map, Str key, void *value);
void *map_remove(Map *map, Str key);
/* Start with *at = 0; false at the end. No changes in between. Order is arbitrary. */
bool map_next(const Map *map, size_t *at, Str *out_key, void **out_value);

#endif
