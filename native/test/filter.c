/* The holder's system call filter: what it lets through, and what it kills the process for. A program of its own,
 * because the sanitizers need calls that the filter forbids. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holder/running.h"
#include "holder/sandbox.h"
#include "lib/arena.h"
#include "lib/base.h"
#include "lib/namespaces.h"

static void read_only(void)
{
	char text[64];
	if (!read_text("/proc/self/stat", text, sizeof text))
		_exit(1);
}

static pid_t self;

static void terminal(void)
{
	struct terminal t;
	(void)terminal_of(1, 0, &t);
	(void)terminal_of(self, 0, &t);
}

static void arenas(void)
{
	struct arena arena;
	if (!arena_create(&arena, 5000) || arena_limit() == 0)
		_exit(1);
	memset(arena.data, 1, 5000);
	arena_wipe(&arena);
}

static void heap(void)
{
	for (size_t size = 1; size < (64 << 20); size *= 4) {
		char *memory = allocate(size, 1);
		memory[size - 1] = 1;
	}
}

static void open_write(void) { (void)open("/dev/null", O_WRONLY); }
static void open_both(void) { (void)open("/dev/null", O_RDWR); }
static void open_create(void) { (void)open("/tmp/tz-filter", O_RDONLY | O_CREAT, 0600); }
static void open_truncate(void) { (void)open("/dev/null", O_RDONLY | O_TRUNC); }
static void map_code(void) { (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

static void make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void set_limit(void)
{
	struct rlimit limit = {1, 1};
	(void)setrlimit(RLIMIT_CORE, &limit);
}

static void execute(void)
{
	char *none[] = {NULL};
	(void)execve("/bin/true", none, none);
}

static void fork_away(void) { (void)fork(); }
static void make_socket(void) { (void)socket(AF_INET, SOCK_STREAM, 0); }
static void connect_out(void) { (void)connect(0, NULL, 0); }
static void trace(void) { (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static void join(void) { (void)setns(0, 0); }
static void leave(void) { (void)unshare(CLONE_NEWNS); }
static void mount_it(void) { (void)mount("x", "/nonexistent", "tmpfs", 0, NULL); } /* if it got through, nothing may be covered */
static void send_signal(void) { (void)kill(getppid(), 0); }
static void make_dumpable(void) { (void)prctl(PR_SET_DUMPABLE, 1); }
static void change_mode(void) { (void)chmod("/dev/null", 0666); }

static void read_other(void)
{
	char byte;
	struct iovec io = {&byte, 1};
	(void)process_vm_readv(getppid(), &io, 1, &io, 1, 0);
}

/* A child that runs CALL behind the filter: 0 for an end, SIGSYS for a kill, -1 for anything else. */
static int ends_with(void (*call)(void))
{
	int status;
	pid_t child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "fork");
	if (child == 0) {
		forbid_core();
		self = getpid();
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			_exit(99);
		sandbox_enter();
		call();
		syscall(SYS_exit_group, 0);
	}
	if (waitpid(child, &status, 0) != child)
		die_errno(EXIT_SYSTEM, NULL, "waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

int main(void)
{
	static const struct {
		const char *name;
		void (*call)(void);
		int wanted;
	} cases[] = {
	    {"reading a file", read_only, 0},
	    {"looking for a terminal", terminal, 0},
	    {"secret memory", arenas, 0},
	    {"the heap", heap, 0},
	    {"opening for writing", open_write, SIGSYS},
	    {"opening for both", open_both, SIGSYS},
	    {"creating a file", open_create, SIGSYS},
	    {"truncating a file", open_truncate, SIGSYS},
	    {"mapping code", map_code, SIGSYS},
	    {"making code of data", make_code, SIGSYS},
	    {"setting a limit", set_limit, SIGSYS},
	    {"execve", execute, SIGSYS},
	    {"fork", fork_away, SIGSYS},
	    {"socket", make_socket, SIGSYS},
	    {"connect", connect_out, SIGSYS},
	    {"ptrace", trace, SIGSYS},
	    {"setns", join, SIGSYS},
	    {"unshare", leave, SIGSYS},
	    {"mount", mount_it, SIGSYS},
	    {"kill", send_signal, SIGSYS},
	    {"becoming dumpable", make_dumpable, SIGSYS},
	    {"chmod", change_mode, SIGSYS},
	    {"reading another process", read_other, SIGSYS},
	};
	unsigned failed = 0, count = sizeof cases / sizeof *cases;
	for (unsigned i = 0; i < count; i++) {
		int seen = ends_with(cases[i].call);
		if (seen != cases[i].wanted) {
			failed++;
			fprintf(stderr, "%s: ended with %d, not with %d\n", cases[i].name, seen, cases[i].wanted);
		}
	}
	printf("filter   %4u checks, %u failed\n", count, failed);
	return failed > 0;
}
