/* The GRANT answer: what one command gets. No I/O here; fuzzed. */
#ifndef TAZPOD_GRANT_H
#define TAZPOD_GRANT_H

#include <stdbool.h>

#include "protocol/set.h"

/* One operation, fields as in struct op; the strings point into the frame's body. */
struct grant_op {
	enum record_type type;
	uint32_t size;
	struct str a, b, env;
	uint16_t mode;
	uint8_t flags;
};

/* Whether what ends is renewed before it does. */
enum renewal { RENEWAL_IN_TIME = 0, RENEWAL_FAILED = 1, RENEWAL_NONE = 2 };
#define GRANT_NO_END UINT32_MAX

struct grant {
	uint16_t umask;
	uint32_t left_s; /* until something that is delivered ends; GRANT_NO_END, or 0: it has ended */
	enum renewal renewal;
	uint32_t count;
	struct grant_op *ops;
};

/* Encodes what stands before the operations: everything of GRANT but `ops`. */
void grant_encode_head(struct writer *w, const struct grant *grant);
/* Encodes one operation of a set, whose entry (if it has one) holds SIZE bytes. */
void grant_encode_op(struct writer *w, const struct op *op, uint32_t size);
/* Decodes the body of a GRANT frame. False when it is not one; then nothing is left allocated. */
bool grant_parse(struct grant *out, const uint8_t *body, size_t size);
void grant_free(struct grant *grant);

#endif
