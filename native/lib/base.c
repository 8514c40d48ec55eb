#include "lib/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/json.h"

static struct {
	int fd;
	enum error_form form;
} errors = {STDERR_FILENO, ERRORS_FOR_PEOPLE};

void errors_to(int fd, enum error_form form)
{
	errors.fd = fd;
	errors.form = form;
}

enum { MESSAGE = 1200, NEXT = 400 };

/* A path or name of a hostile project must not command the terminal. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

__attribute__((format(printf, 2, 0))) static void put_words(char message[MESSAGE], const char *format, va_list args,
                                                              int error)
{
	if (vsnprintf(message, MESSAGE - 128, format, args) < 0)
		*message = '\0';
	size_t used = strlen(message);
	if (error)
		snprintf(message + used, MESSAGE - used, ": %.100s", strerror(error));
	make_plain(message);
}

/* One write(2) each: lines of two processes on one terminal don't mix. Nowhere is left to say that it failed. */
static void say(int fd, enum error_form form, int code, const char *message, const char *next)
{
	char line[2 * 6 * MESSAGE];
	size_t used = 0;
	switch (form) {
	case ERRORS_FOR_PEOPLE:
		used = (size_t)snprintf(line, sizeof line, "tazpod: %s\n", message);
		if (next)
			used += (size_t)snprintf(line + used, sizeof line - used, "  next: %.380s\n", next);
		break;
	case ERRORS_AS_JSON:
		used = (size_t)snprintf(line, sizeof line, "{\"exitCode\":%d,\"message\":", code);
		used += json_string(line + used, 6 * MESSAGE, message, strlen(message));
		if (next) {
			used += (size_t)snprintf(line + used, sizeof line - used, ",\"next\":");
			used += json_string(line + used, 6 * NEXT, next, strlen(next));
		}
		used += (size_t)snprintf(line + used, sizeof line - used, "}\n");
		break;
	case ERRORS_FOR_NATIVE:
		used = (size_t)snprintf(line, sizeof line, "%s", message) + 1;
		used += (size_t)snprintf(line + used, sizeof line - used, "%.380s", next ? next : "") + 1;
		break;
	}
	(void)write_all(fd, line, used);
}

void warn(const char *next, const char *format, ...)
{
	char message[MESSAGE];
	va_list args;
	va_start(args, format);
	put_words(message, format, args, 0);
	va_end(args);
	say(STDERR_FILENO, ERRORS_FOR_PEOPLE, 0, message, next);
}

_Noreturn void die(int code, const char *next, const char *format, ...)
{
	char message[MESSAGE];
	va_list args;
	va_start(args, format);
	put_words(message, format, args, 0);
	va_end(args);
	say(errors.fd, errors.form, code, message, next);
	exit(code);
}

_Noreturn void die_errno(int code, const char *next, const char *format, ...)
{
	int error = errno;
	char message[MESSAGE];
	va_list args;
	va_start(args, format);
	put_words(message, format, args, error);
	va_end(args);
	say(errors.fd, errors.form, code, message, next);
	exit(code);
}

_Noreturn void die_as(int code, char *text, size_t size)
{
	text[size] = '\0';
	size_t message = strlen(text);
	const char *next = message < size ? text + message + 1 : "";
	die(code, *next ? next : NULL, "%s", text);
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
