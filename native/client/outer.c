#include "client/outer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/base.h"

/* In the view, and not in the environment: it holds what the variables held before, and what they hold now. Both are
 * the command's own; but an environment gets printed into logs, and what was replaced there must not come back so. Not
 * a name that a FILE may have (those don't start with a dot).
 *
 * Three strings for each variable, each with its NUL: NAME, the value that it was given, and '=' with the value that it
 * had, or nothing where it was not set. */
#define NOTES ".outer"

enum { MAX_NOTES = 16 << 20 }; /* execve(2) takes 6 MiB at most (three quarters of the default stack) */

int outer_open(void)
{
	const char *ghost = getenv("TAZPOD_GHOST");
	char path[PATH_MAX];
	struct stat st;
	struct statfs fs;
	int length = ghost ? snprintf(path, sizeof path, "%s/" NOTES, ghost) : -1;
	if (length < 0 || (size_t)length >= sizeof path)
		return -1;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_size <= MAX_NOTES &&
	    fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC))
		return fd;
	close(fd);
	return -1;
}

/* The string at *AT, which moves behind its NUL; NULL where none is left. */
static const char *next_string(const char **at, const char *end)
{
	const char *start = *at, *nul = memchr(start, 0, (size_t)(end - start));
	*at = nul ? nul + 1 : end;
	return nul ? start : NULL;
}

static void restore(const char *name, const char *given, const char *before)
{
	const char *now = getenv(name);
	if (!now || strcmp(now, given) != 0)
		return;
	if ((*before ? setenv(name, before + 1, 1) : unsetenv(name)) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set %.255s back", name);
}

void outer_restore(int fd)
{
	struct stat st;
	if (fd < 0)
		return;
	if (fstat(fd, &st) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't look at the outer command's variables");
	size_t size = st.st_size > 0 && st.st_size <= MAX_NOTES ? (size_t)st.st_size : 0;
	char *notes = allocate(size, 1);
	if (!read_all(fd, notes, size))
		die_errno(EXIT_SYSTEM, NULL, "can't read the outer command's variables");
	close(fd);
	for (const char *at = notes, *end = notes + size; at < end;) {
		const char *name = next_string(&at, end), *given = next_string(&at, end), *before = next_string(&at, end);
		if (!name || !given || !before)
			break;
		restore(name, given, before);
	}
	explicit_bzero(notes, size);
	free(notes);
}

void outer_note(struct writer *notes, const char *name, const char *value)
{
	const char *before = getenv(name);
	put_raw(notes, name, strlen(name) + 1);
	put_raw(notes, value, strlen(value) + 1);
	if (before)
		put_raw(notes, "=", 1);
	put_raw(notes, before ? before : "", before ? strlen(before) + 1 : 1);
}

void outer_save(int view, const struct writer *notes)
{
	if (notes->used == 0 || notes->used > MAX_NOTES)
		return;
	int fd = openat(view, NOTES, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || !write_all(fd, notes->data, notes->used))
		die_errno(EXIT_SYSTEM, NULL, "can't note the command's variables in its view; nothing was started");
	close(fd);
}
