/* Whatever the names are, a line of the journal is one JSON object and one line. */
#include "holder/journal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "test/check.h"

/* Reads a string, number or array of strings; returns what is behind it, or NULL. */
static const char *skip_value(const char *at)
{
	if (*at == '[') {
		for (at++; *at != ']'; at += *at == ',')
			if (*at != '"' || !(at = skip_value(at)))
				return NULL;
		return at + 1;
	}
	if (*at != '"')
		return at + strspn(at, "0123456789");
	for (at++; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at == '\\' && !strchr("\"\\u", *++at))
			return NULL;
	}
	return at + 1;
}

static bool is_line_of_json(const char *text)
{
	if (*text++ != '{')
		return false;
	for (;;) {
		if (*text != '"' || !(text = skip_value(text)) || *text++ != ':' || !(text = skip_value(text)))
			return false;
		if (*text == '}')
			return text[1] == '\n' && text[2] == '\0';
		if (*text++ != ',')
			return false;
	}
}

static const char *written(const struct journal_event *event)
{
	static char text[16384];
	int fds[2];
	if (pipe(fds) != 0)
		return "";
	journal_write(fds[1], event);
	close(fds[1]);
	size_t used = 0;
	for (ssize_t n; (n = read(fds[0], text + used, sizeof text - 1 - used)) > 0;)
		used += (size_t)n;
	text[used] = '\0';
	close(fds[0]);
	return text;
}

static struct str filled(char *room, uint16_t size, char with)
{
	memset(room, with, size);
	return (struct str){room, size};
}

void check_journal(void)
{
	static char room[5000];
	static const struct str two[] = {{"A", 1}, {"B\"\\", 3}};
	struct str many[600];
	const char *line = written(&(struct journal_event){
	    .event = "grant", .project = {"shop", 4}, .command = {"sh", 2}, .pid = 7, .names = two, .name_count = 2, .count = -1});
	CHECK(is_line_of_json(line));
	CHECK(strstr(line, "\"event\":\"grant\",\"project\":\"shop\",\"pid\":7,\"command\":\"sh\",\"secrets\":[\"A\",\"B\\\"\\\\\"]}\n"));
	line = written(&(struct journal_event){.event = "lock", .reason = "idle", .count = 12});
	CHECK(is_line_of_json(line) && strstr(line, "\"reason\":\"idle\",\"count\":12}\n"));
	/* names of every length, of plain letters and of those that grow when they are escaped */
	for (uint16_t size = 1; size < 4096; size = (uint16_t)(size + 97))
		for (int kind = 0; kind < 3; kind++) {
			struct str name = filled(room, size, "a\"\x01"[kind]);
			for (size_t i = 0; i < 600; i++)
				many[i] = name;
			for (size_t count = 1; count <= 600; count = count * 5 + 7) {
				line = written(&(struct journal_event){.event = "grant", .project = name, .command = name,
				                                       .names = many, .name_count = count, .count = -1, .pid = 1});
				CHECK(is_line_of_json(line));
				CHECK(strlen(line) < 4600);
			}
		}
	/* a full disk, a closed file: the line is lost, the holder lives on */
	journal_write(-1, &(struct journal_event){.event = "lock", .count = -1});
}
