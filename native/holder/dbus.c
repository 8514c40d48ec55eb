#include "holder/dbus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/base.h"
#include "protocol/wire.h"

enum { PATIENCE_MS = 5000 };

static void pad(struct writer *w, size_t align)
{
	static const uint8_t zero[8];
	if (w->used % align)
		put_raw(w, zero, align - w->used % align);
}

static void put_number(struct writer *w, uint32_t value)
{
	pad(w, 4);
	put_raw(w, &value, 4);
}

static void put_text(struct writer *w, const char *text)
{
	put_number(w, (uint32_t)strlen(text));
	put_raw(w, text, strlen(text) + 1);
}

static void put_signature(struct writer *w, const char *text)
{
	put_u8(w, (uint8_t)strlen(text));
	put_raw(w, text, strlen(text) + 1);
}

static void put_field(struct writer *w, uint8_t field, const char *type, const char *text)
{
	pad(w, 8);
	put_u8(w, field);
	put_signature(w, type);
	if (*type == 'g')
		put_signature(w, text);
	else
		put_text(w, text);
}

/* ---- the connection */

static bool fail(struct dbus *bus, const char *what)
{
	snprintf(bus->problem, sizeof bus->problem, "%s", what);
	return false;
}

static bool fail_errno(struct dbus *bus, const char *what)
{
	snprintf(bus->problem, sizeof bus->problem, "%s: %s", what, strerror(errno));
	return false;
}

static bool wait_readable(int fd, uint64_t end)
{
	for (;;) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n = poll(&p, 1, end > now ? (int)((end - now) / 1000000u) + 1 : 0);
		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR) {
			errno = n == 0 ? ETIMEDOUT : errno;
			return false;
		}
	}
}

/* SIZE bytes, and a descriptor that comes with them. */
static bool receive(int fd, uint8_t *into, size_t size, int *carried, uint64_t end)
{
	for (size_t got = 0; got < size;) {
		union {
			char room[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} control = {{0}};
		struct iovec io = {into + got, size - got};
		struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
		if (!wait_readable(fd, end))
			return false;
		ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0 && !(n < 0 && (errno == EINTR || errno == EAGAIN)))
			return false;
		struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
		if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int))) {
			if (*carried >= 0)
				close(*carried);
			memcpy(carried, CMSG_DATA(c), sizeof *carried);
		}
		got += n > 0 ? (size_t)n : 0;
	}
	return true;
}

bool dbus_next(struct dbus *bus, struct dbus_message *out, int patience_ms)
{
	int carried = -1;
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + (uint64_t)patience_ms * 1000000u;
	if (!receive(bus->fd, bus->buffer, DBUS_HEAD, &carried, end))
		return fail_errno(bus, "the system bus");
	size_t length = dbus_length(bus->buffer);
	bool whole = length >= DBUS_HEAD && receive(bus->fd, bus->buffer + DBUS_HEAD, length - DBUS_HEAD, &carried,
	                                       clock_ns(CLOCK_MONOTONIC) + PATIENCE_MS * 1000000ull);
	if (!whole || !dbus_parse(out, bus->buffer, length)) {
		if (carried >= 0)
			close(carried);
		return fail(bus, "the system bus sent what is no message");
	}
	out->fd = carried;
	return true;
}

