#include "client/prompt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base.h"

/* "11h59m", "29m", "42s": no blank, so that it stays one word of a prompt. */
static void print_left(int64_t ms)
{
	int64_t s = ms / 1000;
	if (s >= 3600)
		printf("%" PRId64 "h%02" PRId64 "m", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		printf("%" PRId64 "m", s / 60);
	else
		printf("%" PRId64 "s", s);
}

void prompt_print(const struct state *state, const struct location *location)
{
	bool unlocked = state && state->state == 1;
	if (!unlocked && !location->has_config)
		return; /* a prompt is everywhere; tazpod is not */
	state_print_label(state, location);
	if (!unlocked) {
		printf(" locked\n");
		return;
	}
	int64_t left = state->max_ms;
	if (state->idle_ms >= 0 && (left < 0 || state->idle_ms < left))
		left = state->idle_ms;
	putchar(' ');
	if (left < 0)
		printf("unlocked");
	else
		print_left(left);
	putchar('\n');
}
