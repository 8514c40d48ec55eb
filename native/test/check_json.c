#include "lib/json.h"

#include <string.h>

#include "test/check.h"

static const char *string(const char *text, size_t size, size_t room)
{
	static char out[256];
	memset(out, 'x', sizeof out);
	size_t used = json_string(out, room, text, size);
	CHECK(used < room && strlen(out) == used && out[room] == 'x');
	return out;
}

void check_json(void)
{
	CHECK_TEXT(string("", 0, 3), "\"\"");
	CHECK_TEXT(string("a/\xc3\xa9", 4, 100), "\"a/\xc3\xa9\"");
	CHECK_TEXT(string("a\"b\\c", 5, 100), "\"a\\\"b\\\\c\"");
	CHECK_TEXT(string("\0\n\x1b\x7f", 4, 100), "\"\\u0000\\u000a\\u001b\\u007f\"");
	/* an escape that does not fit is left out whole */
	CHECK_TEXT(string("a\"b", 3, 4), "\"a\"");
	CHECK_TEXT(string("a\"b", 3, 5), "\"a\"");
	CHECK_TEXT(string("a\"b", 3, 6), "\"a\\\"\"");
	CHECK_TEXT(string("\x01", 1, 8), "\"\"");
	CHECK_TEXT(string("\x01", 1, 9), "\"\\u0001\"");
}
