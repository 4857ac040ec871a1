#include "base/base.h"

#include "base/map.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "base/secret.h"

/* Linear probing in a table whose size is a power of two and that is never more than 3/4 full.
 * Removing shifts the following entries back, so that there are no tombstones. */
typedef struct Slot {
	char *key; /* own */
	size_t key_len;
	uint64_t hash;
	void *value; /* borrowed; NULL marks a free slot */
} Slot;

struct Map {
	Slot *slots; /* own */
	size_t slot_count;
	size_t count;
	unsigned char seed[SHORT_HASH_KEY_BYTES];
};

enum { SLOTS_MIN = 16 };

Map *map_open(void)
{
	Map *map = xcalloc(1, sizeof *map);
	map->slot_count = SLOTS_MIN;
	map->slots = xcalloc(map->slot_count, sizeof *map->slots);
	rng_fill(rng_system(), map->seed, sizeof map->seed);
	return map;
}

void map_close(Map **map)
{
	if (!*map)
		return;
	for (size_t i = 0; i < (*map)->slot_count; i++)
		free((*map)->slots[i].key);
	free((*map)->slots);
	free(*map);
	*map = NULL;
}

size_t map_count(const Map *map)
{
	return map->count;
}

/* The slot that holds key, or the free slot where it belongs. */
static Slot *slot_for(const Map *map, Str key, uint64_t hash)
{
	size_t mask = map->slot_count - 1;
	for (size_t at = hash & mask;; at = (at + 1) & mask) {
		Slot *slot = &map->slots[at];
		if (!slot->value
			|| (slot->hash == hash && str_eq((Str){ slot->key, slot->key_len }, key)))
			return slot;
	}
}

void *map_get(const Map *map, Str key)
{
	return slot_for(map, key, short_hash(map->seed, key))->value;
}

static void grow(Map *map)
{
	Slot *old = map->slots;
	size_t old_count = map->slot_count;
	map->slot_count *= 2;
	map->slots = xcalloc(map->slot_count, sizeof *map->slots);
	for (size_t i = 0; i < old_count; i++)
		if (old[i].value)
			*slot_for(map, (Str){ old[i].key, old[i].key_len }, old[i].hash) = old[i];
	free(old);
}

void *map_put(Map *map, Str key, void *value)
{
	assert(value);
	uint64_t hash = short_hash(map->seed, key);
	Slot *slot = slot_for(map, key, hash);
	if (slot->value) {
		void *before = slot->value;
		slot->value = value;
		return before;
	}
	if ((map->count + 1) * 4 > map->slot_count * 3) {
		grow(map);
		slot = slot_for(map, key, hash);
	}
	*slot = (Slot){
		.key = xstrndup(key.ptr, key.len), .key_len = key.len, .hash = hash, .value = value
	};
	map->count++;
	return NULL;
}

/* Moves entries back over the hole so that every probe still meets its key before a free slot. */
static void close_hole(Map *map, size_t hole)
{
	size_t mask = map->slot_count - 1;
	for (size_t at = (hole + 1) & mask; map->slots[at].value; at = (at + 1) & mask) {
		size_t home = map->slots[at].hash & mask;
		if (((at - home) & mask) < ((at - hole) & mask))
			continue; /* its home lies after the hole */
		map->slots[hole] = map->slots[at];
		hole = at;
	}
	map->slots[hole] = (Slot){ 0 };
}

void *map_remove(Map *map, Str key)
{
	Slot *slot = slot_for(map, key, short_hash(map->seed, key));
	void *value = slot->value;
	if (!value)
		return NULL;
	free(slot->key);
	close_hole(map, (size_t)(slot - map->slots));
	map->count--;
	return value;
}

bool map_next(const Map *map, size_t *at, Str *out_key, void **out_value)
{
	while (*at < map->slot_count) {
		const Slot *slot = &map->slots[(*at)++];
		if (!slot->value)
			continue;
		*out_key = (Str){ slot->key, slot->key_len };
		*out_value = slot->value;
		return true;
	}
	return false;
}
