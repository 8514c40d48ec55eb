#include "lib/process.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base.h"

int process_handle(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool process_signal(int handle, int signal)
{
	return syscall(SYS_pidfd_send_signal, handle, signal, NULL, 0) == 0;
}

bool process_ended(int handle, int ms)
{
	uint64_t end = clock_ns(CLOCK_BOOTTIME) + (uint64_t)(ms > 0 ? ms : 0) * 1000000u;
	for (;;) {
		struct pollfd fd = {.fd = handle, .events = POLLIN};
		uint64_t now = clock_ns(CLOCK_BOOTTIME);
		int n = poll(&fd, 1, ms < 0 ? -1 : now < end ? (int)((end - now) / 1000000u + 1) : 0);
		if (n > 0 || (n < 0 && errno != EINTR))
			return n > 0;
		if (n == 0 && ms >= 0 && now >= end)
			return false;
	}
}

int process_reap(pid_t child)
{
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_BUG << 8; /* wait(2): the exit code is in the second byte */
	return status;
}
