/* The holder's watch over what it is reached by. A log-out that cleans the runtime folder up, or somebody who removes
 * the socket, leaves a holder that no `lock` reaches; a project whose folder is deleted leaves one that nobody looks
 * for. Both end themselves: at once where inotify(7) tells, and by a look every LOOK_S where it can't (a folder above
 * that was moved, a file system without notices, no inotify left: fs.inotify.max_user_instances is 128). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "holder/serve.h"
#include "lib/base.h"

#ifndef LOOK_S
#define LOOK_S 30
#endif

enum { OWN_FOLDER = IN_DELETE_SELF | IN_MOVE_SELF | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR,
	   PROJECT_FOLDER = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR };

static struct file_id id_of(const struct stat *st)
{
	return (struct file_id){st->st_dev, st->st_ino};
}

static bool is_file(const struct stat *st, struct file_id id)
{
	return st->st_dev == id.dev && st->st_ino == id.ino;
}

bool socket_is_ours(const struct holder *h)
{
	struct stat st;
	return fstatat(h->runtime, "socket", &st, AT_SYMLINK_NOFOLLOW) == 0 && is_file(&st, h->vigil.socket);
}

void vigil_prepare(struct holder *h, const char *runtime)
{
	struct vigil *v = &h->vigil;
	struct stat st;
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)SOURCE_VIGIL << 32};
	format_into(v->path, sizeof v->path, "%s", runtime);
	if (fstat(h->runtime, &st) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't look at %.400s", runtime);
	v->folder = id_of(&st);
	if (fstatat(h->runtime, "socket", &st, AT_SYMLINK_NOFOLLOW) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't look at the socket in %.400s", runtime);
	v->socket = id_of(&st);
	v->project_watch = -1;
	v->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (v->inotify >= 0 && (inotify_add_watch(v->inotify, runtime, OWN_FOLDER) < 0 ||
	                        epoll_ctl(h->epoll, EPOLL_CTL_ADD, v->inotify, &event) != 0)) {
		close(v->inotify);
		v->inotify = -1;
	}
	v->look_at = clock_ns(CLOCK_BOOTTIME) + LOOK_S * SECOND_NS;
}

/* A look at a folder of a server that does not answer would hold up every `lock`. */
static bool may_block(const char *path)
{
	static const unsigned long remote[] = {NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, 0xff534d42 /* CIFS */, 0xfe534d42 /* SMB2 */,
	                                       FUSE_SUPER_MAGIC, V9FS_MAGIC, CEPH_SUPER_MAGIC, CODA_SUPER_MAGIC,
	                                       AFS_SUPER_MAGIC};
	struct statfs fs;
	if (statfs(path, &fs) != 0)
		return true;
	for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
		if (((unsigned long)fs.f_type & 0xffffffffu) == remote[i])
			return true;
	return false;
}

static void root_path(const struct holder *h, char path[PATH_MAX])
{
	struct str root = h->held ? h->held->set.root : (struct str){"", 0};
	size_t size = root.size < PATH_MAX ? root.size : 0;
	memcpy(path, root.at, size);
	path[size] = '\0';
}

void vigil_new_set(struct holder *h)
{
	struct vigil *v = &h->vigil;
	char path[PATH_MAX];
	struct stat st;
	if (v->project_watch >= 0)
		(void)inotify_rm_watch(v->inotify, v->project_watch);
	v->project_watch = -1;
	v->project_known = v->project_moved = false;
	root_path(h, path);
	if (path[0] != '/' || may_block(path) || stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return; /* none, or one that this holder can't see: it is not missed either */
	v->project = id_of(&st);
	v->project_known = true;
	if (v->inotify >= 0)
		v->project_watch = inotify_add_watch(v->inotify, path, PROJECT_FOLDER);
}

/* Gone, or another one in its place. What can't be told (no permission, a bad disk) is not gone. */
static bool is_gone(const char *path, struct file_id id)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR;
	return !is_file(&st, id);
}

static void look(struct holder *h)
{
	const struct vigil *v = &h->vigil;
	char root[PATH_MAX];
	if (is_gone(v->path, v->folder) || !socket_is_ours(h)) {
		wipe_all(h, "its runtime folder or socket is gone");
		return;
	}
	root_path(h, root);
	/* A folder that was renamed is the same project: its id is the inode. */
	if (v->project_known && !v->project_moved && is_gone(root, v->project))
		wipe_all(h, "the project's folder is gone");
}

void vigil_due(struct holder *h, uint64_t now)
{
	if (now < h->vigil.look_at)
		return;
	h->vigil.look_at = now + LOOK_S * SECOND_NS;
	look(h);
}

void on_vigil(struct holder *h)
{
	struct vigil *v = &h->vigil;
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(v->inotify, events, sizeof events);
	bool deleted = false;
	for (ssize_t at = 0; at < n;) {
		struct inotify_event e;
		memcpy(&e, events + at, sizeof e);
		at += (ssize_t)(sizeof e + e.len);
		if (e.wd != v->project_watch)
			continue;
		v->project_moved = v->project_moved || (e.mask & IN_MOVE_SELF);
		deleted = deleted || (e.mask & IN_DELETE_SELF);
		if (e.mask & IN_IGNORED) /* the number may be given away again */
			v->project_watch = -1;
	}
	if (h->ending)
		return;
	if (deleted)
		wipe_all(h, "the project's folder is gone");
	else
		look(h);
}
