#include "protocol/wire.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base.h"

bool frame_decode(const uint8_t header[WIRE_HEADER], struct frame *out)
{
	if (header[0] != 'T' || header[1] != 'Z')
		return false;
	out->version = header[2];
	out->type = header[3];
	out->length = (uint32_t)header[4] | (uint32_t)header[5] << 8 | (uint32_t)header[6] << 16 | (uint32_t)header[7] << 24;
	return true;
}

void frame_encode(uint8_t header[WIRE_HEADER], enum frame_type type, uint32_t length)
{
	header[0] = 'T';
	header[1] = 'Z';
	header[2] = WIRE_VERSION;
	header[3] = (uint8_t)type;
	for (int i = 0; i < 4; i++)
		header[4 + i] = (uint8_t)(length >> (8 * i));
}

uint32_t frame_limit(uint8_t type)
{
	return type == FRAME_SET    ? WIRE_MAX_SET
	       : type == FRAME_GET  ? WIRE_MAX_GET
	       : type == FRAME_KEEP ? WIRE_MAX_KEEP
	                            : WIRE_MAX_REQUEST;
}

const uint8_t *get_raw(struct reader *r, size_t size)
{
	if (r->bad || size > r->left) {
		r->bad = true;
		r->left = 0;
		return NULL;
	}
	const uint8_t *at = r->at;
	r->at += size;
	r->left -= size;
	return at;
}

static uint64_t get_int(struct reader *r, size_t size)
{
	const uint8_t *at = get_raw(r, size);
	uint64_t value = 0;
	for (size_t i = 0; at && i < size; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

uint8_t get_u8(struct reader *r)
{
	return (uint8_t)get_int(r, 1);
}

uint16_t get_u16(struct reader *r)
{
	return (uint16_t)get_int(r, 2);
}

uint32_t get_u32(struct reader *r)
{
	return (uint32_t)get_int(r, 4);
}

uint64_t get_u64(struct reader *r)
{
	return get_int(r, 8);
}

struct str get_str(struct reader *r, size_t max)
{
	uint16_t size = get_u16(r);
	const uint8_t *at = size <= max ? get_raw(r, size) : NULL;
	if (!at || memchr(at, 0, size)) {
		r->bad = true;
		return (struct str){"", 0};
	}
	return (struct str){(const char *)at, size};
}

const uint8_t *get_bytes(struct reader *r, size_t max, uint32_t *size)
{
	uint32_t length = get_u32(r);
	const uint8_t *at = length <= max ? get_raw(r, length) : NULL;
	if (!at)
		r->bad = true;
	*size = at ? length : 0;
	return at;
}

struct config_id get_config_id(struct reader *r)
{
	struct config_id id;
	for (int i = 0; i < 5; i++)
		id.field[i] = get_u64(r);
	return id;
}

void put_raw(struct writer *w, const void *data, size_t size)
{
	if (size > w->room - w->used) {
		size_t room = (w->used + size) * 2 + 256;
		uint8_t *grown = realloc(w->data, room);
		if (!grown)
			die(EXIT_SYSTEM, NULL, "out of memory");
		w->data = grown;
		w->room = room;
	}
	memcpy(w->data + w->used, data, size);
	w->used += size;
}

static void put_int(struct writer *w, uint64_t value, size_t size)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put_raw(w, bytes, size);
}

void put_u8(struct writer *w, uint8_t value)
{
	put_int(w, value, 1);
}

void put_u16(struct writer *w, uint16_t value)
{
	put_int(w, value, 2);
}

void put_u32(struct writer *w, uint32_t value)
{
	put_int(w, value, 4);
}

void put_u64(struct writer *w, uint64_t value)
{
	put_int(w, value, 8);
}

void put_str(struct writer *w, const char *at, size_t size)
{
	if (size > UINT16_MAX)
		die(EXIT_DATA, NULL, "a string of %zu bytes is too long (65,535 is the limit)", size);
	put_u16(w, (uint16_t)size);
	put_raw(w, at, size);
}

void put_config_id(struct writer *w, const struct config_id *id)
{
	for (int i = 0; i < 5; i++)
		put_u64(w, id->field[i]);
}

void frame_begin(struct writer *w)
{
	static const uint8_t header[WIRE_HEADER];
	w->used = 0;
	put_raw(w, header, sizeof header);
}

void frame_finish(struct writer *w, enum frame_type type)
{
	frame_encode(w->data, type, (uint32_t)(w->used - WIRE_HEADER));
}

void writer_free(struct writer *w)
{
	free(w->data);
	*w = (struct writer){0};
}

void str_copy(char *out, size_t size, struct str s)
{
	if (s.size >= size)
		die(EXIT_BUG, NULL, "a name is too long");
	memcpy(out, s.at, s.size);
	out[s.size] = '\0';
}

bool str_is(struct str s, const char *text)
{
	return s.size == strlen(text) && memcmp(s.at, text, s.size) == 0;
}

bool str_same(struct str a, struct str b)
{
	return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

bool config_id_same(const struct config_id *a, const struct config_id *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}
