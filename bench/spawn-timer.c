/* Times the whole life of programs, without the noise of a big parent. usage:
 *   spawn-timer ROUNDS [@DIR] PROGRAM [ARG]... [::: [@DIR] PROGRAM [ARG]...]...
 * Each round runs every command once, in turn (A B C A B C), from vfork-like spawn to its reaping; standard streams
 * are /dev/null, @DIR is the folder it starts in. Prints one line per run: "COMMAND-NUMBER NANOSECONDS". The first
 * round warms up and is not printed. A command that fails ends everything with exit 1. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The wait status of one run. */
static int run(char **argv, const posix_spawn_file_actions_t *streams)
{
	pid_t pid;
	int status;
	if (posix_spawn(&pid, argv[0], streams, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

int main(int argc, char **argv)
{
	enum { MOST = 16 };
	char **commands[MOST];
	posix_spawn_file_actions_t streams[MOST];
	int n = 0, rounds = argc > 2 ? atoi(argv[1]) : 0;
	for (int i = 2; i < argc; i++) {
		if (n == MOST)
			return 2;
		posix_spawn_file_actions_init(&streams[n]);
		posix_spawn_file_actions_addopen(&streams[n], 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addopen(&streams[n], 1, "/dev/null", O_WRONLY, 0);
		if (argv[i][0] == '@')
			posix_spawn_file_actions_addchdir_np(&streams[n], argv[i++] + 1);
		commands[n++] = &argv[i];
		while (i < argc && strcmp(argv[i], ":::") != 0)
			i++;
		argv[i] = NULL;
	}
	if (rounds < 1 || n == 0)
		return 2;
	for (int round = 0; round <= rounds; round++) {
		for (int c = 0; c < n; c++) {
			long long start = now();
			int status = run(commands[c], &streams[c]);
			long long took = now() - start;
			if (status != 0) {
				fprintf(stderr, "spawn-timer: %s ended with wait status %d\n", commands[c][0], status);
				return 1;
			}
			if (round > 0)
				printf("%d %lld\n", c, took);
		}
	}
	return 0;
}
