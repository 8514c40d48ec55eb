/* Who has shown that they know the passphrase, and for how long that counts. */
#include <string.h>
#include <time.h>

#include "holder/serve.h"
#include "lib/base.h"

/* Its place in the list; terminal_count where it is not there. */
static uint32_t find_terminal(const struct holder *h, const struct terminal *t)
{
	uint32_t i = 0;
	while (i < h->terminal_count &&
	       (h->terminals[i].terminal.tty != t->tty || h->terminals[i].terminal.session != t->session ||
	        h->terminals[i].terminal.leader_start != t->leader_start))
		i++;
	return i;
}

/* NULL: it has none, or one where nobody has given the passphrase. */
static const struct known_terminal *terminal_of_client(const struct holder *h, const struct client *c)
{
	struct terminal t;
	uint32_t i = terminal_of(c->pid, c->pidfd, &t) ? find_terminal(h, &t) : h->terminal_count;
	return i < h->terminal_count ? &h->terminals[i] : NULL;
}

bool may_ask(struct holder *h, struct client *c, struct str what)
{
	if (c->trusted || h->held->set.scope == SCOPE_USER || terminal_of_client(h, c))
		return true;
	note_denied(h, c, what, "scope: terminal");
	answer_error(c, ERROR_DENIED, "this terminal has not given the passphrase (session.scope is terminal)");
	return false;
}

bool is_key(const struct held *held, const uint8_t *bytes, size_t size)
{
	const struct entry *key = set_internal(&held->set, ENTRY_IDENTITY);
	unsigned difference = 0;
	if (!key || key->size != size || size == 0)
		return false;
	for (size_t i = 0; i < size; i++) /* no early end: the time tells nothing */
		difference |= (unsigned)(key->value[i] ^ bytes[i]);
	return difference == 0;
}

void note_terminal(struct holder *h, const struct client *c, bool keep, bool proven)
{
	struct terminal t;
	if (!keep)
		h->terminal_count = 0;
	if (!terminal_of(c->pid, c->pidfd, &t))
		return;
	uint32_t i = find_terminal(h, &t);
	if (i == h->terminal_count) {
		if (h->terminal_count == TERMINALS)
			memmove(h->terminals, h->terminals + 1, --h->terminal_count * sizeof *h->terminals);
		i = h->terminal_count++;
		h->terminals[i] = (struct known_terminal){.terminal = t};
	}
	if (proven)
		h->terminals[i].proven_until = clock_ns(CLOCK_BOOTTIME) + h->held->set.proof_s * SECOND_NS;
}

bool is_proven(const struct holder *h, const struct client *c)
{
	const struct known_terminal *known = terminal_of_client(h, c);
	return known && clock_ns(CLOCK_BOOTTIME) < known->proven_until;
}
