// Times a program on a pseudo terminal of its own, as a person at it would feel it.
// usage: pty-timer keys COUNT PROGRAM...   ns from a key to its character on the terminal, a line each
//        pty-timer flood PROGRAM...        ns from Enter to the line "the-end"
//        pty-timer start PROGRAM...        ns from the start to the line "at-last"
//        pty-timer echo [alternate]        the program for `keys`: writes each key to the top left corner
// PROGRAM says "at-last" when it is ready. 100 columns, 30 rows.
#define _GNU_SOURCE
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void die(const char *why)
{
	perror(why);
	exit(1);
}

// Reads until WORD has come, across the borders of reads.
static void wait_for(int fd, const char *word)
{
	static char buffer[1 << 16];
	char tail[64] = "";
	size_t size = strlen(word), kept = 0;
	for (;;) {
		memcpy(buffer, tail, kept);
		ssize_t n = read(fd, buffer + kept, sizeof buffer - kept);
		if (n <= 0)
			die("pty-timer: the program ended too early");
		if (memmem(buffer, kept + (size_t)n, word, size))
			return;
		size_t all = kept + (size_t)n;
		kept = all < size - 1 ? all : size - 1;
		memcpy(tail, buffer + all - kept, kept);
	}
}

static int echo(int alternate)
{
	struct termios t;
	unsigned char key;
	tcgetattr(0, &t);
	cfmakeraw(&t);
	tcsetattr(0, TCSANOW, &t);
	if (alternate)
		(void)!write(1, "\033[?1049h", 8);
	(void)!write(1, "\033[2;1Hat-last", 13);
	while (read(0, &key, 1) == 1 && key != 'q') {
		char out[8];
		int n = snprintf(out, sizeof out, "\033[H%c", key);
		(void)!write(1, out, (size_t)n);
	}
	return 0;
}

static void type_keys(int fd, int count)
{
	// Characters that stand in no escape sequence and in no footer.
	static const char keys[] = "#%&*+^~|";
	for (int i = 0; i < count; i++) {
		char key[2] = {keys[i % 8], 0};
		usleep(12000); // longer than a frame: a person does not type faster
		long long start = now();
		(void)!write(fd, key, 1);
		wait_for(fd, key);
		printf("%lld\n", now() - start);
	}
}

int main(int argc, char **argv)
{
	int keys = argc > 3 && strcmp(argv[1], "keys") == 0, fd;
	if (argc > 1 && strcmp(argv[1], "echo") == 0)
		return echo(argc > 2);
	if (argc < 3)
		return 64;
	struct winsize size = {.ws_row = 30, .ws_col = 100};
	long long start = now();
	pid_t child = forkpty(&fd, NULL, NULL, &size);
	if (child < 0)
		die("forkpty");
	if (child == 0) {
		execvp(argv[keys ? 3 : 2], argv + (keys ? 3 : 2));
		die("exec");
	}
	wait_for(fd, "at-last");
	if (keys) {
		usleep(300000); // the footer has been drawn, the first second is over
		type_keys(fd, atoi(argv[2]));
	} else if (strcmp(argv[1], "flood") == 0) {
		usleep(300000);
		start = now();
		(void)!write(fd, "\r", 1);
		wait_for(fd, "the-end");
		printf("%lld\n", now() - start);
	} else {
		printf("%lld\n", now() - start);
	}
	close(fd);
	kill(child, SIGHUP);
	waitpid(child, NULL, 0);
	return 0;
}
