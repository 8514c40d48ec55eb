/* test/vectors/layout.tsv: the numbers that Node and the native part share. The unit tests of Node read the same table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/set.h"
#include "session/page.h"
#include "test/check.h"

static const struct {
	const char *name;
	uint64_t number;
} ours[] = {
    {"frame.header", WIRE_HEADER},
    {"frame.version", WIRE_VERSION},
    {"frame.set", FRAME_SET},
    {"record.meta", RECORD_META},
    {"record.entry", RECORD_ENTRY},
    {"record.plan", RECORD_PLAN},
    {"record.file", RECORD_FILE},
    {"record.value", RECORD_VALUE},
    {"record.bind", RECORD_BIND},
    {"record.env", RECORD_ENV},
    {"record.missing", RECORD_MISSING},
    {"record.end", RECORD_END},
    {"entry.secret", ENTRY_SECRET},
    {"entry.rendered", ENTRY_RENDERED},
    {"entry.internal", ENTRY_INTERNAL},
    {"limit.entries", SET_MAX_ENTRIES},
    {"limit.plans", SET_MAX_PLANS},
    {"limit.operations", SET_MAX_OPS},
    {"limit.valueBytes", SET_MAX_VALUE},
    {"limit.nameBytes", WIRE_MAX_NAME},
    {"limit.pathBytes", SET_MAX_PATH},
    {"limit.envBytes", SET_MAX_ENV},
    {"limit.bodyBytes", WIRE_MAX_SET},
    {"umask.keep", UMASK_KEEP},
    {"size.absent", SIZE_ABSENT},
    {"page.restoreBytes", PAGE_BYTES},
    {"page.shell", PAGE_SHELL},
    {"page.size", PAGE_ROOM},
};

void check_layout(void)
{
	char line[128], seen[128];
	size_t rows = 0;
	FILE *table = fopen("../test/vectors/layout.tsv", "r");
	while (table && fgets(line, sizeof line, table)) {
		if (CHECK(rows < sizeof ours / sizeof *ours)) {
			snprintf(seen, sizeof seen, "%s\t%" PRIu64 "\n", ours[rows].name, ours[rows].number);
			CHECK_TEXT(seen, line);
		}
		rows++;
	}
	if (table) {
		CHECK(rows == sizeof ours / sizeof *ours);
		fclose(table);
	} else {
		printf("SKIPPED: test/vectors is not here: that both languages agree on their numbers is not tested\n");
	}
}
