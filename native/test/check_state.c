#include "client/state.h"

#include <stdlib.h>
#include <string.h>

#include "holder/running.h"
#include "lib/base.h"
#include "test/check.h"

static struct writer encoded(const struct running_list *list)
{
	struct writer w = {0};
	put_u64(&w, UINT64_MAX); /* never */
	put_u64(&w, 1800000);
	put_u64(&w, 120000);
	CHECK(w.used == STATE_TIMES);
	put_u8(&w, 1);
	put_u8(&w, 0);
	put_u8(&w, 1);
	put_u8(&w, 2);
	put_u8(&w, 1);
	put_u8(&w, REFRESH_FAILED);
	put_u8(&w, 69);
	put_u8(&w, 1);
	put_u64(&w, 1700000000000);
	put_u32(&w, 7);
	put_text(&w, "shop");
	put_text(&w, "/home/me/shop");
	put_text(&w, "vault");
	running_encode(list, &w);
	return w;
}

static void check_empty(void)
{
	struct running_list none = {0};
	struct writer w = encoded(&none);
	struct state state;
	CHECK(state_parse(&state, w.data, w.used));
	CHECK(state.state == 1 && state.memory == 0 && state.privileged == 1 && state.backing == 2 && state.lock_on_exit);
	CHECK(state.max_ms == STATE_NEVER && state.idle_ms == 1800000 && state.secrets == 7);
	CHECK(state.refresh == REFRESH_FAILED && state.refresh_code == 69 && state.monitor == 1);
	CHECK(state.refresh_ms == 120000 && state.refreshed_ms == 1700000000000);
	CHECK(str_is(state.label, "shop") && str_is(state.root, "/home/me/shop") && str_is(state.provider, "vault"));
	CHECK(state.running_count == 0);
	state_free(&state);
	for (size_t size = 0; size < w.used; size++) {
		uint8_t *part = allocate(size, 1);
		memcpy(part, w.data, size);
		CHECK(!state_parse(&state, part, size) && !state.running);
		free(part);
	}
	put_u8(&w, 0);
	CHECK(!state_parse(&state, w.data, w.used));
	writer_free(&w);
}

/* What running.c encodes is what state.c reads. */
static void check_commands(void)
{
	struct running_list list = {0};
	const struct str names[] = {{"A", 1}, {"./infra/x", 9}};
	int first = running_add(&list, -1, 0, (struct str){"", 0}, NULL, 0);
	(void)first;
	running_remove(&list, 0);
	CHECK(list.count == 0);
	list.slots[0] = (struct running){.pidfd = 1000, .pid = 42, .started_ms = 5, .names = NULL};
	list.slots[0].names = (char *)(uintptr_t) "sh\0A\0./infra/x";
	list.slots[0].name_count = 2;
	list.count = 1;
	struct writer w = encoded(&list);
	struct state state;
	if (!CHECK(state_parse(&state, w.data, w.used)))
		return;
	CHECK(state.running_count == 1 && state.running[0].pid == 42 && state.running[0].started_ms == 5);
	CHECK(str_is(state.running[0].command, "sh") && state.running[0].name_count == 2);
	struct reader r = state.running[0].names;
	CHECK(str_same(get_str(&r, UINT16_MAX), names[0]));
	CHECK(str_same(get_str(&r, UINT16_MAX), names[1]));
	state_free(&state);
	writer_free(&w);
	free(list.slots);
}

static void check_counts(void)
{
	struct running_list none = {0};
	struct writer w = encoded(&none);
	struct state state;
	for (unsigned count = 1; count <= UINT16_MAX; count = count * 2 + 1) { /* more commands than bytes */
		w.data[w.used - 2] = (uint8_t)count;
		w.data[w.used - 1] = (uint8_t)(count >> 8);
		CHECK(!state_parse(&state, w.data, w.used));
	}
	writer_free(&w);
}

void check_state(void)
{
	check_empty();
	check_commands();
	check_counts();
}
