#include "names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "place.h"

/* The largest project file that tazpod reads (src/core/config.ts). */
enum { CONFIG_MAX = 256 * 1024 };

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
	static char text[CONFIG_MAX + 1];
	struct place place;
	char path[PATH_MAX];
	place_find(&place);
	if (!place.has_config)
		return 0;
	format_into(path, sizeof path, "%s/tazpod.yaml", strcmp(place.root, "/") == 0 ? "" : place.root);
	if (!read_text(path, text, sizeof text))
		return 0;
	names_of(text, "name", print);
	if (argc > 0 && strcmp(argv[0], "only") == 0)
		names_of(text, "path", print);
	return 0;
}
