#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/enter.h"
#include "client/git.h"
#include "client/outer.h"
#include "client/renew.h"
#include "client/terraform.h"
#include "lib/base.h"
#include "lib/figures.h"
#include "lib/namespaces.h"
#include "lib/node.h"
#include "lib/process.h"
#include "protocol/channel.h"
#include "protocol/set.h"

struct options {
	const char *only[WIRE_MAX_ONLY];
	uint16_t only_count;
	bool non_interactive;
	bool force; /* also with a log that would hold what is granted */
	int passphrase_fd;
	char **command;
};

static bool add_only(struct options *o, const char *name)
{
	if (o->only_count == WIRE_MAX_ONLY || strlen(name) > SET_MAX_PATH || !*name)
		return false;
	o->only[o->only_count++] = name;
	return true;
}

/* False: Node answers (help, --explain, usage errors, flags that this file does not know). */
static bool parse(int argc, char **argv, struct options *o)
{
	unsigned long fd;
	*o = (struct options){.passphrase_fd = -1};
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			o->command = argv + i + 1;
			return o->command[0] != NULL;
		}
		if (argv[i][0] != '-') {
			o->command = argv + i;
			return true;
		}
		if (strcmp(argv[i], "--non-interactive") == 0) {
			o->non_interactive = true;
		} else if (strcmp(argv[i], "--force") == 0) {
			o->force = true;
		} else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
			if (!add_only(o, argv[++i]))
				return false;
		} else if (strncmp(argv[i], "--only=", 7) == 0) {
			if (!add_only(o, argv[i] + 7))
				return false;
		} else if (strcmp(argv[i], "--passphrase-fd") == 0 && i + 1 < argc && parse_number(argv[i + 1], 1 << 20, &fd)) {
			o->passphrase_fd = (int)fd;
			i++;
		} else if (strncmp(argv[i], "--passphrase-fd=", 16) == 0 && parse_number(argv[i] + 16, 1 << 20, &fd)) {
			o->passphrase_fd = (int)fd;
		} else {
			return false;
		}
	}
	return false;
}

static bool is_program(const char *path, int *error)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			*error = errno;
		return false;
	}
	if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0) {
		*error = S_ISREG(st.st_mode) ? EACCES : EISDIR;
		return false;
	}
	return true;
}

/* As execvp(3), but before anything is asked for: a command that does not exist gets no secret. */
static void find_program(const char *name, char out[PATH_MAX])
{
	int error = ENOENT;
	if (strchr(name, '/')) {
		format_into(out, PATH_MAX, "%s", name);
		if (is_program(out, &error))
			return;
	} else if (*name) {
		const char *path = getenv("PATH");
		if (!path)
			path = "/bin:/usr/bin";
		for (;;) {
			size_t n = strcspn(path, ":");
			int length = snprintf(out, PATH_MAX, "%.*s%s%s", (int)n, path, n ? "/" : "./", name);
			if (length > 0 && length < PATH_MAX && is_program(out, &error))
				return;
			if (!path[n])
				break;
			path += n + 1;
		}
	}
	if (error == ENOENT)
		die(EXIT_NOT_FOUND, NULL, "%.400s: command not found", name);
	errno = error;
	die_errno(EXIT_NOT_EXECUTABLE, NULL, "%.400s can't be executed", name);
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* By this name a command is granted, and people know it. */
static const char *name_of(const char *command)
{
	const char *slash = strrchr(command, '/');
	return slash ? slash + 1 : command;
}

static void send_request(int fd, const struct location *location, const struct options *o)
{
	struct writer w = {0};
	const char *base = name_of(o->command[0]);
	size_t length = strlen(base);
	if (length > WIRE_MAX_NAME)
		die(EXIT_USAGE, NULL, "the command's name is longer than %d bytes", WIRE_MAX_NAME);
	frame_begin(&w);
	put_u8(&w, location->has_config);
	put_config_id(&w, &location->config);
	put_str(&w, base, length);
	put_u16(&w, o->only_count);
	for (uint16_t i = 0; i < o->only_count; i++)
		put_str(&w, o->only[i], strlen(o->only[i]));
	frame_finish(&w, FRAME_EXEC);
	channel_send(fd, w.data, w.used);
	writer_free(&w);
}

/* Asks until the holder grants. Locked or stale: Node unlocks once; after that every refusal is final. */
static int request_grant(struct location *location, const struct options *o, struct reply *reply)
{
	char message[512];
	unsigned overdue = 0;
	for (bool unlocked = false;;) {
		bool ask = !o->non_interactive && has_terminal();
		int fd = channel_connect(location);
		if (fd >= 0) {
			send_request(fd, location, o);
			channel_receive(fd, reply);
			if (reply->frame.type == FRAME_GRANT)
				return fd;
			close(fd);
			enum wire_error code = reply->frame.type == FRAME_ERROR ? reply_error(reply, message) : ERROR_BAD;
			if (code == ERROR_OVERDUE && overdue < 3) { /* the holder says it once a minute at most */
				if (overdue++ == 0)
					renew_now(location); /* whether it worked or not: what is held then is what the command gets */
				continue;
			}
			bool final = code != ERROR_STALE && code != ERROR_EMPTY && !(code == ERROR_DENIED && ask);
			if (unlocked || final)
				die_reply(reply);
		} else if (unlocked || (!ask && o->passphrase_fd < 0)) {
			die(EXIT_LOCKED, "tazpod pull", "locked, and nobody can be asked for the passphrase");
		}
		node_unlock(ask, o->passphrase_fd);
		unlocked = true;
		location_find(location); /* the config may be another one now */
	}
}

/* No way back to power, to the user's session keyring (KEYCTL_JOIN_SESSION_KEYRING(3)), or to a core file. */
static void drop_power(bool privileged)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 && errno != ENOSYS && errno != EDQUOT)
		die_errno(EXIT_SYSTEM, NULL, "can't leave the session keyring");
	/* Root keeps what it had: the command would break without, and root is not kept out. The bounding set stays: with
	 * an empty one execve of a program with effective file capabilities (Debian's ping) is EPERM (capabilities(7),
	 * "Safety checking for capability-dumb binaries"). no_new_privs below is what keeps it from gaining any. */
	if (!privileged)
		clear_capabilities();
	forbid_core();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set no_new_privs");
}

