/* arena.c for the fuzzers: memory of the heap, so that the sanitizer sees a read behind the bytes that were asked for,
 * and with a limit, as under RLIMIT_MEMLOCK. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

enum { LIMIT = 1 << 20 };

bool arena_create(struct arena *out, size_t size)
{
	*out = (struct arena){0};
	if (size > LIMIT) {
		errno = EAGAIN;
		return false;
	}
	uint8_t *data = calloc(size ? size : 1, 1);
	if (data)
		*out = (struct arena){data, size, size, true};
	return data != NULL;
}

void arena_wipe(struct arena *arena)
{
	if (arena->data)
		explicit_bzero(arena->data, arena->mapped);
	free(arena->data);
	*arena = (struct arena){0};
}

size_t arena_limit(void)
{
	return LIMIT;
}
