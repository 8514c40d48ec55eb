#include "holder/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holder/journal.h"
#include "holder/sandbox.h"
#include "holder/serve.h"
#include "lib/base.h"
#include "lib/namespaces.h"
#include "lib/process.h"
#include "protocol/channel.h"
#include "verbs.h"

/* Its own exit code: another holder has the lock, which may be about to listen. */
enum { EXIT_HELD = 113 };

/* Runs in the child: a fresh program image, exec'd in the initial user namespace, so that its memory belongs there
 * for ever and no process of the user may look at it once its dumpable flag is off (ptrace(2), "access mode"). */
static _Noreturn void start_holder(const struct location *location, int messages, int journal)
{
	char self[PATH_MAX], fd_text[16];
	char *argv[] = {(char *)(uintptr_t)"tazpod", (char *)(uintptr_t)"ghost", (char *)(uintptr_t)"hold",
	                (char *)(uintptr_t)location->runtime, fd_text, NULL};
	char *environment[] = {NULL};
	snprintf(fd_text, sizeof fd_text, "%d", journal);
	errors_to(STDERR_FILENO, ERRORS_FOR_NATIVE);
	if (!program_path(self))
		_exit(EXIT_SYSTEM);
	int null = open("/dev/null", O_RDWR);
	if (setsid() < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(messages, STDERR_FILENO) < 0)
		_exit(EXIT_SYSTEM);
	execve(self, argv, environment);
	die_errno(EXIT_SYSTEM, NULL, "can't start the holder (%.300s)", self);
}

bool holder_launch(const struct location *location)
{
	int pipe_fds[2];
	char text[2048];
	size_t used = 0;
	close(location_create(location));
	int journal = journal_open();
	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create a pipe");
	pid_t child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't fork");
	if (child == 0)
		start_holder(location, pipe_fds[1], journal);
	close(pipe_fds[1]);
	close(journal);
	while (used < sizeof text - 1) {
		ssize_t n = read(pipe_fds[0], text + used, sizeof text - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
		if (text[0] == 'r') {
			close(pipe_fds[0]);
			return true;
		}
	}
	close(pipe_fds[0]);
	int status = process_reap(child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_HELD)
		return false;
	if (used == 0)
		die(EXIT_SYSTEM, "tazpod doctor", "the holder did not start (status %d)", status);
	die_as(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SYSTEM, text, used);
}

static void close_inherited(int journal)
{
	if (journal > 3 && close_range(3, (unsigned)journal - 1, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "close_range");
	if (close_range((unsigned)journal + 1, ~0u, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "close_range");
}

static void raise_limits(void)
{
	static const int which[] = {RLIMIT_NOFILE, RLIMIT_MEMLOCK};
	for (size_t i = 0; i < sizeof which / sizeof *which; i++) {
		struct rlimit limit;
		if (getrlimit((unsigned)which[i], &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
			limit.rlim_cur = limit.rlim_max;
			(void)setrlimit((unsigned)which[i], &limit); /* what is too little is reported when it is used up */
		}
	}
}

/* In a user namespace that maps only us, root's files show uid 65534, and OpenSSH refuses an included config file of
 * another owner ("Bad owner or permissions"). Copies of ours cover the folders that distributions include from, an
 * empty one too: a package may put a file there while we are unlocked. */
static void cover_ssh_config(const char *ghost)
{
	static const char *const folders[] = {"/etc/ssh/ssh_config.d", "/usr/etc/ssh/ssh_config.d" /* SUSE */,
	                                      "/etc/crypto-policies/back-ends" /* Fedora */};
	char copy[PATH_MAX];
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		format_into(copy, sizeof copy, "%s/.ssh%zu", ghost, i);
		if (copy_config_folder(folders[i], copy) && mount(copy, folders[i], NULL, MS_BIND, NULL) != 0)
			die_no_mount("can't cover %s inside the holder's view", folders[i]);
	}
}

/* The holder's own mounts hold no secret: only `work`, the folder that the commands of one unlock share. */
static int build_base(const char *ghost, bool privileged)
{
	char work[PATH_MAX];
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
		die_no_mount("can't separate the holder's mounts");
	int backing = mount_memory(ghost, privileged);
	format_into(work, sizeof work, "%s/work", ghost);
	if (mkdir(work, 0700) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create %.400s", work);
	if (!privileged)
		cover_ssh_config(ghost);
	return backing;
}

static int open_checked(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't open %.400s", path);
	return fd;
}

static int terminate_fd(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGHUP, SIG_IGN) == SIG_ERR ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    /* ignored by whoever started us, they would never arrive */
	    signal(SIGTERM, SIG_DFL) == SIG_ERR || signal(SIGINT, SIG_DFL) == SIG_ERR)
		die_errno(EXIT_SYSTEM, NULL, "can't set up signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "signalfd");
	return fd;
}

/* `tazpod ghost hold RUNTIME JOURNAL_FD`: what holder_launch starts. Says "r" on stderr when it is ready. */
int verb_hold(int argc, char **argv)
{
	char path[PATH_MAX];
	unsigned long journal;
	struct holder *holder = allocate(1, sizeof *holder);
	errors_to(STDERR_FILENO, ERRORS_FOR_NATIVE); /* to holder_launch */
	/* First of all: nobody looks in, and a crash leaves no core. */
	process_close();
	forbid_core();
	umask(077);
	if (argc != 2 || !parse_number(argv[1], 1 << 20, &journal) || journal < 3)
		die(EXIT_USAGE, NULL, "the holder is started by tazpod pull");
	close_inherited((int)journal);
	raise_limits();
	holder->uid = geteuid();
	holder->journal = (int)journal;
	holder->runtime = open_checked(argv[0], O_PATH | O_DIRECTORY | O_NOFOLLOW);
	format_into(path, sizeof path, "%s/lock", argv[0]);
	int lock = open_checked(path, O_RDWR | O_CREAT | O_NOFOLLOW);
	if (flock(lock, LOCK_EX | LOCK_NB) != 0) /* kept by the descriptor until this process ends, however it ends */
		_exit(EXIT_HELD);
	if (fcntl(holder->journal, F_SETFD, FD_CLOEXEC) != 0 || chdir("/") != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set up the holder");
	const int apart = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET;
	holder->privileged = geteuid() == 0 && unshare(apart) == 0;
	if (!holder->privileged) {
		join_new_user_namespace();
		if (unshare(apart) != 0)
			die_no_namespaces("can't create the holder's namespaces");
	}
	format_into(path, sizeof path, "%s/ghost", argv[0]);
	holder->backing = (uint8_t)build_base(path, holder->privileged);
	strcat(path, "/work");
	holder->work = open_checked(path, O_RDONLY | O_DIRECTORY);
	holder->namespaces[0] = open_checked(holder->privileged ? "/proc/self/ns/mnt" : "/proc/self/ns/user", O_RDONLY);
	holder->namespaces[1] = holder->privileged ? -1 : open_checked("/proc/self/ns/mnt", O_RDONLY);
	holder->terminate = terminate_fd();
	holder->listener = channel_listen(holder->runtime);
	if (holder->listener < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't listen in %.400s", argv[0]);
	serve_prepare(holder);
	vigil_prepare(holder, argv[0]);
	drop_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set no_new_privs");
	process_close(); /* again: a change of credentials sets it to fs.suid_dumpable (proc(5)), and the maps needed it on */
	sandbox_enter();
	if (!write_all(STDERR_FILENO, "r", 1) || dup2(STDIN_FILENO, STDERR_FILENO) < 0)
		return EXIT_SYSTEM;
	serve(holder);
	return 0;
}
