#include "client/sessions.h"

#include <stdio.h>
#include <string.h>

#include "client/holders.h"
#include "lib/base.h"

static void print_lost(const struct seen_holder *seen, bool json)
{
	if (json)
		state_print_unknown("it can't be reached", seen->pid);
	else
		printf("unknown   pid %d can't be reached (%s)\n          next: tazpod lock --all\n", seen->pid, seen->runtime);
}

void sessions_print(bool json)
{
	struct seen_holder *list;
	size_t count = holders_find(&list), shown = 0;
	if (json)
		printf("{\"sessions\":[");
	for (size_t i = 0; i < count; i++) {
		struct state state;
		bool heard = holder_ask(list + i, FRAME_STATUS, &state);
		if (heard ? state.state != 1 : list[i].young) /* waits for its first set, or does not listen yet */
			continue;
		if (json && shown > 0)
			printf(",");
		shown++;
		if (!heard) {
			print_lost(list + i, json);
			continue;
		}
		struct location location = state_location(&state);
		if (json)
			state_print_json(&state, &location);
		else
			state_print_line(&state, &location);
		state_free(&state);
	}
	if (json)
		printf("]}\n");
	else if (shown == 0)
		printf("nothing is unlocked\n");
	holders_free(list, count);
}

int session_elsewhere(const struct location *location)
{
	struct seen_holder *list;
	size_t count = holders_find(&list);
	int pid = 0;
	for (size_t i = 0; i < count; i++) {
		if (!list[i].young && holder_is_of(list + i, location)) /* a young one may be about to listen */
			pid = list[i].pid;
	}
	holders_free(list, count);
	return pid;
}
