#include "test/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base.h"

static unsigned checks, failures;

bool check_that(bool holds, const char *file, int line, const char *what)
{
	checks++;
	if (!holds) {
		failures++;
		fprintf(stderr, "%s:%d: %s\n", file, line, what);
	}
	return holds;
}

bool check_text(const char *seen, const char *wanted, const char *file, int line)
{
	bool same = seen && wanted ? strcmp(seen, wanted) == 0 : seen == wanted;
	char what[1024];
	snprintf(what, sizeof what, "is \"%.400s\", not \"%.400s\"", seen ? seen : "(null)", wanted ? wanted : "(null)");
	return check_that(same, file, line, what);
}

int check_exit(void (*body)(void), char *text, size_t size)
{
	int fds[2], status;
	size_t used = 0;
	if (pipe(fds) != 0)
		die_errno(EXIT_SYSTEM, NULL, "pipe");
	fflush(stdout);
	fflush(stderr);
	pid_t child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "fork");
	if (child == 0) {
		if (dup2(fds[1], STDERR_FILENO) < 0)
			_exit(99);
		close(fds[0]);
		close(fds[1]);
		body();
		_exit(0);
	}
	close(fds[1]);
	for (ssize_t n; used < size - 1 && (n = read(fds[0], text + used, size - 1 - used)) > 0;)
		used += (size_t)n;
	text[used] = '\0';
	close(fds[0]);
	if (waitpid(child, &status, 0) != child)
		die_errno(EXIT_SYSTEM, NULL, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} groups[] = {{"base", check_base},       {"wire", check_wire},       {"set", check_set},
	              {"grant", check_grant},     {"state", check_state},     {"running", check_running},
	              {"journal", check_journal}, {"arena", check_arena},     {"vectors", check_vectors},
              {"lookup", check_lookup},
    {"keep", check_keep},   {"watch", check_watch},     {"json", check_json},
	              {"layout", check_layout}};
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		unsigned before = checks, failed = failures;
		groups[i].run();
		printf("%-8s %4u checks%s\n", groups[i].name, checks - before, failures > failed ? "  FAILED" : "");
	}
	printf("%u checks, %u failed\n", checks, failures);
	return failures > 0;
}
