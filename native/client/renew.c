/* RENEW: the session fetches its secrets anew, with what it holds itself. */
#include "client/renew.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "protocol/channel.h"
#include "verbs.h"

/* How long `exec` waits. */
#ifndef EXEC_REFRESH_S
#define EXEC_REFRESH_S 30
#endif

void renew_now(const struct location *location)
{
	struct reply reply;
	int fd = channel_connect(location);
	if (fd < 0)
		return;
	channel_patience(fd, EXEC_REFRESH_S);
	channel_send_empty(fd, FRAME_RENEW);
	(void)channel_try_receive(fd, &reply);
	free(reply.body);
	close(fd);
}

/* 64 hexadecimal digits. */
static bool read_digest(const char *text, uint8_t out[WIRE_DIGEST])
{
	static const char digits[] = "0123456789abcdef";
	if (strlen(text) != 2 * WIRE_DIGEST)
		return false;
	for (size_t i = 0; i < WIRE_DIGEST; i++) {
		const char *high = strchr(digits, text[2 * i]), *low = strchr(digits, text[2 * i + 1]);
		if (!high || !low)
			return false;
		out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return true;
}

/* `tazpod ghost renew DIGEST`: the report of the refresh on stdout. */
int verb_renew(int argc, char **argv)
{
	enum { PATIENCE_S = 200 }; /* longer than the holder's own */
	struct location location;
	struct reply reply;
	uint8_t frame[WIRE_HEADER + WIRE_DIGEST];
	if (argc != 1 || !read_digest(argv[0], frame + WIRE_HEADER))
		die(EXIT_USAGE, NULL, "usage: tazpod ghost renew SHA-256");
	location_find(&location);
	int fd = channel_connect(&location);
	if (fd < 0)
		die(EXIT_LOCKED, "tazpod pull", "locked");
	channel_patience(fd, PATIENCE_S);
	frame_encode(frame, FRAME_RENEW, WIRE_DIGEST);
	channel_send(fd, frame, sizeof frame);
	channel_receive(fd, &reply);
	if (reply.frame.type != FRAME_REPORT || reply.frame.length == 0)
		die_reply(&reply);
	if (!write_all(STDOUT_FILENO, reply.body + 1, reply.frame.length - 1))
		die_errno(EXIT_SYSTEM, NULL, "can't write the report");
	return 0;
}
