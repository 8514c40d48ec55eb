#include "client/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "client/git.h"
#include "client/outer.h"
#include "lib/base.h"
#include "lib/namespaces.h"
#include "protocol/set.h"

/* The memory-backed files of binds; not a name that a FILE may have (those don't start with a dot). */
#define BINDS ".binds"

/* setns(2) into a mount namespace also makes its root the caller's: whoever asks from a chroot, or from a container
 * that has no user namespace of its own, would run a program of the host instead of the one that was named. */
static void stay_in_root(const struct stat *before)
{
	struct stat now;
	if (stat("/", &now) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't look at /");
	if (now.st_dev != before->st_dev || now.st_ino != before->st_ino)
		die(EXIT_REFUSED, "the same command outside of it, or tazpod pull inside with a runtime folder of its own",
		    "this is a chroot or a container, and the session was unlocked outside of it: the command would run "
		    "there; nothing was started");
}

/* True where the view can be built on the holder's namespaces; false inside a command that tazpod already runs: a
 * process can't join a user namespace above its own (setns(2): EPERM), so the new view becomes a layer below. */
static bool join_holder(const int fds[2], size_t fd_count)
{
	struct stat root;
	if (stat("/", &root) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't look at /");
	if (fd_count == 1) { /* the holder runs as root: no user namespace */
		if (setns(fds[0], CLONE_NEWNS) != 0)
			die_errno(EXIT_SYSTEM, NULL, "can't join the holder's mount namespace");
		stay_in_root(&root);
		return true;
	}
	if (setns(fds[0], CLONE_NEWUSER) != 0) {
		if (errno == EPERM || errno == EINVAL)
			return false;
		die_errno(EXIT_SYSTEM, NULL, "can't join the holder's user namespace");
	}
	if (setns(fds[1], CLONE_NEWNS) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't join the holder's mount namespace");
	stay_in_root(&root);
	return true;
}

static void new_layer(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		die_no_namespaces("can't create a namespace for this command");
	if (!map_self(uid, gid))
		die_no_namespaces("can't map your user id into the namespace of this command");
}

/* mount(2) by descriptor: the path of the descriptor is looked up once, by us, and can't be swapped afterwards. */
static void bind_fd(int source, int target, const char *shown)
{
	char from[40], to[40];
	snprintf(from, sizeof from, "/proc/self/fd/%d", source);
	snprintf(to, sizeof to, "/proc/self/fd/%d", target);
	if (mount(from, to, NULL, MS_BIND, NULL) != 0)
		die_no_mount("can't cover %.400s inside the command's view", shown);
}

/* The placeholder: below the project, through no link, an empty regular file of ours. */
static int open_placeholder(const struct location *location, struct str target)
{
	char path[SET_MAX_PATH + 1];
	size_t root = strlen(location->root);
	str_copy(path, sizeof path, target);
	if (root < 2 || strncmp(path, location->root, root) != 0 || path[root] != '/')
		die(EXIT_REFUSED, "tazpod pull", "the bind %.400s is not below the project %.400s", path, location->root);
	int dir = open(location->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		die_errno(EXIT_REFUSED, NULL, "can't open %.400s", location->root);
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	int fd = (int)syscall(SYS_openat2, dir, path + root + 1, &how, sizeof how);
	struct stat st;
	if (fd < 0)
		die_errno(EXIT_DATA, "tazpod pull", "the placeholder %.400s can't be opened", path);
	close(dir);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		die(EXIT_DATA, "tazpod pull", "the placeholder %.400s is not a regular file", path);
	return fd;
}

/* Refused, because the clear text would stay on the disk while it looks as if it were in memory. In a nested command
 * the outer one's memory-backed file (device OUTER) may lie over the placeholder: that is no clear text on a disk. */
static void check_placeholder(int fd, dev_t outer, struct str target)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't look at a placeholder");
	if (st.st_size > 0 && st.st_dev != outer)
		die(EXIT_DATA, "tazpod vault import FILE --as NAME --empty",
		    "%.*s holds clear text on the disk; nothing was started", (int)target.size, target.at);
}

int view_create(int dir, const char *name, uint16_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create a file in the command's view");
	return fd;
}

/* Covers TARGET (closed) with the file NAME of the folder DIR of the view. */
static void cover(int dir, const char *name, int target, const char *shown)
{
	int source = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (source < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't open a file in the command's view");
	bind_fd(source, target, shown);
	close(source);
	close(target);
}

void view_cover(int dir, const char *name, const char *path)
{
	int target = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't open %.400s", path);
	cover(dir, name, target, path);
}

static void make_binds(const struct location *location, const struct grant *grant, int view, dev_t outer)
{
	char name[24];
	int dir = -1;
	for (uint32_t i = 0; i < grant->count; i++) {
		const struct grant_op *op = &grant->ops[i];
		if (op->type != RECORD_BIND)
			continue;
		if (dir < 0) {
			if (mkdirat(view, BINDS, 0700) != 0)
				die_errno(EXIT_SYSTEM, NULL, "can't create a folder in the command's view");
			dir = openat(view, BINDS, O_DIRECTORY | O_CLOEXEC);
			if (dir < 0)
				die_errno(EXIT_SYSTEM, NULL, "can't open a folder in the command's view");
		}
		snprintf(name, sizeof name, "%u", i);
		close(view_create(dir, name, op->mode));
		int target = open_placeholder(location, op->a);
		check_placeholder(target, outer, op->a);
		char shown[SET_MAX_PATH + 1];
		str_copy(shown, sizeof shown, op->a);
		cover(dir, name, target, shown);
		snprintf(name, sizeof name, "%u.git", i);
		git_hide(dir, name, shown);
	}
	if (dir >= 0)
		close(dir);
}

/* The work folder is the holder's own, shared by all commands of one unlock. */
static void mount_view(const struct location *location, bool privileged)
{
	char path[PATH_MAX + 8];
	snprintf(path, sizeof path, "%s/work", location->ghost);
	int work = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	(void)mount_memory(location->ghost, privileged);
	if (mkdir(path, 0700) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create the work folder");
	if (work < 0)
		return; /* started from a foreign mount namespace: this command's work folder is its own */
	int target = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't open the work folder");
	bind_fd(work, target, path);
	close(work);
	close(target);
}

/* Back into the caller's folder, found again by path: a descriptor would keep pointing into the old namespace. */
static void return_to(const char *folder, const struct stat *before)
{
	struct stat now;
	if (chdir(folder) != 0 || stat(".", &now) != 0)
		die_errno(EXIT_REFUSED, NULL, "the current folder %.400s can't be entered inside the view", folder);
	if (now.st_dev != before->st_dev || now.st_ino != before->st_ino)
		die(EXIT_REFUSED, "tazpod lock && tazpod pull",
		    "the current folder %.400s is another one in the holder's view of the file system", folder);
}

/* What was mounted, opened and proved to be it: the path could by now lead to a folder on a disk, if somebody moves the
 * runtime folder meanwhile. Everything else goes through this descriptor. */
static int open_view(const struct location *location, dev_t below)
{
	struct stat st;
	struct statfs fs;
	int view = open(location->ghost, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (view < 0 || fstat(view, &st) != 0 || fstatfs(view, &fs) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't open the command's view");
	if (st.st_dev == below || (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC))
		die(EXIT_SYSTEM, "tazpod lock && tazpod pull", "%.400s is not the command's view; nothing was started",
		    location->ghost);
	return view;
}

int view_build(const struct location *location, const struct grant *grant, const int fds[2], size_t fd_count)
{
	char folder[PATH_MAX];
	struct stat before, outer;
	bool privileged = fd_count == 1;
	if (!getcwd(folder, sizeof folder) || stat(".", &before) != 0)
		die_errno(EXIT_REFUSED, "cd to a folder that exists", "can't tell the current folder");
	if (!join_holder(fds, fd_count)) {
		new_layer();
		/* What the host mounts later appears inside; nothing of ours appears outside. The holder's mounts, of which
		 * every other command gets a copy, are slaves already. */
		if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
			die_no_mount("can't separate the command's mounts");
	} else if (unshare(CLONE_NEWNS) != 0) {
		die_errno(EXIT_SYSTEM, "tazpod doctor", "can't create a mount namespace for this command");
	}
	if (stat(location->ghost, &outer) != 0)
		die_errno(EXIT_SYSTEM, "tazpod lock && tazpod pull", "can't look at %.400s", location->ghost);
	mount_view(location, privileged);
	int view = open_view(location, outer.st_dev);
	make_binds(location, grant, view, outer.st_dev);
	/* A second pair of namespaces locks these mounts: whoever joins the command can't unmount them to see what lies
	 * below (umount: EINVAL, mount_namespaces(7)). As root there is no user namespace, and nothing secret below. */
	if (!privileged)
		new_layer();
	return_to(folder, &before);
	return view;
}

/* SIZE bytes from the socket into FD (a file of the view) through one locked buffer. */
static void fill_file(int socket, int fd, uint32_t size)
{
	static uint8_t chunk[1 << 14]; /* four pages: mlock of sixteen cost 47 us */
	static bool locked;
	if (!locked) {
		(void)mlock(chunk, sizeof chunk); /* best effort: the pages live for a millisecond, until execve */
		(void)madvise(chunk, sizeof chunk, MADV_DONTDUMP);
		locked = true;
	}
	while (size > 0) {
		size_t n = size < sizeof chunk ? size : sizeof chunk;
		if (!read_all(socket, chunk, n))
			die(EXIT_SYSTEM, "tazpod status", "the holder ended in the middle of a value; nothing was started");
		if (!write_all(fd, chunk, n))
			die_errno(EXIT_SYSTEM, NULL, "can't write into the command's view; nothing was started");
		size -= (uint32_t)n;
	}
	explicit_bzero(chunk, sizeof chunk);
}

static void set_variable(struct writer *notes, struct str name, const char *value)
{
	char text[WIRE_MAX_NAME + 1];
	str_copy(text, sizeof text, name);
	outer_note(notes, text, value);
	if (setenv(text, value, 1) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set %s", text);
}

static void fill_variable(struct writer *notes, int socket, const struct grant_op *op)
{
	char *value = allocate((size_t)op->size + 1, 1);
	if (!read_all(socket, value, op->size))
		die(EXIT_SYSTEM, "tazpod status", "the holder ended in the middle of a value; nothing was started");
	if (memchr(value, 0, op->size))
		die(EXIT_DATA, NULL, "the value for %.*s has a NUL byte and can't be an environment variable",
		    (int)op->env.size, op->env.at);
	set_variable(notes, op->env, value);
	explicit_bzero(value, op->size);
	free(value);
}

/* The view is empty and ours alone, so DIR/FILE can't lead anywhere else. */
static void fill_view_file(const struct location *location, struct writer *notes, int socket, int view,
                           const struct grant_op *op)
{
	char relative[2 * WIRE_MAX_NAME + 2], path[PATH_MAX + 2 * WIRE_MAX_NAME + 4];
	str_copy(relative, sizeof relative, op->a);
	if (mkdirat(view, relative, 0700) != 0 && errno != EEXIST)
		die_errno(EXIT_SYSTEM, NULL, "can't create a folder in the command's view");
	relative[op->a.size] = '/';
	str_copy(relative + op->a.size + 1, WIRE_MAX_NAME + 1, op->b);
	int fd = view_create(view, relative, op->mode & 0700);
	fill_file(socket, fd, op->size);
	close(fd);
	if (op->env.size == 0)
		return;
	format_into(path, sizeof path, "%s/%s", location->ghost, relative);
	set_variable(notes, op->env, path);
}

static void fill_bind(int socket, int view, uint32_t index, uint32_t size)
{
	char path[32];
	snprintf(path, sizeof path, BINDS "/%u", index);
	int fd = openat(view, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't open a file in the command's view");
	fill_file(socket, fd, size);
	close(fd);
}

/* A variable that the project file sets, and that is no secret. One that only stands in where the caller has none is
 * not taken back: it is the same for a command inside. */
static void set_plain(struct writer *notes, const struct grant_op *op)
{
	char name[WIRE_MAX_NAME + 1], *value;
	str_copy(name, sizeof name, op->env);
	bool spare = op->flags & ENV_IF_UNSET;
	if (spare && getenv(name))
		return;
	value = allocate((size_t)op->b.size + 1, 1);
	str_copy(value, (size_t)op->b.size + 1, op->b);
	if (!spare)
		set_variable(notes, op->env, value);
	else if (setenv(name, value, 1) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set %s", name);
	free(value);
}

void view_fill(const struct location *location, const struct grant *grant, int view, int fd, struct after *after)
{
	struct writer notes = {0};
	for (uint32_t i = 0; i < grant->count; i++) {
		const struct grant_op *op = &grant->ops[i];
		if (op->type == RECORD_FILE) {
			fill_view_file(location, &notes, fd, view, op);
		} else if (op->type == RECORD_BIND) {
			fill_bind(fd, view, i, op->size);
		} else if (op->type == RECORD_VALUE) {
			fill_variable(&notes, fd, op);
		} else {
			set_plain(&notes, op);
		}
	}
	outer_save(view, &notes);
	after_note(after, grant, view);
	writer_free(&notes);
	close(view);
}
