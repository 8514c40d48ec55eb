/* test/vectors, which TypeScript is held to as well. set-*.bin: frames; a good one parses, a set-bad-* one does not.
 * durations.tsv and sizes.tsv: a number, a tab and how it is printed. */
#include <inttypes.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "lib/figures.h"
#include "test/check.h"

/* What the holder does with the bytes of one connection, as far as it is parsing. */
static const char *problem_of(const uint8_t *bytes, size_t size)
{
	struct frame frame;
	struct set set;
	if (size < WIRE_HEADER || !frame_decode(bytes, &frame))
		return "no frame";
	if (frame.version != WIRE_VERSION || frame.type != FRAME_SET || frame.length > WIRE_MAX_SET)
		return "another version or type, or too long";
	if (frame.length != size - WIRE_HEADER)
		return "another length";
	const char *problem = set_parse(&set, bytes + WIRE_HEADER, frame.length);
	if (!problem)
		set_free(&set);
	return problem;
}

static void check_vector(const char *folder, const char *name)
{
	char path[512], what[1024];
	snprintf(path, sizeof path, "%s/%.200s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!CHECK(file != NULL) || !file)
		return;
	size_t room = (size_t)80 << 20;
	uint8_t *bytes = allocate(room, 1);
	size_t size = fread(bytes, 1, room, file);
	fclose(file);
	bytes = realloc(bytes, size + 1); /* so that the sanitizer sees a read behind the end */
	if (!bytes)
		die(EXIT_SYSTEM, NULL, "out of memory");
	const char *problem = problem_of(bytes, size);
	bool bad = strncmp(name, "set-bad-", 8) == 0;
	snprintf(what, sizeof what, "%s: %s", path, problem ? problem : "was accepted");
	check_that((problem != NULL) == bad, __FILE__, __LINE__, what);
	free(bytes);
}

static const char *span_of_seconds(uint64_t seconds, char out[static FIGURE_ROOM])
{
	return format_span(seconds * 1000 + 999, out); /* rounded down */
}

static void check_figures(const char *path, const char *(*print)(uint64_t number, char out[static FIGURE_ROOM]))
{
	char line[128], text[64], out[FIGURE_ROOM], what[256];
	uint64_t number;
	unsigned lines = 0;
	FILE *file = fopen(path, "r");
	if (!file) {
		printf("SKIPPED: %s is not there: that both languages print the same is not tested\n", path);
		return;
	}
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, "%" SCNu64 "\t%63[^\n]", &number, text) != 2)
			continue;
		lines++;
		snprintf(what, sizeof what, "%s: %" PRIu64 " is %s, not %s", path, number, print(number, out), text);
		check_that(strcmp(out, text) == 0, __FILE__, __LINE__, what);
	}
	fclose(file);
	CHECK(lines > 20);
}

void check_vectors(void)
{
	check_figures("../test/vectors/durations.tsv", span_of_seconds);
	check_figures("../test/vectors/sizes.tsv", format_size);
	const char *folder = "../test/vectors";
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned good = 0, bad = 0;
	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		size_t length = strlen(name);
		if (strncmp(name, "set-", 4) != 0 || length < 8 || strcmp(name + length - 4, ".bin") != 0)
			continue;
		check_vector(folder, name);
		*(strncmp(name, "set-bad-", 8) == 0 ? &bad : &good) += 1;
	}
	if (dir)
		closedir(dir);
	if (good == 0 || bad == 0)
		printf("SKIPPED: %s holds no vectors: that both languages agree on them is not tested\n", folder);
}
