#include "lib/process.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

static bool read_status(pid_t pid, char *text, size_t size)
{
	char path[40];
	if (pid == 0)
		return read_text("/proc/self/status", text, size);
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	return read_text(path, text, size);
}

pid_t process_tracer(pid_t pid)
{
	char text[2048];
	const char *tracer = read_status(pid, text, sizeof text) ? strstr(text, "\nTracerPid:") : NULL;
	return tracer ? (pid_t)strtol(tracer + 11, NULL, 10) : 0;
}

void process_refuse_traced(pid_t pid, const char *what)
{
	char text[2048], name[16] = "?";
	pid_t tracer = process_tracer(pid);
	if (tracer == 0)
		return;
	if (read_status(tracer, text, sizeof text))
		(void)sscanf(text, "Name:\t%15s", name);
	die(EXIT_REFUSED, NULL, "process %d (%s) is attached to %s and would see every secret; nothing was handed over",
	    tracer, name, what);
}

void process_close(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "prctl");
	process_refuse_traced(0, "this command of tazpod");
}
