#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "test/check.h"

static bool number(const char *text, unsigned long max, unsigned long wanted)
{
	unsigned long value = 12345;
	return parse_number(text, max, &value) && value == wanted;
}

static bool no_number(const char *text, unsigned long max)
{
	unsigned long value;
	return !parse_number(text, max, &value);
}

static void check_numbers(void)
{
	CHECK(number("0", 0, 0));
	CHECK(number("007", 7, 7));
	CHECK(number("1048576", 1 << 20, 1 << 20));
	CHECK(number("18446744073709551615", ~0ul, ~0ul));
	CHECK(no_number("", 10));
	CHECK(no_number("1048577", 1 << 20));
	CHECK(no_number("18446744073709551616", ~0ul));
	CHECK(no_number("99999999999999999999999999", ~0ul));
	CHECK(no_number("-1", 10));
	CHECK(no_number("+1", 10));
	CHECK(no_number(" 1", 10));
	CHECK(no_number("1 ", 10));
	CHECK(no_number("0x1", 10));
	CHECK(no_number("1\n", 10));
	CHECK(no_number("7", 5));
	CHECK(no_number("18446744073709551616", 5));
}

static const char *time_of(uint64_t ms)
{
	static char text[32];
	format_time(ms, text);
	return text;
}

static void check_times(void)
{
	CHECK_TEXT(time_of(0), "1970-01-01T00:00:00Z");
	CHECK_TEXT(time_of(951782400000), "2000-02-29T00:00:00Z");
	CHECK_TEXT(time_of(951868800000), "2000-03-01T00:00:00Z");
	CHECK_TEXT(time_of(4107542399999), "2100-02-28T23:59:59Z");
	CHECK_TEXT(time_of(4107542400000), "2100-03-01T00:00:00Z");
	CHECK_TEXT(time_of(1795485723456), "2026-11-24T02:02:03Z");
	CHECK(strlen(time_of(UINT64_MAX)) == 20);
}

static void too_long(void)
{
	char out[8];
	format_into(out, sizeof out, "%s", "12345678");
}

static void hostile_text(void)
{
	die(EXIT_DATA, "next", "a\033[31mname\nsecond\rline\x7f");
}

/* To where check_exit looks, in the forms that programs read. */
static void json_text(void)
{
	errors_to(STDERR_FILENO, ERRORS_AS_JSON);
	die(EXIT_LOCKED, "say \"pull\"", "a\033[31m\"name\"");
}

static void json_alone(void)
{
	errors_to(STDERR_FILENO, ERRORS_AS_JSON);
	errno = ENOENT;
	die_errno(EXIT_SYSTEM, NULL, "no");
}

static void native_text(void)
{
	errors_to(STDERR_FILENO, ERRORS_FOR_NATIVE);
	die(EXIT_SYSTEM, "next", "words");
}

static void passed_on(void)
{
	char text[] = "words\0next\0";
	die_as(EXIT_SYSTEM, text, sizeof text - 1);
}

static void cut_short(void)
{
	char text[] = "words";
	die_as(EXIT_SYSTEM, text, sizeof text - 1);
}

static void long_text(void)
{
	char text[8192];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	die(EXIT_SYSTEM, text, "%s", text);
}

static void check_messages(void)
{
	char text[4096], fits[8];
	format_into(fits, sizeof fits, "%s", "1234567");
	CHECK_TEXT(fits, "1234567");
	CHECK(check_exit(too_long, text, sizeof text) == EXIT_DATA);
	/* a name out of a hostile file must not write escape sequences on the terminal, or lines of its own */
	CHECK(check_exit(hostile_text, text, sizeof text) == EXIT_DATA);
	CHECK_TEXT(text, "tazpod: a?[31mname?second?line?\n  next: next\n");
	CHECK(check_exit(json_text, text, sizeof text) == EXIT_LOCKED);
	CHECK_TEXT(text, "{\"exitCode\":75,\"message\":\"a?[31m\\\"name\\\"\",\"next\":\"say \\\"pull\\\"\"}\n");
	CHECK(check_exit(json_alone, text, sizeof text) == EXIT_SYSTEM);
	CHECK_TEXT(text, "{\"exitCode\":71,\"message\":\"no: No such file or directory\"}\n");
	CHECK(check_exit(native_text, text, sizeof text) == EXIT_SYSTEM);
	CHECK(memcmp(text, "words\0next", 11) == 0);
	CHECK(check_exit(passed_on, text, sizeof text) == EXIT_SYSTEM);
	CHECK_TEXT(text, "tazpod: words\n  next: next\n");
	CHECK(check_exit(cut_short, text, sizeof text) == EXIT_SYSTEM);
	CHECK_TEXT(text, "tazpod: words\n");
	CHECK(check_exit(long_text, text, sizeof text) == EXIT_SYSTEM);
	CHECK(strlen(text) < 1536 && text[strlen(text) - 1] == '\n' && strstr(text, "\n  next: xxx"));
}

static void check_reading(void)
{
	int fds[2];
	char text[8] = "unused";
	if (!CHECK(pipe(fds) == 0))
		return;
	CHECK(write_all(fds[1], "abcdef", 6));
	close(fds[1]);
	CHECK(read_all(fds[0], text, 4) && memcmp(text, "abcd", 4) == 0);
	CHECK(!read_all(fds[0], text, 4)); /* two bytes are left: an early end is no success */
	close(fds[0]);
	CHECK(!read_all(fds[0], text, 1));
	CHECK(!write_all(fds[1], "x", 1));
	CHECK(read_text("/proc/self/stat", text, sizeof text) && strlen(text) == 7);
	CHECK(!read_text("/nowhere/at/all", text, sizeof text));
	CHECK(!write_text("/nowhere/at/all", "x"));
}

void check_base(void)
{
	check_numbers();
	check_times();
	check_messages();
	check_reading();
}
