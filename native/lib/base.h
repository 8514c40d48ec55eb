/* Small things every file needs: failing in one form, exact reads and writes, wiping. */
#ifndef TAZPOD_BASE_H
#define TAZPOD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit codes of DESIGN §7 (sysexits.h). EXIT_SYSTEM: the machine refuses what tazpod needs. */
enum {
	EXIT_USAGE = 64,
	EXIT_DATA = 65,
	EXIT_BUG = 70,
	EXIT_SYSTEM = 71,
	EXIT_LOCKED = 75,
	EXIT_REFUSED = 77,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127
};

/* How die() and warn() say what they say: to a person on stderr; to Node as one line of JSON, {"message","next","exitCode"};
 * to another native process as two strings with a NUL each, MESSAGE and NEXT (which may be empty). */
enum error_form { ERRORS_FOR_PEOPLE, ERRORS_AS_JSON, ERRORS_FOR_NATIVE };
/* From now on they are written to FD in that form. Warnings stay on stderr where the form is JSON: they are no failure. */
void errors_to(int fd, enum error_form form);

/* Says "tazpod: MESSAGE" and, with NEXT, "  next: NEXT", and exits with CODE. */
_Noreturn void die(int code, const char *next, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with ": strerror(errno)" behind the message. */
_Noreturn void die_errno(int code, const char *next, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Dies with the words that a process said which writes in the form ERRORS_FOR_NATIVE: SIZE bytes at TEXT, which has room for
 * one more. */
_Noreturn void die_as(int code, char *text, size_t size);
/* Says the same on stderr and goes on. */
void warn(const char *next, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes all SIZE bytes to FD, whatever the kernel takes at a time. Returns false with errno set. */
bool write_all(int fd, const void *data, size_t size);
/* Reads exactly SIZE bytes. Returns false at an early end (errno 0) or an error (errno set). */
bool read_all(int fd, void *data, size_t size);
/* Reads a small file of /proc or /sys into TEXT (NUL-terminated, cut at SIZE - 1). False with errno set. */
bool read_text(const char *path, char *text, size_t size);
/* Writes TEXT to an existing file in one write, as /proc files want it. False with errno set. */
bool write_text(const char *path, const char *text);

/* snprintf that dies (EXIT_DATA) where the result would be cut. */
void format_into(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* malloc that dies instead of returning NULL; SIZE 0 gives a valid pointer. */
void *allocate(size_t count, size_t size);
/* A decimal number of at most MAX and nothing else. */
bool parse_number(const char *text, unsigned long max, unsigned long *out);

#define SECOND_NS 1000000000ull

/* Nanoseconds of a clock (clock_gettime(2)); CLOCK_BOOTTIME counts suspended time. */
uint64_t clock_ns(clockid_t clock);
/* Milliseconds until a time of CLOCK_BOOTTIME in ns (0: never), as frames say it: UINT64_MAX is never. */
uint64_t ms_until(uint64_t at);
/* The reverse: the time in MS from now; 0 where it is never, or too far to count. */
uint64_t ms_from_now(uint64_t ms);
/* Milliseconds since 1970 (UTC). */
uint64_t wall_ms(void);
/* "2026-11-24T02:07:23Z" of a wall_ms value. gmtime_r may open /etc/localtime; the holder's filter forbids that. */
void format_time(uint64_t ms, char out[32]);

#endif
