#include "client/after.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/node.h"
#include "lib/process.h"
#include "protocol/set.h"

#define KEEP_IT "writeback: true beside it in tazpod.yaml keeps such a change"

static pid_t command; /* for the handler */

/* The content of a file in the view, with one byte of room behind it; NULL where it is not there or over 1 MiB. */
static uint8_t *read_file(int view, const char *path, size_t *size)
{
	struct stat st;
	int fd = openat(view, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint8_t *bytes = NULL;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t)SET_MAX_VALUE) {
		*size = (size_t)st.st_size;
		bytes = allocate(*size + 1, 1);
		(void)mlock(bytes, *size + 1); /* best effort: the view itself is not locked either */
		(void)madvise(bytes, *size + 1, MADV_DONTDUMP);
		if (!read_all(fd, bytes, *size)) {
			explicit_bzero(bytes, *size);
			free(bytes);
			bytes = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

static void wipe(uint8_t *bytes, size_t size)
{
	if (bytes)
		explicit_bzero(bytes, size);
	free(bytes);
}

void after_note(struct after *a, const struct grant *grant, int view)
{
	*a = (struct after){.view = -1, .files = allocate(grant->count, sizeof *a->files), .watched = isatty(STDERR_FILENO)};
	for (uint32_t i = 0; i < grant->count; i++) {
		const struct grant_op *op = &grant->ops[i];
		struct after_file *f = &a->files[a->count];
		struct stat st;
		if (op->type != RECORD_FILE)
			continue;
		*f = (struct after_file){.mode = op->mode};
		str_copy(f->dir, sizeof f->dir, op->a);
		str_copy(f->path, sizeof f->path - WIRE_MAX_NAME - 1, op->a);
		strcat(f->path, "/");
		str_copy(f->path + strlen(f->path), WIRE_MAX_NAME + 1, op->b);
		if (fstatat(view, f->path, &st, AT_SYMLINK_NOFOLLOW) != 0)
			die_errno(EXIT_SYSTEM, NULL, "can't look at a file of the command's view");
		f->ino = st.st_ino;
		f->ctime = st.st_ctim;
		bool kept = op->mode & (MODE_WRITEBACK | MODE_TO_VAULT);
		if (kept || a->watched)
			f->given = read_file(view, f->path, &f->size);
		a->writeback = a->writeback || (kept && f->given);
		a->count++;
	}
	if (a->count > 0)
		a->view = fcntl(view, F_DUPFD_CLOEXEC, 3);
}

/* Written to, or another file in its place: the quick look. What is gone is no change: there is nothing to keep. */
static bool touched(const struct after *a, const struct after_file *f)
{
	struct stat st;
	return fstatat(a->view, f->path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_ino != f->ino || st.st_ctim.tv_sec != f->ctime.tv_sec || st.st_ctim.tv_nsec != f->ctime.tv_nsec);
}

/* Without a word: the signal was meant for the command. */
static void pass_on(int number)
{
	int error = errno;
	(void)kill(command, number);
	errno = error;
}

static int wait_for_command(void)
{
	static const int passed[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, pass = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
	/* The keys of the terminal reach the command too, in the same process group; as system(3). */
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGQUIT, &ignore, NULL);
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		sigaction(passed[i], &pass, NULL);
	return process_reap(command);
}

/* To Node: u32 size of what was given, that, and what it is now. Its words are for the person; its exit code is nobody's. */
static void hand_over(const struct after_file *f, const uint8_t *now, size_t size, const char *name)
{
	char *argv[] = {(char *)(uintptr_t)"pull", (char *)(uintptr_t)"--for-writeback", (char *)(uintptr_t)f->dir,
	                (char *)(uintptr_t)"--for-command", (char *)(uintptr_t)name, NULL};
	const uint8_t length[] = {(uint8_t)f->size, (uint8_t)(f->size >> 8), (uint8_t)(f->size >> 16), (uint8_t)(f->size >> 24)};
	int pipe_fds[2];
	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't write %s back", f->dir);
	pid_t child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't write %s back", f->dir);
	if (child == 0) {
		(void)signal(SIGPIPE, SIG_DFL);
		if (dup2(pipe_fds[0], STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
			_exit(EXIT_SYSTEM);
		node_become(argv);
	}
	close(pipe_fds[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)(write_all(pipe_fds[1], length, sizeof length) && write_all(pipe_fds[1], f->given, f->size) &&
	       write_all(pipe_fds[1], now, size));
	close(pipe_fds[1]);
	(void)process_reap(child);
}

/* What the file is now, where that is another content than the command was given; else NULL. PLAIN: false where it is no
 * plain file of at most 1 MiB any more. talosctl writes its file anew with the same content. */
static uint8_t *changed(const struct after *a, const struct after_file *f, size_t *size, bool *plain)
{
	*plain = true;
	if (!f->given || !touched(a, f))
		return NULL;
	uint8_t *now = read_file(a->view, f->path, size);
	*plain = now != NULL;
	if (!now || *size != f->size || memcmp(now, f->given, *size) != 0)
		return now;
	wipe(now, *size);
	return NULL;
}

static void say_dropped(const char *name, const char *file, const char *next)
{
	warn(next, "%.200s changed its copy of %s, and the change was dropped", name, file);
}

/* What the command has ended with: kept where it may be, else said to be dropped. */
static void settle(const struct after *a, const char *name)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct after_file *f = &a->files[i];
		size_t size = 0;
		bool plain, kept = f->mode & (MODE_WRITEBACK | MODE_TO_VAULT);
		uint8_t *now = changed(a, f, &size, &plain);
		if (now && kept)
			hand_over(f, now, size, name);
		else if (now || !plain)
			say_dropped(name, f->dir, kept ? "a plain file of at most 1 MiB can be kept" : KEEP_IT);
		wipe(now, size);
	}
	for (size_t i = 0; i < a->count; i++)
		wipe(a->files[i].given, a->files[i].size);
}

/* Never returns: this process ends as the command did. */
static _Noreturn void stay(const struct after *a, const char *name)
{
	int status = wait_for_command();
	settle(a, name);
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
		exit(128 + WTERMSIG(status));
	}
	exit(WEXITSTATUS(status));
}

/* Beside the command, nobody's child, holding only the view and the terminal's stderr. */
static _Noreturn void look_on(const struct after *a, const char *name, int pidfd)
{
	if (process_ended(pidfd, -1))
		settle(a, name);
	_exit(0);
}

void after_split(struct after *a, const char *name)
{
	if (a->count == 0)
		return;
	if (a->writeback) {
		command = fork();
		if (command < 0)
			die_errno(EXIT_SYSTEM, NULL, "can't fork");
		if (command > 0)
			stay(a, name);
		return;
	}
	if (!a->watched)
		return;
	int pidfd = process_handle(getpid());
	pid_t child = pidfd < 0 ? -1 : fork();
	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		/* Whoever reads from a pipe of the command waits for its end, not for ours. */
		int view = fcntl(a->view, F_DUPFD_CLOEXEC, 10), end = fcntl(pidfd, F_DUPFD_CLOEXEC, 10);
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (view < 0 || end < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(view, 3) < 0 ||
		    dup2(end, 4) < 0 || close_range(5, ~0u, 0) != 0 || chdir("/") != 0)
			_exit(0);
		a->view = 3;
		static const int ignored[] = {SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGTERM};
		for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
			(void)signal(ignored[i], SIG_IGN);
		look_on(a, name, 4);
	}
	if (child > 0)
		(void)process_reap(child);
	if (pidfd >= 0)
		close(pidfd);
}
