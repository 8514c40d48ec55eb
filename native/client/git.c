#include "client/git.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/enter.h"
#include "lib/base.h"
#include "lib/process.h"
#include "protocol/set.h"

enum { MAX_ATTRIBUTES = 1 << 20 };

/* The folder above TARGET that holds .git; false where none does. */
static bool find_top(const char *target, char top[PATH_MAX])
{
	char git[PATH_MAX + 8];
	struct stat st;
	format_into(top, PATH_MAX, "%s", target);
	for (char *slash; (slash = strrchr(top, '/')) != NULL;) {
		*slash = '\0';
		format_into(git, sizeof git, "%s/.git", top);
		if (lstat(git, &st) == 0)
			return true;
	}
	return false;
}

/* Variables such as GIT_DIR of the caller would name another repository than the folder's. */
static void forget_repository(void)
{
	char name[256];
	for (char **e = environ; *e;) {
		size_t n = strcspn(*e, "=");
		bool ours = strncmp(*e, "GIT_", 4) == 0 && n < sizeof name;
		if (ours) {
			memcpy(name, *e, n);
			name[n] = '\0';
		}
		e = ours && unsetenv(name) == 0 ? environ : e + 1;
	}
}

/* What `git check-ignore` ends with for the file NAME of FOLDER: 0 ignored and not tracked, 1 not; else no answer. */
static int check_ignore(const char *folder, const char *name)
{
	char literal[SET_MAX_PATH + 3]; /* a colon at the start would be magic (gitglossary(7), pathspec) */
	format_into(literal, sizeof literal, "./%s", name);
	pid_t child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't fork");
	if (child == 0) {
		/* A repository may name programs to run in its own configuration. */
		const char *const args[] = {"git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
		                            "check-ignore", "-q", "--", literal, NULL};
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		forget_repository();
		if (null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2 && chdir(folder) == 0)
			execvp("git", (char **)(uintptr_t)args);
		_exit(127);
	}
	int status = process_reap(child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

void git_refuse_exposed(const struct grant *grant)
{
	char path[SET_MAX_PATH + 1], top[PATH_MAX];
	for (uint32_t i = 0; i < grant->count; i++) {
		const struct grant_op *op = &grant->ops[i];
		if (op->type != RECORD_BIND)
			continue;
		str_copy(path, sizeof path, op->a);
		if (!find_top(path, top))
			continue;
		char *slash = strrchr(path, '/');
		*slash = '\0';
		if (check_ignore(path, slash + 1) == 1)
			die(EXIT_REFUSED, "tazpod trust   (says what git knows of it)",
			    "%.400s/%.200s is tracked by git, or no rule ignores it: a commit inside this command would store its "
			    "values; nothing was started",
			    path, slash + 1);
	}
}

/* BASE and PATH as one path, where PATH is relative. */
static void under(char out[PATH_MAX], const char *base, const char *path)
{
	if (*path == '/')
		format_into(out, PATH_MAX, "%s", path);
	else
		format_into(out, PATH_MAX, "%s/%s", base, path);
}

/* The folder that holds info/: .git itself, or where the file .git of a worktree or submodule leads
 * (gitrepository-layout(5), "commondir"). */
static bool find_git_folder(const char *top, char folder[PATH_MAX])
{
	char git[PATH_MAX], text[PATH_MAX], common[PATH_MAX];
	struct stat st;
	under(folder, top, ".git");
	if (stat(folder, &st) != 0)
		return false;
	if (S_ISDIR(st.st_mode))
		return true;
	if (!read_text(folder, text, sizeof text) || strncmp(text, "gitdir: ", 8) != 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	under(git, top, text + 8);
	under(common, git, "commondir");
	if (!read_text(common, text, sizeof text)) {
		format_into(folder, PATH_MAX, "%s", git);
		return true;
	}
	text[strcspn(text, "\n")] = '\0';
	under(folder, git, text);
	return true;
}

/* The file info/attributes below FOLDER, made empty where it is not there; -1: it can't be had. */
static int open_attributes(const char *folder, char path[PATH_MAX])
{
	struct stat st;
	under(path, folder, "info");
	(void)mkdir(path, 0755);
	under(path, folder, "info/attributes");
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0)
			(void)fchmod(fd, 0644); /* whatever our umask: a repository may be shared */
	}
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_ATTRIBUTES)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A line that names RELATIVE literally: glob characters behind a backslash, the whole in C's quotes. An encoding that
 * nobody knows is fatal for everything that would store the file, and says by its name who holds it. */
static void put_line(struct writer *w, const char *relative)
{
	char octal[5];
	put_raw(w, "\n\"/", 3);
	for (const char *at = relative; *at; at++) {
		if (strchr("*?[\\", *at))
			put_raw(w, "\\\\", 2);
		if (*at == '"' || *at == '\\') {
			put_raw(w, "\\", 1);
			put_raw(w, at, 1);
		} else if ((unsigned char)*at < 0x20) {
			int n = snprintf(octal, sizeof octal, "\\%03o", (unsigned)*at);
			put_raw(w, octal, (size_t)n);
		} else {
			put_raw(w, at, 1);
		}
	}
	const char end[] = "\" working-tree-encoding=a-secret-of-tazpod\n";
	put_raw(w, end, sizeof end - 1);
}

void git_hide(int binds, const char *name, const char *target)
{
	char top[PATH_MAX], folder[PATH_MAX], path[PATH_MAX], chunk[4096];
	struct writer w = {0};
	ssize_t n;
	if (!find_top(target, top) || !find_git_folder(top, folder))
		return;
	int fd = open_attributes(folder, path);
	if (fd < 0)
		return; /* a repository that can't be written to stores nothing either */
	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		put_raw(&w, chunk, (size_t)n);
	close(fd);
	put_line(&w, target + strlen(top) + 1);
	int made = view_create(binds, name, 0644);
	if (n < 0 || !write_all(made, w.data, w.used))
		die_errno(EXIT_SYSTEM, NULL, "can't write git's attributes into the command's view");
	close(made);
	writer_free(&w);
	view_cover(binds, name, path);
}
