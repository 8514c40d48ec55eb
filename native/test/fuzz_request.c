/* One complete request to a holder that has a set: first byte the type, the rest the body. Everything that answering
 * allocates is given back, and the answer is a frame. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "test/fuzz.h"

static void free_client(struct client *c)
{
	close(c->pidfd >= 0 ? c->pidfd : -1);
	free(c->body);
	arena_wipe(&c->arena);
	writer_free(&c->answer);
	free(c->values);
	if (c->held)
		held_release(c->held);
	free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct holder *h = fuzz_holder();
	struct client *c = fuzz_client(-1);
	struct frame answer;
	if (size == 0 || size > WIRE_MAX_REQUEST) {
		free_client(c);
		return 0;
	}
	c->frame = (struct frame){WIRE_VERSION, data[0], (uint32_t)(size - 1)};
	if (data[0] == FRAME_SET || data[0] == FRAME_KEEP) {
		if (!arena_create(&c->arena, size - 1))
			abort();
		memcpy(c->arena.data, data + 1, size - 1);
	} else {
		c->body = allocate(size, 1); /* as begin_body */
		memcpy(c->body, data + 1, size - 1);
	}
	answer_request(h, c);
	if (c->phase != PHASE_ANSWER || c->answer.used < WIRE_HEADER || !frame_decode(c->answer.data, &answer))
		abort();
	if (answer.type == FRAME_ERROR && (c->value_count > 0 || c->send_namespaces))
		abort();
	free_client(c);
	fuzz_reset(h);
	return 0;
}
