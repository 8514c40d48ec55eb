#include "client/holders.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/process.h"

/* YOUNG_S: a holder without a set ends after 10 s (serve.c), so an older one that nobody reaches is lost. */
enum { MOST = 1024, YOUNG_S = 10, TERM_MS = 3000, KILL_MS = 1000 };

/* Its arguments are "tazpod\0ghost\0hold\0RUNTIME\0FD\0" (hold.c). RUNTIME into OUT. */
static bool is_holder(const char *pid, char out[PATH_MAX])
{
	static const char start[] = "tazpod\0ghost\0hold";
	char path[64], text[PATH_MAX + 64];
	snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= (ssize_t)sizeof start || memcmp(text, start, sizeof start) != 0)
		return false;
	text[n] = '\0';
	const char *runtime = text + sizeof start;
	if (runtime[0] != '/' || strlen(runtime) >= PATH_MAX)
		return false;
	strcpy(out, runtime);
	return true;
}

/* /proc/PID of a process that nobody may look into belongs to root: its status says whose it is. */
static bool is_mine(const char *pid)
{
	char path[64], text[4096];
	snprintf(path, sizeof path, "/proc/%.20s/status", pid);
	if (!read_text(path, text, sizeof text))
		return false;
	const char *line = strstr(text, "\nUid:");
	return line && strtoul(line + 5, NULL, 10) == getuid();
}

/* Field 22 of stat: clock ticks after boot. The name in field 2 may hold anything but ends at the last ')'. */
static bool is_young(const char *pid)
{
	char path[64], text[1024];
	unsigned long long started = 0;
	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	const char *at = read_text(path, text, sizeof text) ? strrchr(text, ')') : NULL;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		started = strtoull(at + 1, NULL, 10);
	long ticks = sysconf(_SC_CLK_TCK);
	return clock_ns(CLOCK_BOOTTIME) / 1000000000u < started / (unsigned long long)(ticks > 0 ? ticks : 100) + YOUNG_S;
}

static bool look_at(const char *pid, struct seen_holder *out)
{
	char runtime[PATH_MAX];
	unsigned long number;
	if (!parse_number(pid, INT_MAX, &number) || !is_holder(pid, runtime))
		return false;
	int pidfd = process_handle((pid_t)number);
	if (pidfd < 0)
		return false;
	/* Read once more with the handle at hand: until then the number could have got another owner. */
	if (!is_holder(pid, runtime) || !is_mine(pid) || process_ended(pidfd, 0)) {
		close(pidfd);
		return false;
	}
	*out = (struct seen_holder){(pid_t)number, pidfd, is_young(pid), strdup(runtime)};
	if (!out->runtime)
		die(EXIT_SYSTEM, NULL, "out of memory");
	return true;
}

size_t holders_find(struct seen_holder **out)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;
	if (!dir)
		die_errno(EXIT_SYSTEM, NULL, "can't read /proc");
	*out = allocate(MOST, sizeof **out);
	while ((entry = readdir(dir)) && count < MOST)
		if (isdigit((unsigned char)entry->d_name[0]) && look_at(entry->d_name, *out + count))
			count++;
	closedir(dir);
	return count;
}

void holders_free(struct seen_holder *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		close(list[i].pidfd);
		free(list[i].runtime);
	}
	free(list);
}

static const char *holder_id(const struct seen_holder *seen)
{
	return strrchr(seen->runtime, '/') + 1; /* it begins with one */
}

bool holder_is_of(const struct seen_holder *seen, const struct location *location)
{
	if (strcmp(holder_id(seen), location->id) != 0)
		return false;
	if (strcmp(location->id, "default") != 0 || strcmp(seen->runtime, location->runtime) == 0)
		return true;
	int fd = holder_reach(seen);
	if (fd >= 0)
		close(fd);
	return fd < 0 && !seen->young;
}

int holder_reach(const struct seen_holder *seen)
{
	struct stat st;
	int dir = open(seen->runtime, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -1;
	int fd = fstat(dir, &st) == 0 && st.st_uid == geteuid() ? channel_connect_in(dir, 1) : -1; /* one that is stopped */
	close(dir);
	if (fd >= 0 && channel_peer(fd) != seen->pid) {
		close(fd);
		return -1;
	}
	return fd;
}

bool holder_ask(const struct seen_holder *seen, enum frame_type type, struct state *out)
{
	struct reply reply;
	int fd = holder_reach(seen);
	if (fd < 0)
		return false;
	channel_patience(fd, 3);
	channel_send_empty(fd, type);
	bool heard = !channel_try_receive(fd, &reply) && reply.frame.type == FRAME_STATE &&
	             state_parse(out, reply.body, reply.frame.length);
	close(fd);
	if (heard)
		out->holder = seen->pid;
	return heard;
}

bool holder_end(const struct seen_holder *seen)
{
	if (!process_signal(seen->pidfd, SIGTERM))
		return errno == ESRCH;
	if (process_ended(seen->pidfd, TERM_MS))
		return true;
	/* Its memory goes back to the kernel, which zeroes it before anybody else gets it. */
	(void)process_signal(seen->pidfd, SIGKILL);
	return process_ended(seen->pidfd, KILL_MS);
}
