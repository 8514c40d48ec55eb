#include "holder/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"

static bool grow(struct running_list *list)
{
	uint32_t room = list->room ? list->room * 2 : 16;
	if (list->room == RUNNING_MAX)
		return false;
	struct running *slots = realloc(list->slots, room * sizeof *slots);
	if (!slots)
		return false;
	for (uint32_t i = list->room; i < room; i++)
		slots[i] = (struct running){.pidfd = -1};
	list->slots = slots;
	list->room = room;
	return true;
}

int running_add(struct running_list *list, int pidfd, pid_t pid, struct str command, const struct str *names,
                uint16_t name_count)
{
	uint32_t slot = 0;
	size_t size = command.size + 1u;
	for (uint16_t i = 0; i < name_count; i++)
		size += names[i].size + 1u;
	char *copy = malloc(size), *at = copy;
	while (slot < list->room && list->slots[slot].pidfd >= 0)
		slot++;
	if (!copy || (slot == list->room && !grow(list))) {
		free(copy);
		close(pidfd);
		return -1;
	}
	memcpy(at, command.at, command.size);
	at += command.size;
	*at++ = '\0';
	for (uint16_t i = 0; i < name_count; i++) {
		memcpy(at, names[i].at, names[i].size);
		at += names[i].size;
		*at++ = '\0';
	}
	list->slots[slot] = (struct running){pidfd, pid, wall_ms(), copy, name_count};
	list->count++;
	return (int)slot;
}

void running_remove(struct running_list *list, uint32_t slot)
{
	struct running *r = &list->slots[slot];
	close(r->pidfd);
	free(r->names);
	*r = (struct running){.pidfd = -1};
	list->count--;
}

struct str running_command(const struct running *running)
{
	return (struct str){running->names, (uint16_t)strlen(running->names)};
}

void running_encode(const struct running_list *list, struct writer *w)
{
	put_u16(w, (uint16_t)list->count);
	for (uint32_t i = 0; i < list->room; i++) {
		const struct running *r = &list->slots[i];
		if (r->pidfd < 0)
			continue;
		const char *name = r->names + strlen(r->names) + 1;
		put_u32(w, (uint32_t)r->pid);
		put_u64(w, r->started_ms);
		put_str(w, r->names, strlen(r->names));
		put_u16(w, r->name_count);
		for (uint16_t n = 0; n < r->name_count; n++, name += strlen(name) + 1)
			put_str(w, name, strlen(name));
	}
}

/* Fields 6 (session), 7 (tty_nr) and 22 (starttime) of /proc/PID/stat; field 2 may hold blanks and parentheses. */
static bool read_stat(pid_t pid, int *session, int *tty, unsigned long long *start)
{
	char path[40], text[1024];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (!read_text(path, text, sizeof text))
		return false;
	const char *after = strrchr(text, ')');
	return after && sscanf(after + 1, " %*c %*d %*d %d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
	                       session, tty, start) == 3;
}

/* "Pid:" in fdinfo is -1 once the process is gone (pidfd_open(2)). Before Linux 5.14 an undumpable process can't read
 * its own: then nothing is known against it. */
static bool is_gone(int pidfd)
{
	char path[40], text[1024];
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	if (!read_text(path, text, sizeof text))
		return false;
	const char *pid = strstr(text, "\nPid:");
	return pid && strtol(pid + 5, NULL, 10) <= 0;
}

bool terminal_of(pid_t pid, int pidfd, struct terminal *out)
{
	unsigned long long own_start;
	int session, tty;
	if (!read_stat(pid, &out->session, &out->tty, &own_start) || out->tty == 0 || is_gone(pidfd))
		return false;
	return read_stat(out->session, &session, &tty, &out->leader_start);
}
