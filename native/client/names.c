#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/base.h"
#include "lib/location.h"
#include "verbs.h"

/* `tazpod ghost names [only]`: names for completion in a shell, a line each, from the file that `tazpod trust` has left for
 * this project (src/adapters/files/names-file.ts): lines "secret NAME" and "bind PATH". With `only` the binds too, which
 * `exec --only` takes as well. Silent where there is none. */
int verb_names(int argc, char **argv)
{
	struct location location;
	char name[64], path[PATH_MAX], line[PATH_MAX + 16];
	bool binds = argc > 0 && strcmp(argv[0], "only") == 0;
	location_find(&location);
	format_into(name, sizeof name, "names/%s", location.id);
	if (!location.has_config || !state_path(path, name))
		return 0;
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, "secret ", 7) == 0)
			printf("%s", line + 7);
		else if (binds && strncmp(line, "bind ", 5) == 0)
			printf("%s", line + 5);
	}
	if (file)
		fclose(file);
	return 0;
}
