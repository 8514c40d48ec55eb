#include "lib/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* One write(2) per failure: lines of two processes on one terminal don't mix. */
__attribute__((format(printf, 2, 0))) static void say(const char *next, const char *format, va_list args, int error)
{
	char line[1536];
	size_t used = (size_t)snprintf(line, sizeof line, "tazpod: ");
	int n = vsnprintf(line + used, sizeof line - used, format, args);
	if (n > 0)
		used += (size_t)n;
	if (used > sizeof line - 512)
		used = sizeof line - 512;
	for (size_t i = 0; i < used; i++) /* a path or name of a hostile project must not command the terminal */
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	if (error)
		used += (size_t)snprintf(line + used, sizeof line - used, ": %.100s", strerror(error));
	used += (size_t)snprintf(line + used, sizeof line - used, "\n");
	if (next)
		used += (size_t)snprintf(line + used, sizeof line - used, "  next: %.380s\n", next);
	(void)write_all(STDERR_FILENO, line, used); /* nowhere left to say that stderr is gone */
}

void warn(const char *next, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(next, format, args, 0);
	va_end(args);
}

_Noreturn void die(int code, const char *next, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(next, format, args, 0);
	va_end(args);
	exit(code);
}

_Noreturn void die_errno(int code, const char *next, const char *format, ...)
{
	int error = errno;
	va_list args;
	va_start(args, format);
	say(next, format, args, error);
	va_end(args);
	exit(code);
}

bool write_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	while (size > 0) {
		ssize_t n = write(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

bool read_all(int fd, void *data, size_t size)
{
	char *at = data;
	while (size > 0) {
		ssize_t n = read(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = 0;
			return false;
		}
		at += n;
		size -= (size_t)n;
	}
	return true;
}

bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size_t used = 0;
	while (used < size - 1) {
		ssize_t n = read(fd, text + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = errno;
			close(fd);
			errno = error;
			return false;
		}
		if (n == 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	close(fd);
	return true;
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool done = write_all(fd, text, strlen(text));
	int error = errno;
	close(fd);
	errno = error;
	return done;
}

void format_into(char *out, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(out, size, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= size)
		die(EXIT_DATA, NULL, "a path is too long: %.60s...", out);
}

void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);
	if (!memory)
		die(EXIT_SYSTEM, NULL, "out of memory");
	return memory;
}

bool parse_number(const char *text, unsigned long max, unsigned long *out)
{
	unsigned long value = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		unsigned long digit = (unsigned long)(*text - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return value <= max;
}

uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	if (clock_gettime(clock, &now) != 0)
		die_errno(EXIT_BUG, NULL, "clock_gettime");
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t ms_until(uint64_t at)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	return at == 0 ? UINT64_MAX : at > now ? (at - now) / 1000000 : 0;
}

uint64_t ms_from_now(uint64_t ms)
{
	return ms < UINT64_MAX / 2000000 ? clock_ns(CLOCK_BOOTTIME) + ms * 1000000 : 0;
}

uint64_t wall_ms(void)
{
	return clock_ns(CLOCK_REALTIME) / 1000000u;
}

/* Days to civil date: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
void format_time(uint64_t ms, char out[32])
{
	uint64_t seconds = ms / 1000, day = seconds % 86400;
	uint64_t z = seconds / 86400 + 719468;
	uint64_t era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	unsigned d = (unsigned)(doy - (153 * mp + 2) / 5 + 1), m = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	unsigned y = (unsigned)(yoe + era * 400 + (m <= 2)) % 10000;
	snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ", y, m, d, (unsigned)(day / 3600), (unsigned)(day % 3600 / 60),
	         (unsigned)(day % 60));
}
