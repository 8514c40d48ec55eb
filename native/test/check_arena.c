#include "lib/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base.h"
#include "test/check.h"

static void limited(void)
{
	struct arena arena;
	struct rlimit limit = {64 << 10, 64 << 10};
	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)))
		_exit(1);
	if (arena_limit() != 64 << 10)
		_exit(2);
	if (!arena_create(&arena, 30 << 10))
		_exit(3);
	arena_wipe(&arena);
	if (arena_create(&arena, 1 << 20))
		_exit(4);
	if (errno != EAGAIN && errno != ENOMEM)
		_exit(5);
	/* what was refused is not counted, what was wiped is given back */
	for (int i = 0; i < 100; i++) {
		if (!arena_create(&arena, 30 << 10))
			_exit(6);
		arena_wipe(&arena);
	}
}

void check_arena(void)
{
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};
	char text[256];
	struct arena arena;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		if (!CHECK(arena_create(&arena, sizes[i])))
			continue;
		CHECK(arena.size == sizes[i] && arena.mapped > sizes[i] && arena.mapped % 4096 == 0);
		bool zero = true;
		for (size_t n = 0; n < arena.mapped; n++)
			zero = zero && arena.data[n] == 0;
		CHECK(zero);
		memset(arena.data, 0xAA, arena.mapped);
		arena_wipe(&arena);
		CHECK(!arena.data && arena.mapped == 0);
		arena_wipe(&arena); /* twice does no harm */
	}
	CHECK(check_exit(limited, text, sizeof text) == 0);
}
