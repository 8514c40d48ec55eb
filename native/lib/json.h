/* JSON strings (RFC 8259): the one place that escapes. */
#ifndef TAZPOD_JSON_H
#define TAZPOD_JSON_H

#include <stddef.h>

/* A quoted string of the SIZE bytes at AT, with a NUL behind it, cut so that it fits into ROOM (at least 3). Quotes, backslash
 * and controls are escaped, DEL too, because people read it on terminals; UTF-8 stays as it is. Returns its length. */
size_t json_string(char *out, size_t room, const char *at, size_t size);
/* The same on stdout, whole. */
void json_print(const char *at, size_t size);

#endif
