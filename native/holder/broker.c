#include "holder/broker.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "holder/hold.h"
#include "holder/monitor.h"
#include "lib/base.h"
#include "protocol/channel.h"

/* Answers: one of these, or the words of a failure. */
enum { ANSWER = 2048 };
static const char ready[] = "\006ready", held[] = "\006held";

bool inside_view(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	if (!file)
		die_errno(EXIT_SYSTEM, NULL, "can't read /proc/self/mountinfo");
	while (!found && getline(&line, &room, file) > 0)
		found = strstr(line, " - tmpfs tazpod ") || strstr(line, " - ramfs tazpod ");
	free(line);
	fclose(file);
	return found;
}

static socklen_t address_of(const char *name, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	size_t size = strlen(name);
	if (size == 0 || size >= BROKER_NAME)
		return 0;
	memcpy(out->sun_path + 1, name, size);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
}

static bool is_own_user(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* Up to ROOM - 1 bytes until the other side's end, and a NUL; in CARRIED a descriptor that came along (-1: none). Returns how
 * many bytes came. */
static size_t read_to_end(int fd, char *text, size_t room, int *carried)
{
	size_t used = 0;
	*carried = -1;
	for (ssize_t n; used < room - 1 && (n = channel_recv_carried(fd, text + used, room - 1 - used, carried, 0)) > 0;)
		used += (size_t)n;
	text[used] = '\0';
	return used;
}

static bool request(int fd, const char *text, size_t size)
{
	return send(fd, text, size, MSG_NOSIGNAL) == (ssize_t)size && shutdown(fd, SHUT_WR) == 0;
}

/* -1: there is no session around this process. */
static int connect_session(void)
{
	const char *name = getenv(BROKER_VARIABLE);
	struct sockaddr_un address;
	socklen_t size = name ? address_of(name, &address) : 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create a socket");
	if (size == 0 || connect(fd, (struct sockaddr *)&address, size) != 0) {
		close(fd);
		return -1;
	}
	if (!is_own_user(fd))
		die(EXIT_REFUSED, NULL, "the session's socket belongs to another user");
	channel_patience(fd, 10);
	return fd;
}

/* Asks for a holder (if there is none) and a monitor that starts Node in the current folder. The answer comes into TEXT, the
 * holder's end of the monitor into MONITOR (-1: none). False where there is no session to ask. */
static bool ask_for_both(const struct location *location, char text[ANSWER], size_t *used, int *monitor)
{
	char wanted[2 * PATH_MAX], *folder = stpcpy(wanted, location->runtime) + 1;
	int fd = connect_session();
	*monitor = -1;
	*used = 0;
	if (fd < 0)
		return false;
	if (getcwd(folder, PATH_MAX) && request(fd, wanted, (size_t)(folder - wanted) + strlen(folder)))
		*used = read_to_end(fd, text, ANSWER, monitor);
	close(fd);
	return true;
}

bool broker_ask(const struct location *location, int *monitor)
{
	char text[ANSWER];
	size_t used;
	if (!ask_for_both(location, text, &used, monitor))
		die(EXIT_LOCKED, "tazpod pull, outside of this command",
		    "locked, and it can't be unlocked from inside a command that tazpod runs");
	if (used == 0)
		die(EXIT_SYSTEM, "tazpod pull, outside of this shell", "the session around this shell does not answer");
	if (strcmp(text, ready) == 0 || strcmp(text, held) == 0)
		return strcmp(text, ready) == 0;
	die_as(EXIT_SYSTEM, text, used);
}

int broker_ask_monitor(const struct location *location)
{
	char text[ANSWER];
	size_t used;
	int monitor;
	(void)ask_for_both(location, text, &used, &monitor);
	return monitor;
}

bool broker_ask_sentinel(const struct location *location, bool suspend, bool screen, char problem[SENTINEL_WORDS])
{
	/* An empty folder, then the events: a holder's request has a folder and no more. */
	char text[PATH_MAX + 32];
	int fd = connect_session(), carried;
	snprintf(problem, SENTINEL_WORDS, "there is no session around this command");
	if (fd < 0)
		return false;
	size_t size = strlen(location->runtime);
	memcpy(text, location->runtime, size);
	memcpy(text + size, "\0", 2);
	int n = snprintf(text + size + 2, sizeof text - size - 2, "%s%s", suspend ? "suspend " : "", screen ? "screen" : "");
	size_t used = request(fd, text, size + 2 + (size_t)n) ? read_to_end(fd, problem, SENTINEL_WORDS, &carried) : 0;
	close(fd);
	return used > 0 && strcmp(problem, ready) == 0;
}

int broker_listen(char name[BROKER_NAME])
{
	uint64_t salt[2];
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || getrandom(salt, sizeof salt, 0) != sizeof salt)
		die_errno(EXIT_SYSTEM, NULL, "can't create a socket");
	snprintf(name, BROKER_NAME, "tazpod-%d-%016llx%016llx", getpid(), (unsigned long long)salt[0],
	         (unsigned long long)salt[1]);
	socklen_t size = address_of(name, &address);
	if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 16) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't listen for this session");
	return fd;
}

/* A holder, if there is none, and a monitor that starts Node in FOLDER; its own look at the folder decides whether it may. A
 * monitor that no holder takes ends when the one who asked closes its end. */
static void start_both(int fd, const struct location *location, const char *folder)
{
	int pair[2] = {-1, -1};
	bool started = holder_launch(location);
	if (chdir(folder) == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0)
		monitor_start(location, pair[1]);
	const char *answer = started ? ready : held;
	channel_send_carrying(fd, answer, strlen(answer), pair[0]);
}

/* Only for a runtime folder that we would have named ourselves: who asks chooses the project, nothing else. */
static void serve(int fd)
{
	char wanted[2 * PATH_MAX];
	struct location location;
	int carried;
	if (!is_own_user(fd))
		return;
	channel_patience(fd, 2);
	size_t used = read_to_end(fd, wanted, sizeof wanted, &carried);
	errors_to(fd, ERRORS_FOR_NATIVE);
	const char *slash = strrchr(wanted, '/'), *folder = wanted + strlen(wanted) + 1;
	if (!location_of_id(&location, slash ? slash + 1 : "") || strcmp(location.runtime, wanted) != 0)
		die(EXIT_REFUSED, "echo $XDG_RUNTIME_DIR", "the session keeps its runtime folder elsewhere");
	if (folder >= wanted + used)
		return;
	if (*folder) {
		start_both(fd, &location, folder);
		return;
	}
	char problem[SENTINEL_WORDS];
	bool listens = sentinel_start(&location, strstr(folder + 1, "suspend") != NULL, strstr(folder + 1, "screen") != NULL, problem);
	(void)write_all(fd, listens ? ready : problem, strlen(listens ? ready : problem));
}

void broker_answer(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	if (fork() == 0) {
		sigset_t none; /* the session's parent takes its signals through a descriptor; a holder does not */
		sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		serve(fd);
		_exit(0);
	}
	close(fd);
}
