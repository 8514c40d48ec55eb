#include "lib/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/process.h"

bool map_self(uid_t uid, gid_t gid)
{
	char map[64];
	/* Before gid_map: without it an unprivileged process may not write one (CVE-2014-8989). */
	if (!write_text("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof map, "%u %u 1", uid, uid);
	if (!write_text("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof map, "%u %u 1", gid, gid);
	return write_text("/proc/self/gid_map", map);
}

static unsigned long read_switch(const char *path, unsigned long otherwise)
{
	char text[32];
	unsigned long value;
	if (!read_text(path, text, sizeof text))
		return otherwise;
	text[strcspn(text, "\n")] = '\0';
	return parse_number(text, 1ul << 32, &value) ? value : otherwise;
}

/* Without a mount at its root: what a chroot into a plain folder looks like from inside (proc_pid_mountinfo(5) leaves out
 * what the process can't reach). */
static bool in_chroot(void)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, point[3];
	size_t room = 0;
	bool rooted = !mounts;
	while (!rooted && getline(&line, &room, mounts) > 0)
		rooted = sscanf(line, "%*u %*u %*s %*s %2s", point) == 1 && strcmp(point, "/") == 0;
	free(line);
	if (mounts)
		fclose(mounts);
	return !rooted;
}

_Noreturn void die_no_mount(const char *format, ...)
{
	int error = errno;
	char doing[512];
	va_list args;
	va_start(args, format);
	vsnprintf(doing, sizeof doing, format, args);
	va_end(args);
	errno = error;
	/* In a mount namespace of ours the kernel itself has no such objection. Landlock forbids every change of the file
	 * topology, whatever its rules say (Documentation/userspace-api/landlock.rst, "Filesystem topology modification"). */
	if (error == EPERM || error == EACCES)
		die_errno(EXIT_SYSTEM, "the same command outside of the sandbox; tazpod doctor says more",
		          "a sandbox around this shell (Landlock, seccomp, AppArmor ...) forbids mounts: %s", doing);
	die_errno(EXIT_SYSTEM, "tazpod doctor", "%s", doing);
}

_Noreturn void die_no_namespaces(const char *doing)
{
	int error = errno;
	if (read_switch("/proc/sys/user/max_user_namespaces", 1) == 0)
		die(EXIT_SYSTEM, "sudo sysctl user.max_user_namespaces=15000",
		    "this machine forbids user namespaces (user.max_user_namespaces is 0)");
	if (read_switch("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		die(EXIT_SYSTEM, "sudo sysctl kernel.unprivileged_userns_clone=1",
		    "this machine forbids user namespaces to users (kernel.unprivileged_userns_clone is 0)");
	if (read_switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
		die(EXIT_SYSTEM, "tazpod doctor",
		    "AppArmor forbids user namespaces to programs without a profile "
		    "(kernel.apparmor_restrict_unprivileged_userns is 1, as on Ubuntu 24.04)");
	if (error == EPERM && in_chroot())
		die(EXIT_SYSTEM, "tazpod pull outside of the chroot",
		    "this is a chroot, in which Linux makes no user namespace (%s)", doing);
	errno = error;
	if (error == ENOSPC)
		die(EXIT_SYSTEM, "sudo sysctl user.max_user_namespaces=15000", "too many user namespaces (%s)", doing);
	die_errno(EXIT_SYSTEM, "tazpod doctor", "%s", doing);
}

/* The child that makes the namespace. It is dumpable for a moment, but holds nothing: no socket, no secret. */
static _Noreturn void make_user_namespace(int ready, int done, uid_t uid, gid_t gid)
{
	char byte = 0;
	if (prctl(PR_SET_DUMPABLE, 1) != 0)
		die_errno(EXIT_SYSTEM, NULL, "prctl");
	if (unshare(CLONE_NEWUSER) != 0)
		die_no_namespaces("can't create a user namespace");
	if (!map_self(uid, gid))
		die_no_namespaces("can't map your user id into a namespace");
	if (!write_all(ready, "r", 1))
		_exit(EXIT_SYSTEM);
	(void)read_all(done, &byte, 1); /* the namespace lives at least until the holder is in it */
	_exit(0);
}

void join_new_user_namespace(void)
{
	int ready[2], done[2];
	char byte, path[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(done, O_CLOEXEC) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create a pipe");
	pid_t child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't fork");
	if (child == 0) {
		close(ready[0]);
		close(done[1]);
		make_user_namespace(ready[1], done[0], uid, gid);
	}
	close(ready[1]);
	close(done[0]);
	if (!read_all(ready[0], &byte, 1)) { /* it has said why on stderr */
		int status = process_reap(child);
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SYSTEM);
	}
	snprintf(path, sizeof path, "/proc/%d/ns/user", child);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWUSER) != 0)
		die_no_namespaces("can't join the new user namespace");
	if (geteuid() != uid || getegid() != gid)
		die(EXIT_REFUSED, NULL, "another process meddled with the new user namespace");
	close(fd);
	close(done[1]);
	close(ready[0]);
	(void)process_reap(child);
}

static bool swap_is_on(void)
{
	char text[512];
	/* One header line, then a line per swap area; unreadable counts as on. */
	if (!read_text("/proc/swaps", text, sizeof text))
		return true;
	const char *line = strchr(text, '\n');
	return line && line[1] != '\0';
}

int mount_memory(const char *target, bool privileged)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	/* noswap needs CAP_SYS_ADMIN in the first user namespace and Linux 6.4 (tmpfs(5)). */
	if (privileged && mount("tazpod", target, "tmpfs", flags, "mode=0700,noswap") == 0)
		return 1;
	if (!swap_is_on()) {
		if (mount("tazpod", target, "tmpfs", flags, "mode=0700") == 0)
			return 0;
		die_no_mount("can't mount a memory file system");
	}
	if (mount("tazpod", target, "ramfs", flags, "mode=0700") != 0)
		die_no_mount("can't mount a memory file system that is never swapped");
	return 2;
}

void drop_capabilities(void)
{
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) != 0 && errno == EINVAL)
			break; /* past the last capability of this kernel */
	clear_capabilities();
}

void clear_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't clear the ambient capabilities");
	if (syscall(SYS_capset, &header, none) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't drop capabilities");
}

void forbid_core(void)
{
	struct rlimit none = {0, 0};
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't forbid core dumps");
}
