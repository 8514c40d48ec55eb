#include "lib/json.h"

#include <stdio.h>
#include <string.h>

enum { PIECE = 8 };

/* One byte as it stands in a string. Returns how many it takes there. */
static size_t escape(char out[PIECE], char byte)
{
	unsigned char c = (unsigned char)byte;
	if (c == '"' || c == '\\')
		return (size_t)snprintf(out, PIECE, "\\%c", c);
	if (c < 0x20 || c == 0x7f)
		return (size_t)snprintf(out, PIECE, "\\u%04x", c);
	out[0] = byte;
	return 1;
}

size_t json_string(char *out, size_t room, const char *at, size_t size)
{
	char piece[PIECE];
	size_t used = 0;
	out[used++] = '"';
	for (size_t i = 0; i < size; i++) {
		size_t n = escape(piece, at[i]);
		if (used + n + 2 > room) /* the quote and the NUL */
			break;
		memcpy(out + used, piece, n);
		used += n;
	}
	out[used++] = '"';
	out[used] = '\0';
	return used;
}

void json_print(const char *at, size_t size)
{
	char piece[PIECE];
	putchar('"');
	for (size_t i = 0; i < size; i++)
		(void)fwrite(piece, 1, escape(piece, at[i]), stdout);
	putchar('"');
}
