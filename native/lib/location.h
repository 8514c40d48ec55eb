/* Where things are: the project around the current folder, its runtime folder, the program itself. */
#ifndef TAZPOD_LOCATION_H
#define TAZPOD_LOCATION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Identity of tazpod.yaml as fstat(2) gives it: dev, ino, size, mtime ns, ctime ns. */
struct config_id {
	uint64_t field[5];
};

struct location {
	char root[PATH_MAX];   /* folder that holds tazpod.yaml; empty outside a project */
	bool has_config;
	char misnamed[PATH_MAX]; /* a tazpod.yml that nothing reads, in front of or without a project; else empty */
	struct config_id config;
	char id[40];           /* "dev-ino" in hex, or "default" */
	char runtime[PATH_MAX]; /* .../tazpod/<id>, may not exist yet */
	char ghost[PATH_MAX];  /* .../tazpod/<id>/ghost */
};

/* Finds the project of the current folder and the runtime folder of this user. Dies where the runtime folder can't
 * be trusted (another owner, a link, open to others). */
void location_find(struct location *out);
/* The runtime folder of a project known by its id alone (root and config stay empty). False when ID is none. */
bool location_of_id(struct location *out, const char *id);
/* Creates the runtime folders (0700) and returns an O_PATH fd of location.runtime. Dies with the reason. */
int location_create(const struct location *location);
/* Opens location.runtime without creating it. Returns an O_PATH fd, or -1 where it does not exist. */
int location_open(const struct location *location);
/* NAME in the folder of what this machine has seen ($XDG_STATE_HOME/tazpod, as in src/adapters/files/paths.ts). False where
 * there is none: HOME is not set. */
bool state_path(char out[PATH_MAX], const char *name);
/* The running program's own file. False with errno set. */
bool program_path(char out[PATH_MAX]);
/* The folder of the installation (the parent of bin/), from /proc/self/exe. */
void install_root(char out[PATH_MAX]);

#endif
