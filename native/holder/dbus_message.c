#include "holder/dbus.h"

#include <stdio.h>
#include <string.h>

struct cursor {
	const uint8_t *bytes;
	size_t at, end;
	bool bad;
};

static const uint8_t *take(struct cursor *c, size_t align, size_t size)
{
	size_t start = (c->at + align - 1) / align * align;
	if (c->bad || start > c->end || size > c->end - start) {
		c->bad = true;
		return NULL;
	}
	c->at = start + size;
	return c->bytes + start;
}

static uint32_t take_u32(struct cursor *c)
{
	uint32_t value = 0;
	const uint8_t *at = take(c, 4, 4);
	if (at)
		memcpy(&value, at, 4);
	return value;
}

/* SIZE bytes and a NUL, as OUT. */
static void take_bytes(struct cursor *c, size_t size, char out[DBUS_NAME])
{
	const uint8_t *at = size < DBUS_NAME ? take(c, 1, size + 1) : NULL;
	out[0] = '\0';
	if (!at || at[size] != 0 || memchr(at, 0, size)) {
		c->bad = true;
		return;
	}
	memcpy(out, at, size + 1);
}

static void take_text(struct cursor *c, char out[DBUS_NAME])
{
	uint32_t size = take_u32(c);
	take_bytes(c, size, out);
}

static void take_signature(struct cursor *c, char out[DBUS_NAME])
{
	const uint8_t *size = take(c, 1, 1);
	take_bytes(c, size ? *size : 0, out);
}

size_t dbus_length(const uint8_t head[DBUS_HEAD])
{
	uint32_t body, fields;
	memcpy(&body, head + 4, 4);
	memcpy(&fields, head + 12, 4);
	if (head[0] != DBUS_ORDER || head[3] != 1 || body > DBUS_MAX || fields > DBUS_MAX)
		return 0;
	size_t length = (DBUS_HEAD + (size_t)fields + 7) / 8 * 8 + body;
	return length <= DBUS_MAX ? length : 0;
}

static void take_field(struct cursor *c, struct dbus_message *out)
{
	char type[DBUS_NAME], other[DBUS_NAME], *into = other;
	const uint8_t *field = take(c, 8, 1);
	take_signature(c, type);
	if (c->bad)
		return;
	switch (*field) {
	case FIELD_PATH:
		into = out->path;
		break;
	case FIELD_INTERFACE:
		into = out->interface;
		break;
	case FIELD_MEMBER:
		into = out->member;
		break;
	case FIELD_SENDER:
		into = out->sender;
		break;
	case FIELD_SIGNATURE:
		into = out->signature;
		break;
	default:
		break;
	}
	if (strcmp(type, "s") == 0 || strcmp(type, "o") == 0) {
		take_text(c, into);
	} else if (strcmp(type, "g") == 0) {
		take_signature(c, into);
	} else if (strcmp(type, "u") == 0) {
		uint32_t value = take_u32(c);
		if (*field == FIELD_REPLY_TO)
			out->reply_to = value;
	} else {
		c->bad = true;
	}
}

bool dbus_parse(struct dbus_message *out, const uint8_t *bytes, size_t length)
{
	uint32_t fields;
	*out = (struct dbus_message){.fd = -1};
	if (length < DBUS_HEAD || dbus_length(bytes) != length)
		return false;
	memcpy(&fields, bytes + 12, 4);
	struct cursor c = {bytes, DBUS_HEAD, DBUS_HEAD + (size_t)fields, false};
	while (!c.bad && c.at < c.end)
		take_field(&c, out);
	out->type = (enum dbus_type)bytes[1];
	size_t start = (DBUS_HEAD + (size_t)fields + 7) / 8 * 8;
	out->body = bytes + start;
	out->size = length - start;
	return !c.bad && bytes[1] >= DBUS_CALL && bytes[1] <= DBUS_SIGNAL;
}

/* Into a variant, where there is one. */
static struct cursor first_argument(const struct dbus_message *message, char type[DBUS_NAME])
{
	struct cursor c = {message->body, 0, message->size, false};
	snprintf(type, DBUS_NAME, "%s", message->signature);
	if (type[0] == 'v')
		take_signature(&c, type);
	return c;
}

bool dbus_text(const struct dbus_message *message, char out[DBUS_NAME])
{
	char type[DBUS_NAME];
	struct cursor c = first_argument(message, type);
	if (type[0] != 's' && type[0] != 'o')
		return false;
	take_text(&c, out);
	return !c.bad;
}

bool dbus_number(const struct dbus_message *message, uint32_t *out)
{
	char type[DBUS_NAME];
	struct cursor c = first_argument(message, type);
	if (type[0] == '(')
		(void)take(&c, 8, 0); /* the first member of a structure */
	if (type[0] != 'u' && type[0] != 'b' && strncmp(type, "(u", 2) != 0)
		return false;
	*out = take_u32(&c);
	return !c.bad;
}
