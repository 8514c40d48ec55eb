#include "protocol/set.h"

#include <stdlib.h>
#include <string.h>

/* Ordered by size first: cheap, and any total order finds twins. */
static int compare_str(struct str a, struct str b)
{
	if (a.size != b.size)
		return a.size < b.size ? -1 : 1;
	return memcmp(a.at, b.at, a.size);
}

static int compare_names(const void *a, const void *b)
{
	return compare_str(*(const struct str *)a, *(const struct str *)b);
}

static int compare_files(const void *a, const void *b)
{
	const struct op *x = a, *y = b;
	int order = compare_str(x->a, y->a);
	return order ? order : compare_str(x->b, y->b);
}

/* One path component that can't leave its folder, and shows as typed on any terminal. */
static bool is_component(struct str s)
{
	for (uint16_t i = 0; i < s.size; i++) {
		char c = s.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
		      c == '-'))
			return false;
	}
	return s.size > 0 && s.size <= WIRE_MAX_NAME && !str_is(s, ".") && !str_is(s, "..");
}

static bool is_env_name(struct str s)
{
	for (uint16_t i = 0; i < s.size; i++) {
		char c = s.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	return s.size > 0 && s.size <= WIRE_MAX_NAME;
}

struct counts {
	uint32_t entries, plans, ops;
};

/* First pass: bounds of every record and their number, so that the second one allocates once. */
static const char *count_records(const uint8_t *data, size_t size, struct counts *out)
{
	struct reader r = {data, size, false};
	uint32_t records = 0;
	uint8_t previous = 0;
	while (r.left > 0) {
		uint8_t type = get_u8(&r);
		uint32_t length;
		const uint8_t *body = get_bytes(&r, WIRE_MAX_SET, &length);
		if (!body)
			return "a record is cut short";
		if ((type == RECORD_META) != (records == 0))
			return "META must be the first record, once";
		if (type == RECORD_ENTRY) {
			if (previous > RECORD_ENTRY)
				return "an ENTRY after a PLAN";
			if (++out->entries > SET_MAX_ENTRIES)
				return "more than 16,384 entries";
		} else if (type == RECORD_PLAN) {
			if (++out->plans > SET_MAX_PLANS)
				return "more than 512 plans";
		} else if (type >= RECORD_FILE && type <= RECORD_MISSING) {
			if (out->plans == 0)
				return "an operation outside a PLAN";
			if (++out->ops > SET_MAX_OPS)
				return "more than 65,536 operations";
		} else if (type == RECORD_END) {
			struct reader end = {body, length, false};
			if (get_u32(&end) != records || end.bad || end.left > 0 || r.left > 0)
				return "END does not fit the records before it";
			return NULL;
		} else if (type != RECORD_META) {
			return "a record of unknown type";
		}
		previous = type;
		records++;
	}
	return "END is missing";
}

static const char *parse_meta(struct set *set, struct reader *r)
{
	set->idle_s = get_u32(r);
	set->max_s = get_u32(r);
	set->refresh_s = get_u32(r);
	uint8_t scope = get_u8(r), cause = get_u8(r), lock_on_exit = get_u8(r), proven = get_u8(r);
	set->proof_s = get_u32(r);
	uint8_t has_config = get_u8(r);
	set->config = get_config_id(r);
	set->digest = get_raw(r, WIRE_DIGEST);
	set->label = get_str(r, WIRE_MAX_NAME);
	set->root = get_str(r, SET_MAX_PATH);
	set->provider = get_str(r, WIRE_MAX_NAME);
	set->secret_count = get_u32(r);
	if (scope > SCOPE_TERMINAL || cause > CAUSE_REFRESH || lock_on_exit > 1 || proven > 1 || has_config > 1)
		return "META has an unknown scope, cause or flag";
	set->scope = (enum scope)scope;
	set->cause = (enum cause)cause;
	set->lock_on_exit = lock_on_exit == 1;
	set->proven = proven == 1;
	set->has_config = has_config == 1;
	return NULL;
}

static const char *parse_entry(struct set *set, struct reader *r)
{
	struct entry *e = &set->entries[set->entry_count++];
	uint8_t kind = get_u8(r);
	e->name = get_str(r, WIRE_MAX_NAME);
	e->value = get_bytes(r, SET_MAX_VALUE, &e->size);
	if (kind > ENTRY_INTERNAL)
		return "an ENTRY of unknown kind";
	if (!r->bad && e->name.size == 0)
		return "an ENTRY without a name";
	if (kind == ENTRY_INTERNAL && str_is(e->name, ENTRY_REVOKE) && e->size > SET_MAX_REVOKE)
		return "the entry " ENTRY_REVOKE " is larger than 65,536 bytes";
	e->kind = (enum entry_kind)kind;
	return NULL;
}

static const char *check_mode(uint16_t mode)
{
	return mode & ~0700 ? "a mode wider than 0700" : NULL;
}

static const char *check_entry(const struct set *set, const struct op *op)
{
	if (op->entry >= set->entry_count)
		return "an operation names an entry that is not there";
	if (set->entries[op->entry].kind == ENTRY_INTERNAL)
		return "an operation grants an internal entry";
	return NULL;
}

static const char *parse_file(const struct set *set, struct op *op, struct reader *r)
{
	op->entry = get_u32(r);
	op->a = get_str(r, WIRE_MAX_NAME);
	op->b = get_str(r, WIRE_MAX_NAME);
	op->mode = get_u16(r);
	op->env = get_str(r, WIRE_MAX_NAME);
	if (r->bad)
		return NULL; /* reported by the caller */
	if (!is_component(op->a) || !is_component(op->b) || op->a.at[0] == '.' || str_is(op->a, "work"))
		return "a FILE with a name that is not allowed";
	if (op->env.size > 0 && !is_env_name(op->env))
		return "a FILE with a variable name that is not one";
	const char *problem = check_mode((uint16_t)(op->mode & ~(MODE_WRITEBACK | MODE_TO_VAULT)));
	return problem ? problem : check_entry(set, op);
}

static const char *parse_op(const struct set *set, struct op *op, enum record_type type, struct reader *r)
{
	const char *problem = NULL;
	op->type = type;
	switch (type) {
	case RECORD_FILE:
		return parse_file(set, op, r);
	case RECORD_VALUE:
		op->entry = get_u32(r);
		op->env = get_str(r, WIRE_MAX_NAME);
		if (r->bad)
			return NULL;
		return is_env_name(op->env) ? check_entry(set, op) : "a VALUE with a variable name that is not one";
	case RECORD_BIND:
		op->entry = get_u32(r);
		op->a = get_str(r, SET_MAX_PATH);
		op->mode = get_u16(r);
		if (r->bad)
			return NULL;
		if (op->a.size < 2 || op->a.at[0] != '/')
			return "a BIND whose target is not an absolute path";
		problem = check_mode(op->mode);
		return problem ? problem : check_entry(set, op);
	case RECORD_ENV:
		op->flags = get_u8(r);
		op->env = get_str(r, WIRE_MAX_NAME);
		op->b = get_str(r, SET_MAX_ENV);
		if (!r->bad && (!is_env_name(op->env) || op->flags > (ENV_IF_UNSET | ENV_GOES_WITH_PREVIOUS)))
			return "an ENV with a variable name or flag that is not one";
		return NULL;
	case RECORD_MISSING:
		op->a = get_str(r, WIRE_MAX_NAME);
		return NULL;
	case RECORD_META:
	case RECORD_ENTRY:
	case RECORD_PLAN:
	case RECORD_END:
		break;
	}
	return "a record of unknown type";
}

/* AT is where the record starts, counted from the start of the data. */
static const char *parse_record(struct set *set, uint8_t type, uint32_t at, struct reader *r)
{
	struct op op = {0};
	if (type == RECORD_META)
		return parse_meta(set, r);
	if (type == RECORD_ENTRY)
		return parse_entry(set, r);
	if (type == RECORD_PLAN) {
		struct plan *plan = &set->plans[set->plan_count++];
		plan->pattern = get_str(r, WIRE_MAX_NAME);
		plan->umask = get_u16(r);
		plan->valid_s = get_u32(r);
		plan->first = set->op_count;
		if (!r->bad && (plan->pattern.size == 0 || (plan->umask != UMASK_KEEP && plan->umask > 0777)))
			return "a PLAN without a pattern or with a wrong umask";
		return NULL;
	}
	struct plan *plan = &set->plans[set->plan_count - 1];
	plan->count++;
	set->ops[set->op_count++] = at;
	return parse_op(set, &op, (enum record_type)type, r);
}

/* Entry names, patterns, and the files within each plan must be unique; sorted copies make that n log n. */
static const char *check_unique(const struct set *set)
{
	size_t most = set->entry_count > set->plan_count ? set->entry_count : set->plan_count;
	struct str *names = calloc(most + 1, sizeof *names);
	struct op *files = calloc(set->op_count + 1u, sizeof *files);
	const char *problem = names && files ? NULL : "out of memory";
	if (!problem) {
		for (uint32_t i = 0; i < set->entry_count; i++)
			names[i] = set->entries[i].name;
		qsort(names, set->entry_count, sizeof *names, compare_names);
		for (uint32_t i = 1; i < set->entry_count; i++)
			if (str_same(names[i - 1], names[i]))
				problem = "two entries with one name";
		for (uint32_t i = 0; i < set->plan_count; i++)
			names[i] = set->plans[i].pattern;
		qsort(names, set->plan_count, sizeof *names, compare_names);
		for (uint32_t i = 1; i < set->plan_count; i++)
			if (str_same(names[i - 1], names[i]))
				problem = "two plans for one command";
	}
	for (uint32_t p = 0; !problem && p < set->plan_count; p++) {
		size_t n = 0;
		for (uint32_t i = 0; i < set->plans[p].count; i++) {
			const struct op op = set_op(set, set->plans[p].first + i);
			if (op.type == RECORD_FILE)
				files[n++] = op;
		}
		qsort(files, n, sizeof *files, compare_files);
		for (size_t i = 1; i < n; i++)
			if (compare_files(&files[i - 1], &files[i]) == 0)
				problem = "two files of one plan at one place";
	}
	free(names);
	free(files);
	return problem;
}

const char *set_parse(struct set *out, const uint8_t *data, size_t size)
{
	struct counts counts = {0};
	struct reader r = {data, size, false};
	*out = (struct set){.data = data, .size = size};
	const char *problem = count_records(data, size, &counts);
	if (problem)
		return problem;
	out->entries = calloc(counts.entries + 1u, sizeof *out->entries);
	out->plans = calloc(counts.plans + 1u, sizeof *out->plans);
	out->ops = calloc(counts.ops + 1u, sizeof *out->ops);
	if (!out->entries || !out->plans || !out->ops)
		problem = "out of memory";
	while (!problem) {
		uint32_t start = (uint32_t)(r.at - data), length;
		uint8_t type = get_u8(&r);
		const uint8_t *at = get_bytes(&r, WIRE_MAX_SET, &length);
		if (!at || type == RECORD_END)
			break;
		struct reader body = {at, length, false};
		problem = parse_record(out, type, start, &body);
		if (!problem && (body.bad || body.left > 0))
			problem = "a record is not as long as its fields, or a field is over its bound";
	}
	if (!problem)
		problem = check_unique(out);
	if (problem)
		set_free(out);
	return problem;
}

void set_free(struct set *set)
{
	free(set->entries);
	free(set->plans);
	free(set->ops);
	*set = (struct set){0};
}

const struct plan *set_plan(const struct set *set, struct str command)
{
	const struct plan *any = NULL;
	for (uint32_t i = 0; i < set->plan_count; i++) {
		if (str_same(set->plans[i].pattern, command))
			return &set->plans[i];
		if (str_is(set->plans[i].pattern, "*"))
			any = &set->plans[i];
	}
	return any;
}

struct op set_op(const struct set *set, uint32_t index)
{
	struct reader record = {set->data + set->ops[index], set->size - set->ops[index], false};
	struct op op = {0};
	uint32_t length;
	uint8_t type = get_u8(&record);
	const uint8_t *at = get_bytes(&record, WIRE_MAX_SET, &length);
	struct reader body = {at, length, false};
	(void)parse_op(set, &op, (enum record_type)type, &body);
	return op;
}

const struct entry *set_entry(const struct set *set, struct str name)
{
	for (uint32_t i = 0; i < set->entry_count; i++)
		if (str_same(set->entries[i].name, name))
			return &set->entries[i];
	return NULL;
}

const struct entry *set_internal(const struct set *set, const char *name)
{
	const struct entry *e = set_entry(set, (struct str){name, (uint16_t)strlen(name)});
	return e && e->kind == ENTRY_INTERNAL ? e : NULL;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *const *x = a, *const *y = b;
	return compare_str((*x)->name, (*y)->name);
}

const struct entry **set_sorted(const struct set *set)
{
	const struct entry **sorted = calloc(set->entry_count + 1u, sizeof *sorted);
	for (uint32_t i = 0; sorted && i < set->entry_count; i++)
		sorted[i] = &set->entries[i];
	if (sorted)
		qsort(sorted, set->entry_count, sizeof *sorted, compare_entries);
	return sorted;
}

const struct entry *set_find(const struct set *set, const struct entry *const *sorted, struct str name)
{
	const struct entry wanted = {.name = name}, *key = &wanted;
	const struct entry *const *found = bsearch(&key, sorted, set->entry_count, sizeof *sorted, compare_entries);
	return found ? *found : NULL;
}
