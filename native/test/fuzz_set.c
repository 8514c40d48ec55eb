/* The body of a SET frame. What is accepted must keep the rules that the rest of the code relies on. */
#include <stdlib.h>

#include "lib/base.h"
#include "test/fuzz.h"

/* Inputs may start with a frame header: the seeds are whole frames. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct set set;
	struct frame frame;
	if (size >= WIRE_HEADER && frame_decode(data, &frame)) {
		data += WIRE_HEADER;
		size -= WIRE_HEADER;
	}
	if (set_parse(&set, data, size)) {
		if (set.entries || set.plans || set.ops)
			abort();
		return 0;
	}
	for (uint32_t p = 0; p < set.plan_count; p++) {
		const struct plan *plan = &set.plans[p];
		if (set_plan(&set, plan->pattern) != plan)
			abort();
		for (uint32_t i = 0; i < plan->count; i++) {
			const struct op op = set_op(&set, plan->first + i);
			bool granted = op.type == RECORD_FILE || op.type == RECORD_VALUE || op.type == RECORD_BIND;
			if (granted && (op.entry >= set.entry_count || set.entries[op.entry].kind == ENTRY_INTERNAL))
				abort();
			if (op.mode & ~(op.type == RECORD_FILE ? 0700 | MODE_WRITEBACK | MODE_TO_VAULT : 0700))
				abort();
		}
	}
	for (uint32_t i = 0; i < set.entry_count; i++)
		if (set.entries[i].size > SET_MAX_VALUE || (i < 50 && set_entry(&set, set.entries[i].name) != &set.entries[i]))
			abort();
	set_free(&set);
	return 0;
}
