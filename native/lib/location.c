#include "lib/location.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base.h"

static struct config_id identity_of(const struct stat *st)
{
	return (struct config_id){{st->st_dev, st->st_ino, (uint64_t)st->st_size,
	                           (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec,
	                           (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec}};
}

/* DIR/NAME as a plain file. */
static bool is_file(const char *dir, const char *name, struct stat *st)
{
	char file[PATH_MAX + 16];
	snprintf(file, sizeof file, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);
	return stat(file, st) == 0 && S_ISREG(st->st_mode);
}

/* Walks from the current folder to / until one holds tazpod.yaml; the id is that folder's device and inode. */
static void find_project(struct location *out)
{
	char dir[PATH_MAX];
	if (!getcwd(dir, sizeof dir))
		die_errno(EXIT_REFUSED, "cd to a folder that exists; tazpod lock --all locks whatever is unlocked",
		          "can't tell the current folder");
	for (;;) {
		struct stat st, folder;
		if (is_file(dir, "tazpod.yaml", &st)) {
			if (stat(dir, &folder) != 0)
				die_errno(EXIT_REFUSED, NULL, "can't look at %.400s", dir);
			strcpy(out->root, dir);
			out->has_config = true;
			out->config = identity_of(&st);
			format_into(out->id, sizeof out->id, "%llx-%llx", (unsigned long long)folder.st_dev,
			            (unsigned long long)folder.st_ino);
			return;
		}
		if (!out->misnamed[0] && is_file(dir, "tazpod.yml", &st))
			strcpy(out->misnamed, dir);
		char *slash = strrchr(dir, '/');
		if (strcmp(dir, "/") == 0 || !slash)
			break;
		slash[slash == dir ? 1 : 0] = '\0';
	}
	strcpy(out->id, "default");
}

/* Opens a folder that must be ours alone. Returns -1 with ENOENT where it does not exist; dies where it is not safe. */
static int open_private(int at, const char *name, const char *shown)
{
	int fd = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT)
			return -1;
		if (errno == ELOOP || errno == ENOTDIR)
			die(EXIT_REFUSED, NULL, "%.400s is a link or not a folder; tazpod does not follow it", shown);
		die_errno(EXIT_REFUSED, NULL, "can't open %.400s", shown);
	}
	struct stat st;
	if (fstat(fd, &st) != 0)
		die_errno(EXIT_REFUSED, NULL, "can't look at %.400s", shown);
	if (st.st_uid != geteuid())
		die(EXIT_REFUSED, "unset XDG_RUNTIME_DIR, or set it to a folder of yours", "%.400s belongs to uid %u, you are %u",
		    shown, st.st_uid, geteuid());
	if (st.st_mode & 077)
		die(EXIT_REFUSED, NULL, "%.400s is open to other users (mode %04o); make it private: chmod 700 %.300s", shown,
		    st.st_mode & 07777, shown);
	return fd;
}

/* $XDG_RUNTIME_DIR, /run/user/UID, /tmp/tazpod-UID: the first that exists; the last may be created. */
static void find_runtime(char base[PATH_MAX], bool *ours)
{
	const char *named = getenv("XDG_RUNTIME_DIR");
	struct stat st;
	*ours = false;
	if (named && named[0] == '/' && strlen(named) < 3000 && lstat(named, &st) == 0) {
		strcpy(base, named);
		return;
	}
	snprintf(base, PATH_MAX, "/run/user/%u", geteuid());
	if (lstat(base, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077))
		return;
	snprintf(base, PATH_MAX, "/tmp/tazpod-%u", geteuid());
	*ours = true;
}

/* The runtime folder of OUT->id. */
static void name_runtime(struct location *out)
{
	char base[PATH_MAX];
	bool ours;
	find_runtime(base, &ours);
	int fd = open_private(AT_FDCWD, base, base);
	if (fd >= 0)
		close(fd);
	format_into(out->runtime, sizeof out->runtime, ours ? "%s/%s" : "%s/tazpod/%s", base, out->id);
	format_into(out->ghost, sizeof out->ghost, "%s/ghost", out->runtime);
}

void location_find(struct location *out)
{
	*out = (struct location){0};
	find_project(out);
	name_runtime(out);
}

bool location_of_id(struct location *out, const char *id)
{
	size_t size = strlen(id);
	*out = (struct location){0};
	if (size == 0 || size >= sizeof out->id || (strcmp(id, "default") != 0 && strspn(id, "0123456789abcdef-") != size))
		return false;
	strcpy(out->id, id);
	name_runtime(out);
	return true;
}

/* Opens or creates one level below AT. */
static int enter_level(int at, const char *name, const char *shown, bool create)
{
	int fd = open_private(at, name, shown);
	if (fd >= 0 || !create)
		return fd;
	if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
		die_errno(EXIT_SYSTEM, NULL, "can't create %.400s", shown);
	fd = open_private(at, name, shown);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't open %.400s", shown);
	return fd;
}

/* Level by level, so that no component is ever followed through a link. The base itself is checked too. */
static int walk_runtime(const struct location *location, bool create)
{
	char path[PATH_MAX], *id = path + strlen(location->runtime) - strlen(location->id) - 1;
	strcpy(path, location->runtime);
	*id = '\0';
	char *level = strrchr(path, '/');
	int base;
	if (strcmp(level, "/tazpod") == 0) {
		*level = '\0';
		int above = enter_level(AT_FDCWD, path, path, false);
		if (above < 0)
			return -1;
		base = enter_level(above, "tazpod", location->runtime, create);
		close(above);
	} else {
		base = enter_level(AT_FDCWD, path, path, create);
	}
	if (base < 0)
		return -1;
	int fd = enter_level(base, location->id, location->runtime, create);
	close(base);
	return fd;
}

int location_create(const struct location *location)
{
	int fd = walk_runtime(location, true);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create %.400s", location->runtime);
	close(enter_level(fd, "ghost", location->ghost, true));
	return fd;
}

int location_open(const struct location *location)
{
	return walk_runtime(location, false);
}

bool state_path(char out[PATH_MAX], const char *name)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (state && state[0] == '/')
		format_into(out, PATH_MAX, "%s/tazpod/%s", state, name);
	else if (home && home[0] == '/')
		format_into(out, PATH_MAX, "%s/.local/state/tazpod/%s", home, name);
	else
		return false;
	return true;
}

bool program_path(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	if (n <= 0)
		return false;
	out[n] = '\0';
	return true;
}

void install_root(char out[PATH_MAX])
{
	if (!program_path(out))
		die_errno(EXIT_SYSTEM, NULL, "can't find the program's own path (is /proc mounted?)");
	for (int up = 0; up < 2; up++) { /* bin/tazpod → bin → the installation */
		char *slash = strrchr(out, '/');
		if (!slash)
			die(EXIT_BUG, NULL, "unexpected path of the program: %.400s", out);
		*slash = '\0';
	}
}
