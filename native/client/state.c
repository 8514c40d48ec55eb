#include "client/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/figures.h"
#include "lib/json.h"

static bool take_running(struct reader *r, struct state *out)
{
	if (r->bad || out->running_count > STATE_MAX_RUNNING)
		return false;
	out->running = allocate(out->running_count, sizeof *out->running);
	for (uint16_t i = 0; i < out->running_count; i++) {
		struct running_command *c = &out->running[i];
		c->pid = (pid_t)get_u32(r);
		c->started_ms = get_u64(r);
		c->command = get_str(r, WIRE_MAX_NAME);
		c->name_count = get_u16(r);
		c->names = *r;
		for (uint16_t n = 0; n < c->name_count && !r->bad; n++)
			(void)get_str(r, UINT16_MAX);
	}
	return !r->bad && r->left == 0;
}

bool state_parse(struct state *out, const uint8_t *body, size_t size)
{
	struct reader r = {body, size, false};
	*out = (struct state){0};
	out->max_ms = (int64_t)get_u64(&r);
	out->idle_ms = (int64_t)get_u64(&r);
	out->refresh_ms = (int64_t)get_u64(&r);
	out->state = get_u8(&r);
	out->memory = get_u8(&r);
	out->privileged = get_u8(&r);
	out->backing = get_u8(&r);
	out->lock_on_exit = get_u8(&r) == 1;
	out->refresh = get_u8(&r);
	out->refresh_code = get_u8(&r);
	out->monitor = get_u8(&r);
	out->refreshed_ms = get_u64(&r);
	out->secrets = get_u32(&r);
	out->label = get_str(&r, WIRE_MAX_NAME);
	out->root = get_str(&r, UINT16_MAX);
	out->provider = get_str(&r, WIRE_MAX_NAME);
	out->running_count = get_u16(&r);
	if (take_running(&r, out))
		return true;
	state_free(out);
	return false;
}

void state_free(struct state *state)
{
	free(state->running);
	*state = (struct state){0};
}

void state_decode(const struct reply *reply, struct state *out)
{
	if (reply->frame.type != FRAME_STATE)
		die_reply(reply);
	if (!state_parse(out, reply->body, reply->frame.length))
		die(EXIT_BUG, "tazpod lock && tazpod pull", "the holder's state can't be read");
}

static const char *const memory_names[] = {"memfd_secret", "mlock"};
static const char *const backing_names[] = {"tmpfs", "tmpfs-noswap", "ramfs"};

static const char *name_of(const char *const *names, size_t count, uint8_t index)
{
	return index < count ? names[index] : "unknown";
}

static void json_str(struct str s)
{
	json_print(s.at, s.size);
}

/* Control characters of a hostile name must not reach the terminal: those of ASCII, and those that UTF-8 writes as C2
 * 80 to C2 9F. (9B alone is a part of letters, as in U+021B.) */
static void plain(struct str s)
{
	for (uint16_t i = 0; i < s.size; i++) {
		unsigned char c = (unsigned char)s.at[i], next = i + 1 < s.size ? (unsigned char)s.at[i + 1] : 0;
		bool control = c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
		putchar(control ? '?' : c);
		i = (uint16_t)(i + (control && c == 0xc2));
	}
}

static struct str str_of(const char *text)
{
	return (struct str){text, (uint16_t)strlen(text)};
}

static struct str label_of(const struct state *state, const struct location *location)
{
	if (state && state->label.size > 0)
		return state->label;
	const char *slash = strrchr(location->root, '/');
	return str_of(location->has_config ? (slash && slash[1] ? slash + 1 : "/") : "default");
}

void state_print_label(const struct state *state, const struct location *location)
{
	plain(label_of(state && state->state == 1 ? state : NULL, location));
}

static void json_time_at(const char *key, uint64_t ms)
{
	char text[32];
	format_time(ms, text);
	printf(",\"%s\":\"%s\"", key, text);
}

static void json_time(const char *key, int64_t left_ms)
{
	if (left_ms < 0)
		printf(",\"%s\":null", key);
	else
		json_time_at(key, wall_ms() + (uint64_t)left_ms);
}

/* Where nothing is refreshed the key is null; both times may be. */
static void json_refresh(const struct state *state)
{
	printf(",\"refresh\":");
	if (state->refresh != REFRESH_WAITING && state->refresh != REFRESH_FAILED) {
		printf("null");
		return;
	}
	printf("{\"state\":\"%s\"", state->refresh == REFRESH_FAILED ? "failed" : "waiting");
	json_time("at", state->refresh_ms);
	if (state->refreshed_ms)
		json_time_at("last", state->refreshed_ms);
	else
		printf(",\"last\":null");
	printf(",\"monitor\":%s}", state->monitor ? "true" : "false");
}

void state_print_running_json(const struct state *state)
{
	putchar('[');
	for (uint16_t i = 0; i < state->running_count; i++) {
		const struct running_command *c = &state->running[i];
		struct reader names = c->names;
		char started[32];
		format_time(c->started_ms, started);
		printf("%s{\"pid\":%d,\"command\":", i ? "," : "", c->pid);
		json_str(c->command);
		printf(",\"startedAt\":\"%s\",\"secrets\":[", started);
		for (uint16_t n = 0; n < c->name_count; n++) {
			if (n)
				putchar(',');
			json_str(get_str(&names, UINT16_MAX));
		}
		printf("]}");
	}
	putchar(']');
}

struct location state_location(const struct state *state)
{
	struct location location = {0};
	if (state->root.size > 0 && state->root.size < sizeof location.root) {
		memcpy(location.root, state->root.at, state->root.size);
		location.has_config = true;
	}
	return location;
}