static _Noreturn void become(const char *program, char **argv)
{
	execve(program, argv, environ);
	if (errno == ENOEXEC) { /* a script without #!: as execvp(3) */
		size_t argc = 0;
		while (argv[argc])
			argc++;
		char **args = allocate(argc + 2, sizeof *args);
		args[0] = (char *)(uintptr_t)"sh";
		args[1] = (char *)(uintptr_t)program;
		for (size_t i = 1; i <= argc; i++)
			args[i + 1] = argv[i];
		execve("/bin/sh", args, environ);
	}
	if (errno == E2BIG)
		die_errno(EXIT_NOT_EXECUTABLE, NULL,
		          "%.400s: the environment is too large (a value over 128 KiB can't travel in it: deliver it as a file)",
		          program);
	die_errno(EXIT_NOT_EXECUTABLE, NULL, "%.400s can't be executed", program);
}

/* Between the grant and the values stands the header of their DATA frame. */
static void expect_values(int fd, const struct grant *grant)
{
	struct reply values;
	uint64_t total = 0;
	for (uint32_t i = 0; i < grant->count; i++)
		total += grant->ops[i].type == RECORD_ENV ? 0 : grant->ops[i].size;
	channel_receive(fd, &values);
	if (values.frame.type != FRAME_DATA || values.frame.length != total)
		die(EXIT_BUG, "tazpod lock && tazpod pull", "the holder's values don't fit its grant; nothing was started");
}

/* Whoever gets a token that is about to end learns it from us, not from the server that refuses it. */
static void warn_of_end(const struct grant *grant, const char *command)
{
	enum { SOON_S = 300 };
	char left[FIGURE_ROOM];
	const char *name = name_of(command), *why = grant->renewal == RENEWAL_FAILED ? ", and could not be renewed" : "";
	if (grant->left_s == 0)
		warn("tazpod pull", "the session token that %.200s gets has ended%s", name, why);
	else if (grant->left_s < SOON_S && grant->renewal != RENEWAL_IN_TIME)
		warn("tazpod pull", "the session token that %.200s gets ends in %s%s", name,
		     format_span((uint64_t)grant->left_s * 1000, left), why);
}

/* tazpod exec: asks the holder, builds the view, becomes the command. */
int verb_exec(int argc, char **argv)
{
	struct options options;
	struct location location;
	struct reply reply;
	struct grant grant;
	struct after after;
	char program[PATH_MAX];
	if (!parse(argc, argv, &options))
		node_become(argv - 1);
	mode_t mask = umask(077);
	find_program(options.command[0], program);
	location_find(&location);
	if (location.misnamed[0]) /* without its rules every command would get every secret */
		die(EXIT_DATA, "mv tazpod.yml tazpod.yaml && tazpod trust",
		    "%.400s/tazpod.yml is not read: a project file is called tazpod.yaml", location.misnamed);
	int fd = request_grant(&location, &options, &reply);
	if (!grant_parse(&grant, reply.body, reply.frame.length))
		die(EXIT_BUG, "tazpod lock && tazpod pull", "the holder's grant can't be read");
	warn_of_end(&grant, options.command[0]);
	if (!options.force)
		terraform_refuse_log(name_of(options.command[0]), &grant);
	git_refuse_exposed(&grant);
	int outer = outer_open();
	int view = view_build(&location, &grant, reply.fds, reply.fd_count);
	process_close(); /* the values arrive */
	outer_restore(outer); /* the inner command gets its own grants, not leftovers */
	if (setenv("TAZPOD_GHOST", location.ghost, 1) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set TAZPOD_GHOST");
	expect_values(fd, &grant);
	view_fill(&location, &grant, view, fd, &after);
	close(fd);
	if (options.passphrase_fd > 2)
		close(options.passphrase_fd);
	drop_power(reply.fd_count == 1);
	umask(grant.umask == UMASK_KEEP ? mask : grant.umask);
	after_split(&after, name_of(options.command[0]));
	become(program, options.command);
}
