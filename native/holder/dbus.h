/* A D-Bus client as small as the sentinel needs it (D-Bus Specification 0.43): calls with an answer, and signals. */
#ifndef TAZPOD_DBUS_H
#define TAZPOD_DBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message of more than this many bytes ends the connection: none that we ask for is near it. */
enum { DBUS_MAX = 64 << 10, DBUS_NAME = 256 };

/* The first byte of a message of this machine. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define DBUS_ORDER 'l'
#else
#define DBUS_ORDER 'B'
#endif
enum { DBUS_HEAD = 16 };

/* Fields of a header (D-Bus Specification, "Message Format"). */
enum dbus_field {
	FIELD_PATH = 1,
	FIELD_INTERFACE,
	FIELD_MEMBER,
	FIELD_ERROR,
	FIELD_REPLY_TO,
	FIELD_TO,
	FIELD_SENDER,
	FIELD_SIGNATURE
};

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN = 2, DBUS_ERROR = 3, DBUS_SIGNAL = 4 };

struct dbus_message {
	enum dbus_type type;
	uint32_t reply_to; /* serial of the call that it answers */
	char path[DBUS_NAME], interface[DBUS_NAME], member[DBUS_NAME], sender[DBUS_NAME], signature[DBUS_NAME];
	const uint8_t *body; /* inside the connection's buffer, until the next message */
	size_t size;
	int fd; /* that came along, the caller's to close; -1: none */
};

struct dbus {
	int fd;
	uint32_t serial;
	char problem[DBUS_NAME]; /* of the last failure, for people */
	uint8_t buffer[DBUS_MAX];
};

/* Reads a message of LENGTH bytes, in the byte order of this machine. False where it is none. No I/O. */
bool dbus_parse(struct dbus_message *out, const uint8_t *bytes, size_t length);
/* How long the message is that these 16 bytes begin; 0: none, or too long. */
size_t dbus_length(const uint8_t head[DBUS_HEAD]);

/* Connects to the system bus (DBUS_SYSTEM_BUS_ADDRESS, unix:path only; else its usual location) and says hello. On a failure
 * false, with `problem`. */
bool dbus_open(struct dbus *bus);
void dbus_close(struct dbus *bus);

/* One argument of a call. */
struct dbus_argument {
	char type; /* 's', 'o' or 'u' */
	const char *text;
	uint32_t number;
};

/* Calls a method and waits for its answer, at most 5 s; signals that come in between go to HEAR (may be NULL). On a
 * failure, also an ERROR, false, with `problem`. */
bool dbus_call(struct dbus *bus, const char *to, const char *path, const char *interface, const char *member,
               const struct dbus_argument *arguments, size_t count, struct dbus_message *answer,
               void (*hear)(void *, const struct dbus_message *), void *context);
/* The next message, waiting for it at most PATIENCE_MS. False where the connection is broken or nothing came. */
bool dbus_next(struct dbus *bus, struct dbus_message *out, int patience_ms);

/* The first argument of an answer; inside a variant too. False where it is something else. */
bool dbus_text(const struct dbus_message *message, char out[DBUS_NAME]);
bool dbus_number(const struct dbus_message *message, uint32_t *out);

#endif
