#include "protocol/grant.h"

#include <stdlib.h>

#include "lib/base.h"

void grant_encode_head(struct writer *w, const struct grant *grant)
{
	put_u16(w, grant->umask);
	put_u32(w, grant->left_s);
	put_u8(w, (uint8_t)grant->renewal);
	put_u32(w, grant->count);
}

void grant_encode_op(struct writer *w, const struct op *op, uint32_t size)
{
	put_u8(w, (uint8_t)op->type);
	if (op->type == RECORD_ENV) {
		put_u8(w, op->flags);
		put_str(w, op->env.at, op->env.size);
		put_str(w, op->b.at, op->b.size);
		return;
	}
	put_u32(w, size);
	if (op->type != RECORD_VALUE)
		put_str(w, op->a.at, op->a.size);
	if (op->type == RECORD_FILE)
		put_str(w, op->b.at, op->b.size);
	if (op->type != RECORD_VALUE)
		put_u16(w, op->mode);
	if (op->type != RECORD_BIND)
		put_str(w, op->env.at, op->env.size);
}

static void parse_op(struct grant_op *op, struct reader *r)
{
	uint8_t type = get_u8(r);
	op->type = (enum record_type)type;
	if (type == RECORD_ENV) {
		op->flags = get_u8(r);
		op->env = get_str(r, WIRE_MAX_NAME);
		op->b = get_str(r, SET_MAX_ENV);
		return;
	}
	if (type != RECORD_FILE && type != RECORD_VALUE && type != RECORD_BIND)
		r->bad = true;
	op->size = get_u32(r);
	if (op->size > SET_MAX_VALUE)
		r->bad = true;
	if (type != RECORD_VALUE)
		op->a = get_str(r, type == RECORD_BIND ? (size_t)SET_MAX_PATH : (size_t)WIRE_MAX_NAME);
	if (type == RECORD_FILE)
		op->b = get_str(r, WIRE_MAX_NAME);
	if (type != RECORD_VALUE)
		op->mode = get_u16(r);
	if (type != RECORD_BIND)
		op->env = get_str(r, WIRE_MAX_NAME);
}

bool grant_parse(struct grant *out, const uint8_t *body, size_t size)
{
	struct reader r = {body, size, false};
	out->umask = get_u16(&r);
	out->left_s = get_u32(&r);
	uint8_t renewal = get_u8(&r);
	out->renewal = (enum renewal)renewal;
	out->count = get_u32(&r);
	out->ops = NULL;
	if (r.bad || renewal > RENEWAL_NONE || out->count > SET_MAX_OPS || out->count > size) /* an operation has at least one byte */
		return false;
	out->ops = allocate(out->count, sizeof *out->ops);
	for (uint32_t i = 0; i < out->count && !r.bad; i++)
		parse_op(&out->ops[i], &r);
	if (!r.bad && r.left == 0)
		return true;
	grant_free(out);
	return false;
}

void grant_free(struct grant *grant)
{
	free(grant->ops);
	*grant = (struct grant){0};
}
