#include "protocol/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base.h"

/* The address goes through /proc/self/fd: sun_path holds 107 bytes, a runtime folder may be longer. */
static struct sockaddr_un address_in(int runtime_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", runtime_fd);
	return address;
}

int channel_connect_in(int runtime_fd, int patience_s)
{
	struct sockaddr_un address = address_in(runtime_fd);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't create a socket");
	channel_patience(fd, patience_s); /* of connect(2) too: a full listen queue (unix(7), EAGAIN) */
	int result;
	do
		result = connect(fd, (struct sockaddr *)&address, sizeof address);
	while (result != 0 && errno == EINTR);
	if (result == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

int channel_connect(const struct location *location)
{
	int dir = location_open(location);
	if (dir < 0)
		return -1;
	int fd = channel_connect_in(dir, 20), error = errno;
	close(dir);
	if (fd >= 0 || error == ENOENT || error == ECONNREFUSED)
		return fd;
	errno = error;
	die_errno(EXIT_SYSTEM, NULL, "can't reach the holder in %.400s", location->runtime);
}

int channel_listen(int runtime_fd)
{
	struct sockaddr_un address = address_in(runtime_fd);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if ((unlinkat(runtime_fd, "socket", 0) != 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 512) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

void channel_send_carrying(int fd, const void *data, size_t size, int carried)
{
	const char *at = data;
	while (size > 0) {
		union {
			char room[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} control = {{0}};
		struct iovec io = {(void *)(uintptr_t)at, size};
		struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
		if (carried >= 0) {
			message.msg_control = control.room;
			message.msg_controllen = sizeof control.room;
			struct cmsghdr *head = CMSG_FIRSTHDR(&message);
			head->cmsg_level = SOL_SOCKET;
			head->cmsg_type = SCM_RIGHTS;
			head->cmsg_len = CMSG_LEN(sizeof carried);
			memcpy(CMSG_DATA(head), &carried, sizeof carried);
		}
		ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return; /* the holder has answered and closed already; its answer is read next */
		if (n < 0)
			die_errno(EXIT_SYSTEM, "tazpod status", "the holder does not take the request");
		carried = -1;
		at += n;
		size -= (size_t)n;
	}
}

void channel_send(int fd, const void *data, size_t size)
{
	channel_send_carrying(fd, data, size, -1);
}

/* Moves the descriptors that came with MESSAGE into FDS, which has room for ROOM and holds *COUNT; closes those beyond. */
static void take_fds(struct msghdr *message, int *fds, size_t room, size_t *count)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int came;
			memcpy(&came, CMSG_DATA(c) + at, sizeof came);
			if (*count < room)
				fds[(*count)++] = came;
			else
				close(came);
		}
	}
}

ssize_t channel_recv_carried(int fd, void *data, size_t size, int *carried, int flags)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec io = {data, size};
	struct msghdr message = {
	    .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | flags);
	size_t count = *carried >= 0;
	if (n >= 0)
		take_fds(&message, carried, 1, &count);
	return n;
}

void channel_send_empty(int fd, enum frame_type type)
{
	uint8_t header[WIRE_HEADER];
	frame_encode(header, type, 0);
	channel_send(fd, header, sizeof header);
}

pid_t channel_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

const char *channel_try_receive(int fd, struct reply *out)
{
	uint8_t header[WIRE_HEADER];
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec io = {header, sizeof header};
	struct msghdr message = {
	    .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
	*out = (struct reply){.fds = {-1, -1}};
	ssize_t n;
	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		take_fds(&message, out->fds, 2, &out->fd_count);
	if (n > 0 && (message.msg_flags & MSG_CTRUNC))
		return "no file descriptor is left here for what the holder hands over (ulimit -n)";
	if (n <= 0 || ((size_t)n < sizeof header && !read_all(fd, header + n, sizeof header - (size_t)n)))
		return "the holder ended or did not answer in time";
	if (!frame_decode(header, &out->frame))
		return "the holder answered something that is no tazpod frame";
	if (out->frame.version != WIRE_VERSION)
		return out->frame.version < WIRE_VERSION ? "the running holder is older than this tazpod"
		                                         : "the running holder is newer than this tazpod";
	if (out->frame.type == FRAME_DATA || out->frame.type == FRAME_LAST)
		return NULL;
	if (out->frame.length > WIRE_MAX_SET)
		return "the holder's answer is too long";
	out->body = allocate(out->frame.length, 1);
	if (!read_all(fd, out->body, out->frame.length))
		return "the holder's answer was cut short";
	return NULL;
}

void channel_receive(int fd, struct reply *out)
{
	const char *problem = channel_try_receive(fd, out);
	if (problem)
		die(EXIT_SYSTEM, "tazpod lock && tazpod pull", "%s", problem);
}

void channel_patience(int fd, int seconds)
{
	struct timeval patience = {.tv_sec = seconds};
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

enum wire_error reply_error(const struct reply *reply, char message[512])
{
	struct reader r = {reply->body, reply->frame.length, false};
	uint16_t code = get_u16(&r);
	struct str text = get_str(&r, 511);
	memcpy(message, text.at, text.size);
	message[text.size] = '\0';
	return (enum wire_error)code;
}

_Noreturn void die_reply(const struct reply *reply)
{
	char message[512];
	if (reply->frame.type != FRAME_ERROR)
		die(EXIT_BUG, "tazpod lock && tazpod pull", "the holder answered out of turn (frame %u)", reply->frame.type);
	switch (reply_error(reply, message)) {
	case ERROR_BAD:
	case ERROR_TOO_LARGE:
		die(EXIT_DATA, NULL, "%s", message);
	case ERROR_UNKNOWN:
		die(EXIT_DATA, "tazpod exec --explain -- COMMAND", "%s", message);
	case ERROR_MISSING:
		die(EXIT_DATA, "tazpod pull, which says how to store it", "%s", message);
	case ERROR_VERSION:
		die(EXIT_BUG, "tazpod lock && tazpod pull", "%s", message);
	case ERROR_DENIED:
		die(EXIT_REFUSED, "tazpod pull", "%s", message);
	case ERROR_STALE:
		die(EXIT_LOCKED, "tazpod pull", "%s", message);
	case ERROR_MEMORY:
		die(EXIT_SYSTEM, "raise it: ulimit -l, or LimitMEMLOCK= in the user's systemd slice", "%s", message);
	case ERROR_PROOF:
		die(EXIT_REFUSED, "the same command in a terminal, or with --passphrase-fd", "%s", message);
	case ERROR_CHANGED:
		die(EXIT_DATA, NULL, "%s", message);
	case ERROR_OVERDUE:
	case ERROR_MONITOR:
	case ERROR_EMPTY:
		die(EXIT_LOCKED, "tazpod pull", "%s", message);
	}
	die(EXIT_BUG, NULL, "unknown answer of the holder: %s", message);
}
