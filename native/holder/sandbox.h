/* The holder's system call filter and the few file operations it still does. */
#ifndef TAZPOD_SANDBOX_H
#define TAZPOD_SANDBOX_H

#include <stdbool.h>

/* Allows what serve.c needs and kills the process on anything else (seccomp(2)). Dies on failure. */
void sandbox_enter(void);
/* Copies the regular files of FROM (links followed, at most 64 files of 1 MiB) into the new folder TO. False where
 * FROM can't be read: nothing to cover. */
bool copy_config_folder(const char *from, const char *to);
/* Removes everything below the open folder DIR, never following a link. */
void remove_tree(int dir, int depth);

#endif
