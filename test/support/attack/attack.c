/* One attempt of one process to read another. usage: attack NAME PID [PATH] <needle
 * Prints `read|refused <TAB> found|absent <TAB> detail`. "read" means that the kernel let us, "found" that the bytes
 * given on standard input were in what we read. The needle comes on stdin: an argument would be found in ourselves.
 * `attack victim` is the control: an unprotected process that holds its stdin in memory and lets itself be read. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char needle[4096];
static size_t needle_len;
static char proc[32]; /* "/proc/PID" */
static pid_t target;
static char *piece; /* 1 MiB of what was read */
enum { PIECE = 1 << 20 };

static int contains(const char *bytes, size_t n)
{
	return needle_len > 0 && memmem(bytes, n, needle, needle_len) != NULL;
}

static int report(int was_read, int found, const char *detail)
{
	printf("%s\t%s\t%s\n", was_read ? "read" : "refused", found ? "found" : "absent", detail);
	return 0;
}

static int refused(void)
{
	return report(0, 0, strerrorname_np(errno));
}

/* The whole of a file of /proc, which tells no size. */
static int read_file(const char *path)
{
	size_t have = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refused();
	for (ssize_t n; have < PIECE; have += (size_t)n) {
		n = read(fd, piece + have, PIECE - have);
		if (n < 0)
			return refused();
		if (n == 0)
			break;
	}
	return report(1, contains(piece, have), "read");
}

/* A link of /proc/PID (root, cwd, exe): its target, and a file below it when one is asked for. */
static int follow(const char *name, const char *below)
{
	char path[8192];
	snprintf(path, sizeof path, "%s/%s", proc, name);
	if (below != NULL) {
		snprintf(path, sizeof path, "%s/%s/%s", proc, name, below);
		return read_file(path);
	}
	if (readlink(path, piece, PIECE) < 0)
		return refused();
	if (open(path, O_PATH | O_CLOEXEC) < 0)
		return refused();
	return report(1, 0, "followed");
}

/* A folder of links (fd, ns): the listing, then each link, then what it stands for. */
static int each_link(const char *name)
{
	char path[8192];
	int seen = 0, found = 0, listed = 0;
	snprintf(path, sizeof path, "%s/%s", proc, name);
	DIR *dir = opendir(path);
	if (dir == NULL)
		return refused();
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		listed++;
		snprintf(path, sizeof path, "%s/%s/%s", proc, name, e->d_name);
		if (readlink(path, piece, PIECE) > 0)
			seen++;
		int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		seen++;
		ssize_t n = pread(fd, piece, PIECE, 0);
		if (n > 0 && contains(piece, (size_t)n))
			found = 1;
		close(fd);
	}
	errno = EACCES;
	return seen == 0 && listed > 0 ? refused() : report(1, found, "listed and followed");
}

/* Every readable page that the map lists; without the map, the usual place of a program. */
static int scan_memory(void)
{
	char path[64], line[8192];
	unsigned long from, to;
	int any = 0, found = 0;
	snprintf(path, sizeof path, "%s/mem", proc);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refused();
	snprintf(path, sizeof path, "%s/maps", proc);
	FILE *maps = fopen(path, "re");
	if (maps == NULL)
		return report(1, 0, "opened, without a map");
	while (fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		for (unsigned long at = from; at < to;) {
			size_t want = to - at < PIECE ? to - at : PIECE;
			ssize_t n = pread(fd, piece, want, (off_t)at);
			if (n <= 0)
				break;
			any = 1;
			if (contains(piece, (size_t)n))
				found = 1;
			/* pieces overlap by a needle, so that none is cut in two */
			at += (size_t)n == want && want == PIECE ? want - needle_len : (size_t)n;
		}
	}
	return report(any, found, any ? "read pages" : "no page was readable");
}

static int seize(void)
{
	if (ptrace(PTRACE_SEIZE, target, 0, 0) != 0)
		return refused();
	ptrace(PTRACE_INTERRUPT, target, 0, 0);
	waitpid(target, NULL, 0);
	ptrace(PTRACE_DETACH, target, 0, 0);
	return report(1, 0, "attached");
}

