#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/base.h"
#include "test/check.h"
#include "test/fuzz.h"

enum { KEPT_ENTRY = 6 };
static struct held *usual;
static const uint8_t *kept_value;

static struct held *usual_set(void)
{
	struct held *held = allocate(1, sizeof *held);
	struct build b = {0};
	add_meta_of(&b, SCOPE_USER, CAUSE_UNLOCK);
	add_entry(&b, ENTRY_SECRET, "TOKEN", "a\0b", 3);
	add_entry(&b, ENTRY_SECRET, "EMPTY", "", 0);
	add_entry(&b, ENTRY_RENDERED, "./infra/x.tfvars", "x = 1\n", 6);
	add_entry(&b, ENTRY_INTERNAL, "@identity", "KEY", 3);
	add_entry(&b, ENTRY_INTERNAL, ENTRY_REVOKE, "TOKEN", 5);
	add_entry(&b, ENTRY_INTERNAL, ENTRY_ABOUT, "{}", 2);
	add_entry(&b, ENTRY_SECRET, "KUBECONFIG", "old", 3);
	add_plan_until(&b, "sh", 077, 3600);
	add_file(&b, 0, "token", "token", 0600, "TOKEN_FILE");
	add_value(&b, 1, "EMPTY");
	add_bind(&b, 2, "/home/me/shop/infra/x.tfvars", 0600);
	add_env(&b, 1, "A", "b");
	add_plan(&b, "kubectl", UMASK_KEEP);
	add_file(&b, 6, "kubeconfig", "kubeconfig", 0600 | MODE_WRITEBACK, "KUBECONFIG");
	add_plan(&b, "env", UMASK_KEEP);
	add_missing(&b, "OTHER");
	add_plan(&b, "*", UMASK_KEEP);
	add_end(&b);
	if (!arena_create(&held->arena, b.w.used))
		die_errno(EXIT_SYSTEM, NULL, "arena_create");
	memcpy(held->arena.data, b.w.data, b.w.used);
	const char *problem = set_parse(&held->set, held->arena.data, b.w.used);
	if (problem)
		die(EXIT_BUG, NULL, "%s", problem);
	writer_free(&b.w);
	held->uses = 1;
	return held;
}

/* What wipe_all takes away. */
static void open_again(struct holder *h)
{
	h->listener = eventfd(0, EFD_CLOEXEC);
	h->ending = false;
	h->listening = true;
}

struct holder *fuzz_holder(void)
{
	static struct holder *h;
	if (h)
		return h;
	h = allocate(1, sizeof *h);
	char folder[] = "/tmp/tz-fuzz-XXXXXX";
	if (!mkdtemp(folder))
		die_errno(EXIT_SYSTEM, NULL, "mkdtemp");
	h->journal = open("/dev/null", O_WRONLY | O_CLOEXEC);
	h->work = h->runtime = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rmdir(folder) != 0) /* stays open, and empty */
		die_errno(EXIT_SYSTEM, NULL, "rmdir");
	h->namespaces[0] = h->namespaces[1] = h->journal;
	h->terminate = -1;
	h->uid = geteuid();
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	h->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	h->held = usual_set();
	h->held->uses++; /* ours: fuzz_reset puts it back */
	usual = h->held;
	kept_value = usual->set.entries[KEPT_ENTRY].value;
	open_again(h);
	return h;
}

struct client *fuzz_client(int fd)
{
	struct client *c = allocate(1, sizeof *c);
	c->fd = fd;
	c->pid = getpid();
	c->carried = -1;
	c->pidfd = eventfd(0, EFD_CLOEXEC);
	return c;
}

void fuzz_reset(struct holder *h)
{
	for (uint32_t i = 0; i < h->running.room; i++)
		if (h->running.slots[i].pidfd >= 0)
			running_remove(&h->running, i);
	if (h->ending)
		open_again(h);
	if (h->held != usual) {
		if (h->held)
			held_release(h->held);
		h->held = usual;
		usual->uses++;
	}
	for (size_t i = 0; i < usual->kept_count; i++) /* what a KEEP has left */
		arena_wipe(&usual->kept[i]);
	usual->kept_count = 0;
	usual->set.entries[KEPT_ENTRY].value = kept_value;
	usual->set.entries[KEPT_ENTRY].size = 3;
	drop_monitor(h);
	h->set_at = h->refresh_at = h->try_at = h->overdue_said_at = h->refreshed_ms = 0;
	h->refresh_code = 0;
	h->max_at = h->idle_at = 0;
	h->terminal_count = 0;
}
