#include "holder/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#else
#define ARCH AUDIT_ARCH_AARCH64
#endif

/* Calls that are allowed while none of these bits is set in one argument. */
static const struct {
	int call;
	unsigned argument;
	uint32_t bits;
} masked[] = {
    {SYS_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC}, /* the files that it writes are open already */
    {SYS_mmap, 2, PROT_EXEC},
    {SYS_prlimit64, 2, ~0u}, /* reads a limit, sets none */
};

/* What serving needs besides. No execve, no socket, no mount, no ptrace, no process_vm_*, no setns, no clone. */
static const int allowed[] = {
    SYS_read, SYS_write, SYS_close, SYS_recvmsg, SYS_sendmsg, SYS_recvfrom, SYS_sendto, SYS_accept4, SYS_getsockopt,
    SYS_epoll_ctl, SYS_epoll_pwait, SYS_timerfd_settime, SYS_clock_gettime,
    /* memory: the arena of a new set, and malloc */
    SYS_memfd_secret, SYS_ftruncate, SYS_munmap, SYS_mremap, SYS_mlock, SYS_madvise, SYS_brk,
    SYS_getrandom, SYS_sysinfo /* glibc's qsort asks for the size of memory */,
    /* running commands and terminals: /proc/PID/stat; wiping `work` */
    SYS_pidfd_open, SYS_getdents64, SYS_newfstatat, SYS_fstat, SYS_fcntl, SYS_lseek, SYS_unlinkat, SYS_dup3,
    SYS_statfs, SYS_inotify_add_watch, SYS_inotify_rm_watch /* the watch over its own folder and the project's */,
    SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall,
#if defined(__x86_64__)
    SYS_epoll_wait, SYS_dup2,
#endif
};

void sandbox_enter(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(TAZPOD_SANITIZED)
	return; /* the sanitizers' runtime needs calls of its own; never in the product */
#endif
	enum { COUNT = sizeof allowed / sizeof *allowed, MASKED = sizeof masked / sizeof *masked };
	const struct sock_filter kill = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_filter code[4 + MASKED * 5 + COUNT + 2];
	size_t n = 0;
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	code[n++] = kill;
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < MASKED; i++) {
		/* the lower half (both machines are little endian), which is all that the flags have */
		unsigned argument = (unsigned)(offsetof(struct seccomp_data, args) + masked[i].argument * sizeof(uint64_t));
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)masked[i].call, 0, 4);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, masked[i].bits, 0, 1);
		code[n++] = kill;
		code[n++] = allow;
	}
	for (size_t i = 0; i < COUNT; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i],
		                                         (unsigned char)(COUNT - i), 0);
	code[n++] = kill;
	code[n++] = allow;
	struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		die_errno(EXIT_SYSTEM, "tazpod doctor", "can't set the holder's system call filter");
}

static bool copy_file(int from_dir, const char *name, const char *to)
{
	static char data[1 << 20];
	char path[PATH_MAX];
	struct stat st;
	int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (from < 0)
		return false; /* not readable to us: not to ssh either */
	if (fstat(from, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)sizeof data) {
		close(from);
		return false;
	}
	size_t size = (size_t)st.st_size;
	bool whole = read_all(from, data, size);
	close(from);
	format_into(path, sizeof path, "%s/%s", to, name);
	int copy = whole ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	if (copy < 0)
		return false;
	whole = write_all(copy, data, size);
	close(copy);
	return whole;
}

bool copy_config_folder(const char *from, const char *to)
{
	int copied = 0;
	int fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		return false;
	if (mkdir(to, 0700) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create %.400s", to);
	struct dirent *entry;
	while ((entry = readdir(dir)) && copied < 64)
		if (entry->d_name[0] != '.' && copy_file(fd, entry->d_name, to))
			copied++;
	closedir(dir);
	return true;
}

void remove_tree(int dir, int depth)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;
	if (!list || depth > 64)
		return;
	while ((entry = readdir(list))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dir, entry->d_name, 0) == 0)
			continue;
		int below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			continue;
		remove_tree(below, depth + 1);
		close(below);
		(void)unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	}
	closedir(list);
}
