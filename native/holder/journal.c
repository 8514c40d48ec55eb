#include "holder/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/json.h"
#include "lib/location.h"

/* A line stays below PIPE_BUF-like sizes so that appends of two holders don't mix; further names are only counted. */
enum { LINE = 4000, MAX_JOURNAL = 8 << 20 };

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			die_errno(EXIT_SYSTEM, NULL, "can't create %.400s", path);
		*slash = '/';
	}
}

int journal_open(void)
{
	char path[PATH_MAX], old[PATH_MAX + 8];
	struct stat st;
	if (!state_path(path, "log.jsonl"))
		die(EXIT_SYSTEM, "export HOME=/home/YOU", "HOME is not set, so there is no place for the activity log");
	make_folders(path);
	if (stat(path, &st) == 0 && st.st_size > MAX_JOURNAL) { /* one old file is kept */
		snprintf(old, sizeof old, "%s.1", path);
		(void)rename(path, old);
	}
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't open the activity log %.400s", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		die(EXIT_REFUSED, NULL, "the activity log %.400s is not a file of yours", path);
	while (fd < 3) { /* 0 to 2 become /dev/null in the holder */
		int higher = fcntl(fd, F_DUPFD, 3);
		if (higher < 0)
			die_errno(EXIT_SYSTEM, NULL, "can't open the activity log");
		close(fd);
		fd = higher;
	}
	return fd;
}

struct line {
	char text[LINE + 512];
	size_t used;
};

static void add(struct line *l, const char *text)
{
	size_t n = strlen(text);
	if (n < sizeof l->text - l->used) {
		memcpy(l->text + l->used, text, n);
		l->used += n;
	}
}

/* A string of about 512 bytes at most, fewer where the line is full: what closes it still fits. */
static void add_string(struct line *l, struct str s)
{
	char text[512 + 3];
	size_t left = l->used < LINE ? LINE - l->used : 0;
	(void)json_string(text, left < sizeof text ? left + 3 : sizeof text, s.at, s.size);
	add(l, text);
}

void journal_write(int fd, const struct journal_event *e)
{
	struct line l = {.used = 0};
	char time[32], number[48];
	format_time(wall_ms(), time);
	add(&l, "{\"time\":\"");
	add(&l, time);
	add(&l, "\",\"event\":\"");
	add(&l, e->event);
	add(&l, "\",\"project\":");
	add_string(&l, e->project);
	if (e->pid > 0) {
		snprintf(number, sizeof number, ",\"pid\":%d", e->pid);
		add(&l, number);
	}
	if (e->command.size > 0) {
		add(&l, ",\"command\":");
		add_string(&l, e->command);
	}
	if (e->reason) {
		add(&l, ",\"reason\":");
		add_string(&l, (struct str){e->reason, (uint16_t)strlen(e->reason)});
	}
	if (e->count >= 0) {
		snprintf(number, sizeof number, ",\"count\":%lld", (long long)e->count);
		add(&l, number);
	}
	if (e->names) {
		size_t shown = 0;
		add(&l, ",\"secrets\":[");
		for (; shown < e->name_count && l.used < LINE - 600; shown++) {
			add(&l, shown ? "," : "");
			add_string(&l, e->names[shown]);
		}
		add(&l, "]");
		if (shown < e->name_count) {
			snprintf(number, sizeof number, ",\"more\":%zu", e->name_count - shown);
			add(&l, number);
		}
	}
	add(&l, "}\n");
	(void)write_all(fd, l.text, l.used);
}
