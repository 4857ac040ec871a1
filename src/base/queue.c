#include "base/base.h"

#include "base/queue.h"

#include "base/alloc.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct Queue {
	pthread_mutex_t items_lock; /* guards everything below */
	pthread_cond_t has_items;
	void **items; /* own, a ring of `capacity` */
	size_t capacity;
	size_t first;
	size_t count;
	bool is_shut;
	int event_fd; /* own; readable while count > 0 or is_shut */
};

Queue *queue_open(size_t capacity)
{
	assert(capacity > 0);
	Queue *queue = xcalloc(1, sizeof *queue);
	queue->items = xcalloc(capacity, sizeof *queue->items);
	queue->capacity = capacity;
	queue->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->event_fd < 0) {
		fprintf(stderr, "eventfd: %s\n", strerror(errno));
		abort();
	}
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
	close((*queue)->event_fd);
	free((*queue)->items);
	free(*queue);
	*queue = NULL;
}

/* With the lock held: the descriptor is made readable once per stretch of not being empty. */
static void event_raise(Queue *queue)
{
	uint64_t one = 1;
	ssize_t put = write(queue->event_fd, &one, sizeof one);
	assert(put == (ssize_t)sizeof one);
	(void)put;
}

static void event_clear(Queue *queue)
{
	uint64_t seen;
	ssize_t got = read(queue->event_fd, &seen, sizeof seen);
	assert(got == (ssize_t)sizeof seen);
	(void)got;
}

bool queue_put(Queue *queue, void *item)
{
	assert(item);
	pthread_mutex_lock(&queue->items_lock);
	bool fits = !queue->is_shut && queue->count < queue->capacity;
	if (fits) {
		queue->items[(queue->first + queue->count) % queue->capacity] = item;
		if (queue->count++ == 0) {
			event_raise(queue);
			pthread_cond_signal(&queue->has_items);
		}
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
	if (taken > 0 && queue->count == 0 && !queue->is_shut)
		event_clear(queue);
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

int queue_fd(const Queue *queue)
{
	return queue->event_fd;
}

void queue_shut(Queue *queue)
{
	pthread_mutex_lock(&queue->items_lock);
	if (!queue->is_shut) {
		queue->is_shut = true;
		event_raise(queue);
		pthread_cond_broadcast(&queue->has_items);
	}
	pthread_mutex_unlock(&queue->items_lock);
}

bool queue_is_shut(Queue *queue)
{
	pthread_mutex_lock(&queue->items_lock);
	bool is_shut = queue->is_shut;
	pthread_mutex_unlock(&queue->items_lock);
	return is_shut;
}
