/* `tazpod ghost names`: what the project's file names, for completion in a shell. */
#ifndef TAZPOD_NAMES_H
#define TAZPOD_NAMES_H

#include <stddef.h>

/* Calls SAY for the value of each `KEY: value` in TEXT that could be a name or a path. Not a parser of YAML: it looks for
 * the word, in block and in flow style, quoted or not; a guess is enough for a person who presses Tab. */
void names_of(const char *text, const char *key, void (*say)(const char *value, size_t size));

#endif
