/* tazpod: the verbs that need no Node. Everything else is Node's. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/node.h"
#include "verbs.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
};

#define TABLE_ROW(name) {#name, verb_##name},
static const struct verb verbs[] = {VERBS(TABLE_ROW)};
static const struct verb ghost_verbs[] = {GHOST_VERBS(TABLE_ROW)};

/* With a closed standard descriptor our first file would become it, and messages would land in there. Close-on-exec:
 * a command finds it closed, as it was. */
static void open_standard(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

static int run(const struct verb *table, size_t count, int argc, char **argv)
{
	for (size_t i = 0; i < count; i++)
		if (argc > 0 && strcmp(argv[0], table[i].name) == 0) {
			int code = table[i].run(argc - 1, argv + 1);
			if (fflush(stdout) != 0)
				die_errno(EXIT_SYSTEM, NULL, "can't write the output");
			return code;
		}
	return -1;
}

int main(int argc, char **argv)
{
	if (argc < 1)
		return EXIT_USAGE;
	open_standard();
	/* `tazpod --errors-fd N VERB …` is how Node runs a verb: it gets a failure as a value. */
	unsigned long errors;
	if (argc > 3 && strcmp(argv[1], "--errors-fd") == 0 && parse_number(argv[2], 1 << 20, &errors)) {
		if (fcntl((int)errors, F_SETFD, FD_CLOEXEC) != 0)
			die_errno(EXIT_USAGE, NULL, "--errors-fd");
		errors_to((int)errors, ERRORS_AS_JSON);
		argv += 2;
		argc -= 2;
	}
	int code = run(verbs, sizeof verbs / sizeof *verbs, argc - 1, argv + 1);
	if (code < 0 && argc > 1 && strcmp(argv[1], "ghost") == 0) {
		code = run(ghost_verbs, sizeof ghost_verbs / sizeof *ghost_verbs, argc - 2, argv + 2);
		if (code < 0)
			die(EXIT_USAGE, "tazpod --help", "ghost verbs are for tazpod itself");
	}
	if (code < 0)
		node_become(argv + 1);
	return code;
}
