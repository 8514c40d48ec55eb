#include "client/prompt.h"

#include <stdio.h>

#include "lib/figures.h"

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
	char text[FIGURE_ROOM];
	printf(" %s\n", left < 0 ? "unlocked" : format_span((uint64_t)left, text));
}
