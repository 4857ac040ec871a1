#include "base/base.h"

#include "sync/merge.h"

#include "base/alloc.h"

enum {
	NOBODY = UINT32_MAX - 1, /* "no node" */
	INDEX_MIN = 64,
	FLAG_KNOWN_STOPPED = 1, /* this person is unsubscribed here already */
};

/* 48 bytes, and 8 of the index. */
typedef struct Node {
	int64_t person_id;
	int64_t cause_person;
	uint32_t parent;     /* itself at the root */
	uint32_t size;       /* of the component, at the root */
	uint32_t cause_node; /* at the root: a node that has a cause of its own, or NOBODY */
	char cause_sfid[SFID_LEN];
	uint8_t reason; /* PlanReason of its own cause, 0: none */
	uint8_t flags;
} Node;

static_assert(sizeof(Node) == 48, "merge.h states the memory of a person");

struct Components {
	Node *nodes; /* own, in order of first mention */
	size_t count, cap, persons_max;
	uint32_t *index;   /* own; open addressing, 0: free, else node + 1 */
	size_t index_size; /* a power of two, at least twice the nodes */
};

Components *components_open(size_t persons_max)
{
	assert(persons_max > 0 && persons_max < NOBODY / 4);
	Components *components = xcalloc(1, sizeof *components);
	components->persons_max = persons_max;
	components->index_size = INDEX_MIN;
	components->index = xcalloc(INDEX_MIN, sizeof *components->index);
	return components;
}

void components_close(Components **components)
{
	if (!*components)
		return;
	free((*components)->nodes);
	free((*components)->index);
	free(*components);
	*components = NULL;
}

/* splitmix64's last step: person numbers are dense, their places must not be. */
static size_t place_of(const Components *components, int64_t person_id)
{
	uint64_t x = (uint64_t)person_id;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (size_t)(x ^ x >> 31) & (components->index_size - 1);
}

/* The place of a person in the index, or the free one where it belongs. */
static uint32_t *find_place(const Components *components, int64_t person_id)
{
	size_t at = place_of(components, person_id);
	while (components->index[at]
		&& components->nodes[components->index[at] - 1].person_id != person_id)
		at = (at + 1) & (components->index_size - 1);
	return &components->index[at];
}

static uint32_t find_node(const Components *components, int64_t person_id)
{
	uint32_t entry = *find_place(components, person_id);
	return entry ? entry - 1 : NOBODY;
}

static void grow_index(Components *components)
{
	components->index_size *= 2;
	free(components->index);
	components->index = xcalloc(components->index_size, sizeof *components->index);
	for (size_t i = 0; i < components->count; i++)
		*find_place(components, components->nodes[i].person_id) = (uint32_t)i + 1;
}

static bool get_node(Components *components, int64_t person_id, uint32_t *out, Err *err)
{
	assert(person_id != 0);
	*out = find_node(components, person_id);
	if (*out != NOBODY)
		return true;
	if (!array_reserve((void **)&components->nodes, &components->cap, components->count + 1,
		    components->persons_max, sizeof(Node)))
		return ERR(err, ERR_LIMIT,
			"more than %zu people differ or share records in one run",
			components->persons_max);
	if (2 * (components->count + 1) > components->index_size)
		grow_index(components);
	*out = (uint32_t)components->count++;
	components->nodes[*out] =
		(Node){ .person_id = person_id, .parent = *out, .size = 1, .cause_node = NOBODY };
	*find_place(components, person_id) = *out + 1;
	return true;
}

static uint32_t find_root(const Components *components, uint32_t node)
{
	while (components->nodes[node].parent != node)
		node = components->nodes[node].parent;
	return node;
}

/* Points every node on the way to its grandparent: with union by size the way stays short. */
static uint32_t find_root_halving(Components *components, uint32_t node)
{
	Node *nodes = components->nodes;
	while (nodes[node].parent != node) {
		nodes[node].parent = nodes[nodes[node].parent].parent;
		node = nodes[node].parent;
	}
	return node;
}

bool components_unite(Components *components, int64_t a, int64_t b, Err *err)
{
	uint32_t node_a, node_b;
	if (!get_node(components, a, &node_a, err) || !get_node(components, b, &node_b, err))
		return false;
	uint32_t big = find_root_halving(components, node_a);
	uint32_t small = find_root_halving(components, node_b);
	if (big == small)
		return true;
	Node *nodes = components->nodes;
	if (nodes[big].size < nodes[small].size) {
		uint32_t swap = big;
		big = small;
		small = swap;
	}
	nodes[small].parent = big;
	nodes[big].size += nodes[small].size;
	if (nodes[big].cause_node == NOBODY)
		nodes[big].cause_node = nodes[small].cause_node;
	return true;
}

bool components_stop(Components *components, int64_t person_id, const Cause *cause,
	bool is_unsubscribed, Err *err)
{
	assert(cause->reason != 0);
	uint32_t at;
	if (!get_node(components, person_id, &at, err))
		return false;
	Node *node = &components->nodes[at];
	if (is_unsubscribed)
		node->flags |= FLAG_KNOWN_STOPPED;
	if (node->reason == 0) {
		node->reason = (uint8_t)cause->reason;
		memcpy(node->cause_sfid, cause->sfid.text, SFID_LEN);
		node->cause_person = cause->person_id;
	}
	Node *root = &components->nodes[find_root_halving(components, at)];
	if (root->cause_node == NOBODY)
		root->cause_node = at;
	return true;
}

static Cause node_cause(const Node *node)
{
	Cause cause = { .reason = (PlanReason)node->reason, .person_id = node->cause_person };
	memcpy(cause.sfid.text, node->cause_sfid, SFID_LEN);
	return cause;
}

/* A person's own cause says more than one that came along a chain of links. */
static bool node_is_stopped(const Components *components, uint32_t at, Cause *out_cause)
{
	const Node *node = &components->nodes[at];
	const Node *root = &components->nodes[find_root(components, at)];
	if (root->cause_node == NOBODY)
		return false;
	*out_cause = node_cause(node->reason ? node : &components->nodes[root->cause_node]);
	return true;
}

bool components_is_stopped(const Components *components, int64_t person_id, Cause *out_cause)
{
	uint32_t at = find_node(components, person_id);
	return at != NOBODY && node_is_stopped(components, at, out_cause);
}

size_t components_count(const Components *components)
{
	return components->count;
}

bool components_next_new(
	const Components *components, size_t *at, int64_t *out_person_id, Cause *out_cause)
{
	while (*at < components->count) {
		uint32_t i = (uint32_t)(*at)++;
		const Node *node = &components->nodes[i];
		if (node->person_id < 0 || node->flags & FLAG_KNOWN_STOPPED
			|| !node_is_stopped(components, i, out_cause))
			continue;
		*out_person_id = node->person_id;
		return true;
	}
	return false;
}

/* ---------------------------------------------------------- one record */

RecordRole merge_role(const RunRecord *record, unsigned fields)
{
	if (record->flags & (RECORD_CONVERTED | RECORD_DELETED))
		return RECORD_OUT;
	if (record_ticked(record) & fields)
		return RECORD_TICKED;
	return record_unticked(record) & fields ? RECORD_CLEAR : RECORD_BLIND;
}

unsigned merge_ticks(const RunRecord *record, unsigned fields, bool is_stopped)
{
	if (!is_stopped || merge_role(record, fields) == RECORD_OUT)
		return 0;
	return record_unticked(record) & ~record_ticked(record) & fields;
}