void state_print_root(const struct location *location)
{
	if (location->has_config)
		json_str(str_of(location->root));
	else
		printf("null");
}

void state_print_unknown(const char *reason, pid_t holder)
{
	printf("{\"state\":\"unknown\",\"project\":null");
	if (holder)
		printf(",\"holder\":%d", holder);
	printf(",\"reason\":");
	json_print(reason, strlen(reason));
	printf("}\n");
}

void state_print_json(const struct state *state, const struct location *location)
{
	bool unlocked = state && state->state == 1;
	printf("{\"state\":\"%s\",\"project\":", unlocked ? "unlocked" : "locked");
	json_str(label_of(unlocked ? state : NULL, location));
	printf(",\"root\":");
	state_print_root(location);
	if (!unlocked) {
		printf(",\"expiresAt\":null,\"idleAt\":null,\"refresh\":null,\"secrets\":0,\"running\":[],\"isolation\":null}\n");
		return;
	}
	printf(",\"holder\":%d,\"provider\":", state->holder);
	json_str(state->provider);
	json_time("expiresAt", state->max_ms);
	json_time("idleAt", state->idle_ms);
	json_refresh(state);
	printf(",\"secrets\":%" PRIu32 ",\"running\":", state->secrets);
	state_print_running_json(state);
	printf(",\"isolation\":{\"mode\":\"%s\",\"backing\":\"%s\",\"memory\":\"%s\"}}\n",
	       state->privileged ? "root" : "rootless", name_of(backing_names, 3, state->backing),
	       name_of(memory_names, 2, state->memory));
}

static void print_span(uint64_t ms)
{
	char text[FIGURE_ROOM];
	printf("%s", format_span(ms, text));
}

void state_print_running(const struct state *state, const char *indent)
{
	uint64_t now = wall_ms();
	for (uint16_t i = 0; i < state->running_count; i++) {
		const struct running_command *c = &state->running[i];
		struct reader names = c->names;
		printf("%s", indent);
		plain(c->command);
		printf("  pid %d, ", c->pid);
		print_span(now > c->started_ms ? now - c->started_ms : 0);
		printf("%s", c->name_count ? ", holds " : ", holds nothing");
		for (uint16_t n = 0; n < c->name_count && n < 6; n++) {
			printf("%s", n ? ", " : "");
			plain(get_str(&names, UINT16_MAX));
		}
		if (c->name_count > 6)
			printf(" and %d more", c->name_count - 6);
		putchar('\n');
	}
}

static void paint(const char *code, const char *text)
{
	if (isatty(STDOUT_FILENO) && !getenv("NO_COLOR"))
		printf("\033[%sm%s\033[0m", code, text);
	else
		printf("%s", text);
}

/* The line of the next refresh; nothing where the set asks for none. */
static void print_refresh(const struct state *state)
{
	if (state->refresh != REFRESH_WAITING && state->refresh != REFRESH_FAILED)
		return;
	printf("\n  refresh    ");
	if (state->refresh == REFRESH_FAILED) {
		uint64_t now = wall_ms();
		paint("1;31", "FAILED");
		printf(" ");
		print_span(now > state->refreshed_ms ? now - state->refreshed_ms : 0);
		printf(" ago (exit %u)%s", state->refresh_code, state->refresh_ms < 0 ? "" : ", again ");
	}
	if (state->refresh_ms >= 1000 && state->monitor) {
		printf("in ");
		print_span((uint64_t)state->refresh_ms);
	} else if (state->refresh_ms >= 0 && state->monitor) {
		printf("now");
	} else if (state->refresh_ms >= 0) {
		printf("not by itself (no monitor is running); next: tazpod pull");
	} else {
		printf("; next: tazpod pull");
	}
}

void state_print_line(const struct state *state, const struct location *location)
{
	paint("1;32", "unlocked");
	printf("  ");
	plain(label_of(state, location));
	printf("  %" PRIu32 " secret%s, ", state->secrets, state->secrets == 1 ? "" : "s");
	if (state->max_ms < 0) {
		printf("locks by tazpod lock");
	} else {
		printf("locks in ");
		print_span((uint64_t)state->max_ms);
	}
	printf(", %u running", state->running_count);
	if (location->has_config) {
		printf("  ");
		plain(str_of(location->root));
	}
	putchar('\n');
}

void state_print_human(const struct state *state, const struct location *location)
{
	bool unlocked = state && state->state == 1;
	paint(unlocked ? "1;32" : "1;33", unlocked ? "unlocked" : "locked");
	printf("  ");
	plain(label_of(unlocked ? state : NULL, location));
	if (!unlocked) {
		printf("\n  next: %s\n", location->has_config ? "tazpod pull" : "tazpod init, or tazpod pull for the vault alone");
		return;
	}
	printf("  (");
	plain(state->provider);
	printf(")\n  secrets    %" PRIu32 "\n  locks      ", state->secrets);
	if (state->max_ms < 0) {
		printf("by tazpod lock");
	} else {
		printf("in ");
		print_span((uint64_t)state->max_ms);
	}
	if (state->idle_ms >= 0) {
		printf(", when idle in ");
		print_span((uint64_t)state->idle_ms);
	} else if (state->running_count > 0) {
		printf("; idle time waits for the running commands");
	}
	print_refresh(state);
	printf("\n  isolation  %s, %s, %s\n",
	       state->privileged ? "root (readable by root's programs)" : "rootless (readable by your other processes)",
	       name_of(backing_names, 3, state->backing), name_of(memory_names, 2, state->memory));
	printf("  running%s\n", state->running_count ? "" : "    nothing");
	state_print_running(state, "    ");
}
