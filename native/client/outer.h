/* What an exec has set in its command's environment, for an exec that the command starts itself. */
#ifndef TAZPOD_OUTER_H
#define TAZPOD_OUTER_H

#include "protocol/wire.h"

/* The notes of the exec around this one ($TAZPOD_GHOST/.outer), opened before this one's view covers them; -1: none. */
int outer_open(void);
/* Takes back what the exec around this one has set and nobody has changed since: the variable is again as that exec's
 * caller had it. What the command has set itself stays. Closes FD. */
void outer_restore(int fd);
/* Notes that NAME gets VALUE in place of what it has now. To be called before setenv(3). */
void outer_note(struct writer *notes, const char *name, const char *value);
/* Writes the notes into the view (a descriptor of its folder), where there are any. Dies with EXIT_SYSTEM. */
void outer_save(int view, const struct writer *notes);

#endif
