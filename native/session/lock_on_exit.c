#include "session/lock_on_exit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/state.h"
#include "lib/base.h"
#include "lib/location.h"
#include "lib/process.h"
#include "protocol/channel.h"
#include "session/page.h"
#include "verbs.h"

static bool is_shell_name(struct str name)
{
	static const char *const known[] = {"bash", "zsh", "fish", "sh", "dash", "ksh", "mksh", "nu", "elvish", "xonsh"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_is(name, known[i]))
			return true;
	return false;
}

/* In a child: whatever goes wrong here must not keep the session from ending. */
static _Noreturn void lock_if_last(int page, int shells)
{
	struct location location;
	struct reply reply;
	struct state state;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || flock(shells, LOCK_EX | LOCK_NB) != 0)
		_exit(0); /* another session of this project goes on */
	location_find(&location);
	int fd = channel_connect(&location);
	if (fd < 0)
		_exit(0);
	channel_send_empty(fd, FRAME_STATUS);
	channel_receive(fd, &reply);
	state_decode(&reply, &state);
	if (!state.lock_on_exit)
		_exit(0);
	/* `tazpod shell --plain` and `tazpod exec bash` are shells too; our own may be about to end. */
	for (uint16_t i = 0; i < state.running_count; i++)
		if (state.running[i].pid != page_shell(page) && is_shell_name(state.running[i].command))
			_exit(0);
	char *none[] = {NULL, NULL};
	_exit(verb_lock(0, none + 1));
}

void lock_on_exit(int page, int shells)
{
	pid_t child = fork();
	if (child == 0)
		lock_if_last(page, shells);
	if (child > 0)
		(void)process_reap(child);
}