bool dbus_call(struct dbus *bus, const char *to, const char *path, const char *interface, const char *member,
               const struct dbus_argument *arguments, size_t count, struct dbus_message *answer,
               void (*hear)(void *, const struct dbus_message *), void *context)
{
	struct writer w = {0}, body = {0};
	char signature[8] = "";
	uint32_t serial = ++bus->serial, length;
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + PATIENCE_MS * 1000000ull;
	for (size_t i = 0; i < count && i < sizeof signature - 1; i++) {
		signature[i] = arguments[i].type;
		if (arguments[i].type == 'u')
			put_number(&body, arguments[i].number);
		else
			put_text(&body, arguments[i].text);
	}
	put_u8(&w, DBUS_ORDER);
	put_u8(&w, DBUS_CALL);
	put_u8(&w, 0);
	put_u8(&w, 1);
	put_number(&w, (uint32_t)body.used);
	put_number(&w, serial);
	put_number(&w, 0); /* of the fields, filled in below */
	put_field(&w, FIELD_PATH, "o", path);
	put_field(&w, FIELD_INTERFACE, "s", interface);
	put_field(&w, FIELD_MEMBER, "s", member);
	put_field(&w, FIELD_TO, "s", to);
	if (count > 0)
		put_field(&w, FIELD_SIGNATURE, "g", signature);
	length = (uint32_t)(w.used - DBUS_HEAD);
	memcpy(w.data + 12, &length, 4);
	pad(&w, 8);
	put_raw(&w, body.data ? body.data : (const uint8_t *)"", body.used);
	ssize_t sent = send(bus->fd, w.data, w.used, MSG_NOSIGNAL);
	bool whole = sent >= 0 && (size_t)sent == w.used;
	writer_free(&w);
	writer_free(&body);
	if (!whole)
		return fail_errno(bus, "the system bus");
	for (uint64_t now; (now = clock_ns(CLOCK_MONOTONIC)) < end;) {
		if (!dbus_next(bus, answer, (int)((end - now) / 1000000u) + 1))
			return false;
		if (answer->type == DBUS_RETURN && answer->reply_to == serial)
			return true;
		if (answer->type == DBUS_ERROR && answer->reply_to == serial) {
			if (!dbus_text(answer, bus->problem))
				fail(bus, "the call was refused");
			return false;
		}
		if (answer->fd >= 0)
			close(answer->fd);
		if (answer->type == DBUS_SIGNAL && hear)
			hear(context, answer);
	}
	return fail(bus, "the system bus does not answer");
}

/* "\0AUTH EXTERNAL", the uid in decimal as hex, then descriptors may travel (D-Bus Specification, "Authentication"). */
static bool authenticate(struct dbus *bus)
{
	char uid[16], hex[33], line[128];
	int carried = -1;
	snprintf(uid, sizeof uid, "%u", geteuid());
	hex[0] = '\0';
	for (size_t i = 0; uid[i]; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned)(unsigned char)uid[i]);
	for (int step = 0; step < 2; step++) {
		size_t used = 0;
		int length = step == 0 ? snprintf(line, sizeof line, "%cAUTH EXTERNAL %s\r\n", 0, hex)
		                       : snprintf(line, sizeof line, "NEGOTIATE_UNIX_FD\r\n");
		uint64_t end = clock_ns(CLOCK_MONOTONIC) + PATIENCE_MS * 1000000ull;
		if (send(bus->fd, line, (size_t)length, MSG_NOSIGNAL) != length)
			return fail_errno(bus, "the system bus");
		do /* by the byte: what comes behind the line is no text any more */
			if (used == sizeof line - 1 || !receive(bus->fd, (uint8_t *)line + used, 1, &carried, end))
				return fail_errno(bus, "the system bus");
		while (line[used++] != '\n');
		line[used] = '\0';
		if (strncmp(line, step == 0 ? "OK " : "AGREE_UNIX_FD", step == 0 ? 3 : 13) != 0)
			return fail(bus, "the system bus refuses us");
	}
	return send(bus->fd, "BEGIN\r\n", 7, MSG_NOSIGNAL) == 7 || fail_errno(bus, "the system bus");
}

bool dbus_open(struct dbus *bus)
{
	static const char scheme[] = "unix:path=";
	const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct dbus_message answer;
	if (!address || !*address)
		address = "unix:path=/run/dbus/system_bus_socket";
	bus->fd = -1;
	bus->serial = 0;
	if (strncmp(address, scheme, sizeof scheme - 1) != 0)
		return fail(bus, "DBUS_SYSTEM_BUS_ADDRESS is no unix:path");
	address += sizeof scheme - 1;
	size_t size = strcspn(address, ",;");
	if (size >= sizeof to.sun_path)
		return fail(bus, "the path of the system bus is too long");
	memcpy(to.sun_path, address, size);
	bus->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bus->fd < 0 || connect(bus->fd, (struct sockaddr *)&to, sizeof to) != 0)
		return fail_errno(bus, "the system bus");
	return authenticate(bus) && dbus_call(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
	                                      "Hello", NULL, 0, &answer, NULL, NULL);
}

void dbus_close(struct dbus *bus)
{
	if (bus->fd >= 0)
		close(bus->fd);
	bus->fd = -1;
}
