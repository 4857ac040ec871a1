#include "base/base.h"

#include "base/queue.h"

#include "base/alloc.h"

#include <pthread.h>

struct Queue {
	pthread_mutex_t items_lock; /* guards everything below */
	pthread_cond_t has_items;
	void **items; /* own, a ring of `capacity` */
	size_t capacity;
	size_t first;
	size_t count;
	bool is_shut;
};

Queue *queue_open(size_t capacity)
{
	assert(capacity > 0);
	Queue *queue = xcalloc(1, sizeof *queue);
	queue->items = xcalloc(capacity, sizeof *queue->items);
	queue->capacity = capacity;
	pthread_mutex_init(&queue->items_lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->has_items, &attributes);
	pthread_condattr_destroy(&attributes);
	return queue;
}

void queue_close(Queue **queue)
{
	if (!*queue)
		return;
	pthread_cond_destroy(&(*queue)->has_items);
	pthread_mutex_destroy(&(*queue)->items_lock);
	free((*queue)->items);
	free(*queue);
	*queue = NULL;
}

bool queue_put(Queue *queue, void *item)
{
	assert(item);
	pthread_mutex_lock(&queue->items_lock);
	bool fits = !queue->is_shut && queue->count < queue->capacity;
	if (fits) {
		queue->items[(queue->first + queue->count) % queue->capacity] = item;
		if (queue->count++ == 0)
			pthread_cond_signal(&queue->has_items);
	}
	pthread_mutex_unlock(&queue->items_lock);
	return fits;
}

static struct timespec deadline_after(int timeout_ms)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += timeout_ms / 1000;
	at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* With the lock held: returns when there is something, the queue is shut or the time is up. */
static void wait_for_items(Queue *queue, int timeout_ms)
{
	struct timespec deadline = deadline_after(MAX_OF(timeout_ms, 0));
	int rc = 0;
	while (queue->count == 0 && !queue->is_shut && timeout_ms != 0 && rc == 0)
		rc = timeout_ms < 0
			? pthread_cond_wait(&queue->has_items, &queue->items_lock)
			: pthread_cond_timedwait(&queue->has_items, &queue->items_lock, &deadline);
}

size_t queue_take(Queue *queue, void **items, size_t max, int timeout_ms)
{
	pthread_mutex_lock(&queue->items_lock);
	wait_for_items(queue, timeout_ms);
	size_t taken = MIN_OF(max, queue->count);
	for (size_t i = 0; i < taken; i++)
		items[i] = queue->items[(queue->first + i) % queue->capacity];
	queue->first = (queue->first + taken) % queue->capacity;
	queue->count -= taken;
	pthread_mutex_unlock(&queue->items_lock);
	return taken;
}

size_t queue_depth(Queue *queue)
{
	pthread_mutex_lock(&queue->items_lock);
	size_t count = queue->count;
	pthread_mutex_unlock(&queue->items_lock);
	return count;
}

void queue_shut(Queue *queue)
{
	pthread_mutex_lock(&queue->items_lock);
	queue->is_shut = true;
	pthread_cond_broadcast(&queue->has_items);
	pthread_mutex_unlock(&queue->items_lock);
}

bool queue_is_shut(Queue *queue)
{
	pthread_mutex_lock(&queue->items_lock);
	bool is_shut = queue->is_shut;
	pthread_mutex_unlock(&queue->items_lock);
	return is_shut;
}
