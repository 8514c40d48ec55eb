/* A few macros instead of a framework: each check prints where it failed, the program's exit code says whether any did. */
#ifndef TAZPOD_CHECK_H
#define TAZPOD_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/set.h"

/* Counts, and prints FILE:LINE and WHAT when HOLDS is false. Returns HOLDS. */
bool check_that(bool holds, const char *file, int line, const char *what);
#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)
/* The same for texts; shows both. A NULL is a text of its own. */
bool check_text(const char *seen, const char *wanted, const char *file, int line);
#define CHECK_TEXT(seen, wanted) check_text((seen), (wanted), __FILE__, __LINE__)

/* Runs BODY in a child process and returns its exit code (die() exits); -1 for a death by signal. TEXT gets what it
 * said on stderr, cut at SIZE - 1. */
int check_exit(void (*body)(void), char *text, size_t size);

/* Builds SET bodies: records that are as long as what is put between record_begin and record_end. */
struct build {
	struct writer w;
	size_t record; /* where the open record's length stands */
	uint32_t records;
};
void record_begin(struct build *b, uint8_t type);
void record_end(struct build *b);
void add_meta(struct build *b);
void add_meta_of(struct build *b, enum scope scope, enum cause cause);
void add_entry(struct build *b, uint8_t kind, const char *name, const void *value, uint32_t size);
void add_plan(struct build *b, const char *pattern, uint16_t umask);
void add_plan_until(struct build *b, const char *pattern, uint16_t umask, uint32_t valid_s);
void add_file(struct build *b, uint32_t entry, const char *dir, const char *file, uint16_t mode, const char *env);
void add_value(struct build *b, uint32_t entry, const char *env);
void add_bind(struct build *b, uint32_t entry, const char *target, uint16_t mode);
void add_env(struct build *b, uint8_t flags, const char *name, const char *value);
void add_missing(struct build *b, const char *name);
void add_end(struct build *b);
void put_text(struct writer *w, const char *text);

/* The groups of checks, one file each. */
void check_base(void);
void check_wire(void);
void check_set(void);
void check_grant(void);
void check_state(void);
void check_lookup(void);
void check_keep(void);
void check_watch(void);
void check_running(void);
void check_journal(void);
void check_arena(void);
void check_vectors(void);
void check_json(void);
void check_layout(void);

#endif
