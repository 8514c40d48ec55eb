/* The SET payload of PROTOCOL.md, parsed in place: values stay where they are, only offsets are kept beside them. */
#ifndef TAZPOD_SET_H
#define TAZPOD_SET_H

#include "protocol/wire.h"

enum {
	SET_MAX_ENTRIES = 16384,
	SET_MAX_PLANS = 512,
	SET_MAX_OPS = 65536,
	SET_MAX_VALUE = 1 << 20,
	SET_MAX_PATH = 4095,
	SET_MAX_ENV = 32767,
	SET_MAX_REVOKE = 65536,
	UMASK_KEEP = 0xFFFF
};

enum record_type {
	RECORD_META = 1,
	RECORD_ENTRY = 2,
	RECORD_PLAN = 3,
	RECORD_FILE = 4,
	RECORD_VALUE = 5,
	RECORD_BIND = 6,
	RECORD_ENV = 7,
	RECORD_MISSING = 8,
	RECORD_END = 9
};

/* Flags of an ENV. */
enum { ENV_IF_UNSET = 1, ENV_GOES_WITH_PREVIOUS = 2 };

enum entry_kind { ENTRY_SECRET = 0, ENTRY_RENDERED = 1, ENTRY_INTERNAL = 2 };
enum scope { SCOPE_USER = 0, SCOPE_TERMINAL = 1 };
enum cause { CAUSE_UNLOCK = 0, CAUSE_REFRESH = 1 };

/* Internal entries that the holder itself knows: the vault's own key, and what `tazpod revoke` reads at the lock. */
#define ENTRY_IDENTITY "@identity"
#define ENTRY_REVOKE "@revoke"
/* What may be known of a set without its values: names, sizes, dates, fingerprints. The one entry that needs no proof. */
#define ENTRY_ABOUT "@about"

/* Where the body of META has its cause: what `ghost put` looks at on its way through (pass.c). */
enum { META_CAUSE_AT = 13 };

struct entry {
	enum entry_kind kind;
	struct str name;
	const uint8_t *value;
	uint32_t size;
};

/* Of a FILE, beside its mode: what the command makes of it is kept for the session; a person is asked whether the vault
 * takes it as well. */
enum { MODE_WRITEBACK = 01000, MODE_TO_VAULT = 02000 };

/* FILE: a = dir, b = file, env. VALUE: env. BIND: a = target. ENV: env = name, b = value. MISSING: a = name. */
struct op {
	enum record_type type;
	uint32_t entry;
	struct str a, b, env;
	uint16_t mode;
	uint8_t flags;
};

struct plan {
	struct str pattern;
	uint16_t umask;
	uint32_t valid_s; /* until something that it delivers ends, from the set's arrival; 0: never */
	uint32_t first, count;
};

struct set {
	uint32_t idle_s, max_s, refresh_s; /* 0: never */
	enum scope scope;
	enum cause cause;
	bool has_config, lock_on_exit;
	bool proven;      /* a person has typed the passphrase for it */
	uint32_t proof_s; /* for so long that counts at their terminal */
	const uint8_t *digest; /* WIRE_DIGEST bytes: of the tazpod.yaml that it was compiled from */
	struct config_id config;
	struct str label, root, provider;
	struct entry *entries;
	struct plan *plans;
	const uint8_t *data;
	size_t size;
	uint32_t *ops; /* where in DATA the record of each operation starts: 4 bytes instead of 72 */
	uint32_t entry_count, plan_count, op_count, secret_count;
};

/* Parses the body of a SET frame. The set points into DATA, which must outlive it. Returns NULL, or one line that
 * says what is wrong (no secret in it); then nothing is left allocated. */
const char *set_parse(struct set *out, const uint8_t *data, size_t size);
void set_free(struct set *set);
/* The plan of a command's basename, the plan `*`, or NULL. */
const struct plan *set_plan(const struct set *set, struct str command);
/* Decodes operation INDEX (0 to op_count - 1), which set_parse has checked. */
struct op set_op(const struct set *set, uint32_t index);
const struct entry *set_entry(const struct set *set, struct str name);
/* The entry of that name that is kept for tazpod itself, or NULL. */
const struct entry *set_internal(const struct set *set, const char *name);
/* The entries in an order that set_find searches; malloc'ed, NULL where memory is full. */
const struct entry **set_sorted(const struct set *set);
const struct entry *set_find(const struct set *set, const struct entry *const *sorted, struct str name);

#endif
