/* test/vectors/set-*.bin: the frames that TypeScript writes. A good one parses, a set-bad-* one does not. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
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

void check_vectors(void)
{
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
