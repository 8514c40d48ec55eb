#include "holder/running.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base.h"
#include "test/check.h"

static const struct str names[] = {{"TOKEN", 5}, {"./infra/x", 9}};
static const struct str command = {"terraform-and-more", 9}; /* not NUL-terminated where it ends */

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int some_fd(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void check_slots(void)
{
	struct running_list list = {0};
	int fds[40];
	for (int i = 0; i < 40; i++) {
		fds[i] = some_fd();
		CHECK(running_add(&list, fds[i], 100 + i, command, names, 2) == i);
	}
	CHECK(list.count == 40 && list.room == 64);
	CHECK(str_is(running_command(&list.slots[39]), "terraform"));
	running_remove(&list, 7);
	CHECK(!is_open(fds[7]) && is_open(fds[8]) && list.count == 39);
	int again = some_fd();
	CHECK(running_add(&list, again, 900, command, NULL, 0) == 7); /* a free slot is used again */
	CHECK(list.slots[7].pid == 900 && list.slots[7].name_count == 0);
	for (uint32_t i = 0; i < 40; i++)
		running_remove(&list, i);
	CHECK(list.count == 0 && !is_open(again));
	free(list.slots);
}

static void check_full(void)
{
	struct running_list list = {0};
	int fd = some_fd();
	for (int i = 0; i < RUNNING_MAX; i++)
		CHECK(running_add(&list, 1 << 20, 1, command, NULL, 0) == i);
	CHECK(running_add(&list, fd, 1, command, NULL, 0) == -1);
	CHECK(!is_open(fd) && list.count == RUNNING_MAX); /* taken, and closed */
	struct writer w = {0};
	running_encode(&list, &w);
	CHECK(w.used == 2 + RUNNING_MAX * (4 + 8 + 2 + 9 + 2));
	writer_free(&w);
	for (uint32_t i = 0; i < RUNNING_MAX; i++)
		running_remove(&list, i);
	free(list.slots);
}

static void check_terminal(void)
{
	struct terminal t;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC), self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	CHECK(terminal_of(getpid(), self, &t) == (fd >= 0));
	if (fd >= 0)
		close(fd);
	CHECK(!terminal_of(0x7ffffff0, self, &t)); /* above the largest pid */
	CHECK(!terminal_of(1, self, &t));
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	int gone = (int)syscall(SYS_pidfd_open, child, 0);
	CHECK(gone >= 0 && waitpid(child, NULL, 0) == child);
	CHECK(!terminal_of(getpid(), gone, &t)); /* the number has a new owner, as it were */
	close(gone);
	close(self);
}

void check_running(void)
{
	check_slots();
	check_full();
	check_terminal();
}
