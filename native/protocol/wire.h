/* Encoding of PROTOCOL.md. Used by both sides of the socket and by the fuzzer; no I/O here. */
#ifndef TAZPOD_WIRE_H
#define TAZPOD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/location.h"

enum {
	WIRE_VERSION = 4,
	WIRE_HEADER = 8,
	WIRE_MAX_SET = 64 << 20,
	WIRE_MAX_REQUEST = 64 << 10,
	WIRE_MAX_PROOF = 4096, /* the vault's key, as text */
	WIRE_MAX_GET = 4 + WIRE_MAX_PROOF + 2 + 16384 * (2 + 255), /* every name of the largest set: one request sees one set */
	WIRE_MAX_KEEP = 2 * ((1 << 20) + 4) + 2 + 255, /* a value as it was given, and as it is now */
	WIRE_MAX_REPORT = 1 << 20,
	WIRE_MAX_RESULT = 1 + 8 + 4 + WIRE_MAX_REPORT,
	WIRE_DIGEST = 32, /* SHA-256 of tazpod.yaml; all zero without one */
	WIRE_MAX_NAME = 255,
	WIRE_MAX_ONLY = 200
};

/* In SIZES: there is no entry of that name. */
#define SIZE_ABSENT UINT32_MAX

enum frame_type {
	FRAME_SET = 1,
	FRAME_OK = 2,
	FRAME_EXEC = 3,
	FRAME_GRANT = 4,
	FRAME_DATA = 5,
	FRAME_STATUS = 6,
	FRAME_STATE = 7,
	FRAME_LOCK = 8,
	FRAME_GET = 9,
	FRAME_ERROR = 10,
	FRAME_WAKE = 12,
	FRAME_LAST = 13,
	FRAME_RESULT = 14,
	FRAME_SIZES = 16,
	FRAME_RENEW = 17,
	FRAME_REPORT = 18,
	FRAME_NEED = 19,
	FRAME_FETCH = 20,
	FRAME_KEEP = 21
};

enum wire_error {
	ERROR_BAD = 1,
	ERROR_VERSION = 2,
	ERROR_DENIED = 3,
	ERROR_STALE = 4,
	ERROR_MISSING = 5,
	ERROR_UNKNOWN = 6,
	ERROR_MEMORY = 7,
	ERROR_TOO_LARGE = 8,
	ERROR_EMPTY = 9,
	ERROR_OVERDUE = 10,
	ERROR_PROOF = 11,
	ERROR_MONITOR = 12,
	ERROR_CHANGED = 13
};

/* STATE: how the next refresh stands. */
enum refresh_state { REFRESH_NONE = 0, REFRESH_WAITING = 1, REFRESH_FAILED = 2 };

/* LOCK: why. */
enum lock_cause { LOCK_ASKED = 0, LOCK_SUSPEND = 1, LOCK_SCREEN = 2 };

/* A string inside somebody else's buffer; not NUL-terminated. */
struct str {
	const char *at;
	uint16_t size;
};

/* Reads from a buffer. After the first read past the end `bad` stays set and every value is 0 or empty. */
struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

/* Writes into a buffer that grows; never holds a secret. */
struct writer {
	uint8_t *data;
	size_t used, room;
};

struct frame {
	uint8_t version, type;
	uint32_t length;
};

/* Decodes the 8 bytes of a frame header. False when they are not one (magic). */
bool frame_decode(const uint8_t header[WIRE_HEADER], struct frame *out);
void frame_encode(uint8_t header[WIRE_HEADER], enum frame_type type, uint32_t length);
/* The largest body that a request of this type may have. */
uint32_t frame_limit(uint8_t type);

uint8_t get_u8(struct reader *r);
uint16_t get_u16(struct reader *r);
uint32_t get_u32(struct reader *r);
uint64_t get_u64(struct reader *r);
/* u16 length and bytes; a NUL inside, or more than MAX bytes, is bad. */
struct str get_str(struct reader *r, size_t max);
/* u32 length and bytes; more than MAX is bad. Returns where they start and how many in SIZE. */
const uint8_t *get_bytes(struct reader *r, size_t max, uint32_t *size);
/* SIZE bytes; NULL and bad where fewer are left. */
const uint8_t *get_raw(struct reader *r, size_t size);
struct config_id get_config_id(struct reader *r);

void put_u8(struct writer *w, uint8_t value);
void put_u16(struct writer *w, uint16_t value);
void put_u32(struct writer *w, uint32_t value);
void put_u64(struct writer *w, uint64_t value);
/* SIZE must be at most 65,535 (dies otherwise: a bug). */
void put_str(struct writer *w, const char *at, size_t size);
void put_raw(struct writer *w, const void *data, size_t size);
void put_config_id(struct writer *w, const struct config_id *id);
/* Leaves room for a header; frame_finish fills it. */
void frame_begin(struct writer *w);
void frame_finish(struct writer *w, enum frame_type type);
void writer_free(struct writer *w);

bool str_is(struct str s, const char *text);
/* S and a NUL; dies (a bug) where OUT has no room for it. */
void str_copy(char *out, size_t size, struct str s);
bool str_same(struct str a, struct str b);
bool config_id_same(const struct config_id *a, const struct config_id *b);

#endif
