/* queue.h: where threads meet: a bounded queue of pointers, many producers, one consumer. Putting
 * never blocks: a full queue answers false and the caller says 503. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include "base/base.h"

typedef struct Queue Queue;

Queue *queue_open(size_t capacity);
void queue_close(Queue **queue); /* must be empty of things that somebody owns */

/* Any thread. False when full or shut down; the item stays the caller's. */
WARN_UNUSED bool queue_put(Queue *queue, void *item);
/* Consumer: takes up to max items in order; waits up to timeout_ms (-1: for ever, 0: not at all)
 * for the first. 0 means time-out, or shut down and empty. */
size_t queue_take(Queue *queue, void **items, size_t max, int timeout_ms);
size_t queue_depth(Queue *queue);
/* No more puts; waiting consumers wake. Any thread. */
void queue_shut(Queue *queue);
bool queue_is_shut(Queue *queue);

#endif
