#include "lib/figures.h"

#include <inttypes.h>
#include <stddef.h>

#include "lib/base.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

const char *format_span(uint64_t ms, char out[static FIGURE_ROOM])
{
	uint64_t s = ms / 1000, days = s / DAY, hours = s / HOUR % 24, minutes = s / MINUTE % 60;
	if (s < MINUTE)
		format_into(out, FIGURE_ROOM, "%" PRIu64 "s", s);
	else if (s < HOUR)
		format_into(out, FIGURE_ROOM, "%" PRIu64 "m", minutes);
	else if (s < DAY && minutes > 0)
		format_into(out, FIGURE_ROOM, "%" PRIu64 "h%" PRIu64 "m", hours, minutes);
	else if (s < DAY)
		format_into(out, FIGURE_ROOM, "%" PRIu64 "h", hours);
	else if (days < 7 && hours > 0)
		format_into(out, FIGURE_ROOM, "%" PRIu64 "d%" PRIu64 "h", days, hours);
	else
		format_into(out, FIGURE_ROOM, "%" PRIu64 "d", days);
	return out;
}

const char *format_size(uint64_t bytes, char out[static FIGURE_ROOM])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
	uint64_t one = 1;
	size_t unit = 0;
	/* Below 10 KiB only whole KiB are told as such: 9000 bytes are no 8.7 KiB to somebody who counts a limit. */
	while (unit < 3 && bytes / one >= 1024 && (bytes >= 10240 || bytes % 1024 == 0)) {
		one *= 1024;
		unit++;
	}
	uint64_t whole = bytes / one, tenth = bytes % one * 10 / one;
	if (bytes == 1)
		format_into(out, FIGURE_ROOM, "1 byte");
	else if (whole < 10 && tenth > 0)
		format_into(out, FIGURE_ROOM, "%" PRIu64 ".%" PRIu64 " %s", whole, tenth, units[unit]);
	else
		format_into(out, FIGURE_ROOM, "%" PRIu64 " %s", whole, units[unit]);
	return out;
}
