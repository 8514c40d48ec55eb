/* The body of a GRANT frame, as the client decodes it. What is accepted comes out the same when it is encoded again. */
#include <stdlib.h>
#include <string.h>

#include "protocol/grant.h"
#include "test/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct grant grant;
	struct writer w = {0};
	if (!grant_parse(&grant, data, size))
		return 0;
	grant_encode_head(&w, &grant);
	for (uint32_t i = 0; i < grant.count; i++) {
		const struct grant_op *g = &grant.ops[i];
		if (g->size > SET_MAX_VALUE)
			abort();
		const struct op op = {.type = g->type, .a = g->a, .b = g->b, .env = g->env, .mode = g->mode, .flags = g->flags};
		grant_encode_op(&w, &op, g->size);
	}
	if (w.used != size || memcmp(w.data, data, size) != 0)
		abort();
	writer_free(&w);
	grant_free(&grant);
	return 0;
}
