/* The body of a STATE frame; what is accepted is printed in all its forms. */
#include <stdio.h>
#include <stdlib.h>

#include "client/state.h"
#include "test/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct location location = {.root = "/home/me/shop", .has_config = true, .id = "1-2"};
	struct state state;
	if (!stdout || !state_parse(&state, data, size))
		return 0;
	static FILE *nowhere;
	if (!nowhere && !(nowhere = freopen("/dev/null", "w", stdout)))
		abort();
	state_print_json(&state, &location);
	state_print_human(&state, &location);
	state_free(&state);
	return 0;
}
