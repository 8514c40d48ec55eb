/* Memory for secrets: memfd_secret(2) pages, or locked ones that are left out of core dumps. */
#ifndef TAZPOD_ARENA_H
#define TAZPOD_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
	uint8_t *data;
	size_t size;   /* what was asked for */
	size_t mapped; /* rounded up to pages */
	bool secretmem;
};

/* SIZE bytes, zeroed. False with errno set; EAGAIN or ENOMEM mean RLIMIT_MEMLOCK. */
bool arena_create(struct arena *out, size_t size);
/* Wipes and gives the pages back. */
void arena_wipe(struct arena *arena);
/* The limit that arena_create works under, in bytes; SIZE_MAX where there is none. */
size_t arena_limit(void);

#endif