/* The address of a page that exists in most programs. EFAULT means: allowed, but nothing is there. */
static int vm_read(void)
{
	struct iovec mine = {piece, 16}, theirs = {(void *)(uintptr_t)0x400000, 16};
	if (process_vm_readv(target, &mine, 1, &theirs, 1, 0) >= 0)
		return report(1, 0, "read");
	return errno == EFAULT ? report(1, 0, "allowed (EFAULT)") : refused();
}

/* EBADF comes after the permission check: that descriptor is closed, others may be had. */
static int take_fd(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
	int got = 0, found = 0;
	if (pidfd < 0)
		return refused();
	for (int fd = 0; fd < 64; fd++) {
		int taken = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
		if (taken < 0 && errno != EBADF)
			return refused();
		if (taken < 0)
			continue;
		got++;
		ssize_t n = pread(taken, piece, PIECE, 0);
		if (n > 0 && contains(piece, (size_t)n))
			found = 1;
		close(taken);
	}
	return report(1, found, got ? "took descriptors" : "allowed (EBADF)");
}

/* Joins the target's namespaces: user first (that gives every capability there, until an execve), then the others.
 * Returns how many; none leaves errno. */
static int join(void)
{
	static const char *const kinds[] = {"user", "mnt", "ipc", "net"};
	char path[64];
	int fds[4], joined = 0, why = 0;
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/ns/%s", proc, kinds[i]);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			why = errno;
	}
	for (int i = 0; i < 4; i++) {
		if (fds[i] < 0)
			continue;
		/* EINVAL: the user namespace that we are already in */
		if (setns(fds[i], 0) == 0)
			joined++;
		else if (errno != EINVAL)
			why = errno;
	}
	errno = why ? why : EPERM;
	return joined;
}

static int join_and_read(const char *below)
{
	if (join() == 0)
		return refused();
	return below != NULL ? read_file(below) : report(1, 0, "joined");
}

/* With all capabilities of whoever owns the target's namespaces: what util-linux's nsenter loses when it starts umount. */
static int join_and_unmount(const char *path)
{
	if (path == NULL || join() == 0 || umount2(path, MNT_DETACH) != 0)
		return refused();
	return report(1, 0, "unmounted");
}

static _Noreturn void victim(void)
{
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

static int attempt(const char *name, const char *path)
{
	static const char *const files[] = {"environ", "maps", "stack", "syscall", "auxv"};
	char file[128];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(file, sizeof file, "%s/%s", proc, files[i]);
		if (strcmp(name, files[i]) == 0)
			return read_file(file);
	}
	if (strcmp(name, "root") == 0 || strcmp(name, "cwd") == 0 || strcmp(name, "exe") == 0)
		return follow(name, path);
	if (strcmp(name, "fd") == 0 || strcmp(name, "ns") == 0 || strcmp(name, "map_files") == 0)
		return each_link(name);
	if (strcmp(name, "mem") == 0)
		return scan_memory();
	if (strcmp(name, "ptrace") == 0)
		return seize();
	if (strcmp(name, "process_vm_readv") == 0)
		return vm_read();
	if (strcmp(name, "pidfd_getfd") == 0)
		return take_fd();
	if (strcmp(name, "nsenter") == 0)
		return join_and_read(path);
	if (strcmp(name, "unmount") == 0)
		return join_and_unmount(path);
	fprintf(stderr, "attack: no attempt is called %s\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	piece = malloc(PIECE);
	if (argc < 2 || piece == NULL)
		return 2;
	for (ssize_t n; needle_len < sizeof needle; needle_len += (size_t)n) {
		n = read(0, needle + needle_len, sizeof needle - needle_len);
		if (n <= 0)
			break;
	}
	if (strcmp(argv[1], "victim") == 0)
		victim();
	if (argc < 3 || (target = atoi(argv[2])) <= 1)
		return 2;
	snprintf(proc, sizeof proc, "/proc/%d", (int)target);
	return attempt(argv[1], argc > 3 ? argv[3] : NULL);
}
