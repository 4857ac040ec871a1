#include "base/base.h"

#include "base/arena.h"

#include "../../lib/expect.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1024 * 1024);
	unsigned char *before = NULL;
	for (size_t size = 1; size < 300; size++) {
		unsigned char *ptr = arena_alloc(&arena, 1, size);
		assert_int_equal((uintptr_t)ptr % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(ptr[i], 0);
		memset(ptr, 0xAA, size);
		if (before)
			assert_int_equal(before[size - 2], 0xAA);
		before = ptr;
	}
}

static void larger_than_a_block_is_served(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(1024 * 1024);
	char *big = arena_alloc(&arena, 100, 1000);
	memset(big, 1, 100 * 1000);
	assert_str(arena_str(&arena, STR("after")), "after");
}

static void reset_arena_starts_again_and_zeroes(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	for (int round = 0; round < 100; round++) {
		char *ptr = arena_alloc(&arena, 1, 4096); /* all it has, each time */
		assert_int_equal(ptr[17], 0);
		memset(ptr, 1, 4096);
		arena_reset(&arena);
		assert_int_equal(arena.bytes, 0);
	}
}

static void copies_do_not_follow_the_original(void **state)
{
	(void)state;
	CLEANUP(arena_fini) Arena arena = ARENA_MAX(4096);
	char text[] = "abc";
	Str copy = arena_str(&arena, (Str){ text, 3 });
	text[0] = 'x';
	assert_str(copy, "abc");
	assert_string_equal(arena_z(&arena, STR("zed")), "zed");
	assert_str(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
	assert_str(arena_str(&arena, STR_NONE), "");
}

/* Runs act in a child process with stderr closed; true if it died by abort(). */
static bool aborts(void (*act)(void))
{
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null_fd, STDERR_FILENO);
		signal(SIGABRT, SIG_DFL); /* cmocka catches it */
		act();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void take_one_too_many(void)
{
	Arena arena = ARENA_MAX(64);
	arena_alloc(&arena, 1, 64);
	arena_alloc(&arena, 1, 1);
}

static void take_overflowing_size(void)
{
	Arena arena = ARENA_MAX(SIZE_MAX);
	arena_alloc(&arena, SIZE_MAX / 2, 3);
}

static void take_all(void)
{
	Arena arena = ARENA_MAX(64);
	arena_alloc(&arena, 1, 64);
}

static void maximum_is_kept_by_abort(void **state)
{
	(void)state;
	assert_false(aborts(take_all));
	assert_true(aborts(take_one_too_many));
	assert_true(aborts(take_overflowing_size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(larger_than_a_block_is_served),
		cmocka_unit_test(reset_arena_starts_again_and_zeroes),
		cmocka_unit_test(copies_do_not_follow_the_original),
		cmocka_unit_test(maximum_is_kept_by_abort),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
