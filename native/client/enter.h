/* Building the private view of one command: namespaces, memory file system, files, binds. */
#ifndef TAZPOD_ENTER_H
#define TAZPOD_ENTER_H

#include "client/after.h"
#include "lib/location.h"
#include "protocol/grant.h"

/* Makes the view: joins the namespaces FDS (nested: builds below the own ones), mounts, creates empty files and
 * binds, then locks the mounts. No secret has arrived yet. Returns the view's folder. Dies, with nothing started, on any
 * failure. */
int view_build(const struct location *location, const struct grant *grant, const int fds[2], size_t fd_count);
/* Reads the values of the GRANT's operations from the socket FD into the files of VIEW, which is closed, and into the
 * environment. AFTER: the files, as they are now. */
void view_fill(const struct location *location, const struct grant *grant, int view, int fd, struct after *after);
/* An empty new file NAME in a folder DIR of the view. Dies on failure. */
int view_create(int dir, const char *name, uint16_t mode);
/* Mounts the file NAME of DIR over PATH, in the command's view alone. Dies on failure. */
void view_cover(int dir, const char *name, const char *path);

#endif
