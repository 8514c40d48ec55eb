#include "client/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base.h"
#include "lib/place.h"
#include "verbs.h"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_.-/", c);
}

void names_of(const char *text, const char *key, void (*say)(const char *value, size_t size))
{
	size_t key_size = strlen(key);
	for (const char *at = text; (at = strstr(at, key)); at += key_size) {
		const char *value = at + key_size;
		if (at > text && !strchr(" \t\n{,-", at[-1]))
			continue;
		value += strspn(value, " ");
		if (*value != ':')
			continue;
		value += 1 + strspn(value + 1, " ");
		value += *value == '"' || *value == '\'';
		size_t size = 0;
		while (value[size] && is_plain(value[size]))
			size++;
		if (size > 0)
			say(value, size);
	}
}

static void print(const char *value, size_t size)
{
	printf("%.*s\n", (int)size, value);
}

/* With `only` the paths of binds too, which `exec --only` takes as well. */
int verb_names(int argc, char **argv)
{
	static char text[CONFIG_ROOM];
	struct place place;
	place_find(&place);
	if (!place_read_config(&place, text))
		return 0;
	names_of(text, "name", print);
	if (argc > 0 && strcmp(argv[0], "only") == 0)
		names_of(text, "path", print);
	return 0;
}
