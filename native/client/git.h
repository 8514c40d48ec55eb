/* Keeping the files of binds out of git's history (git-check-ignore(1), gitattributes(5)). */
#ifndef TAZPOD_GIT_H
#define TAZPOD_GIT_H

#include "protocol/grant.h"

/* Asks git, in its own words, for every bind: dies with EXIT_REFUSED where git tracks the file or no rule ignores it.
 * `pull` asks as well, but the index and .gitignore may have changed since. Nothing is refused outside of a work tree,
 * and where there is no git. */
void git_refuse_exposed(const struct grant *grant);
/* In the command's mount namespace: attributes under which git can't read the file at TARGET, so that not even
 * `git add -f` and `git stash -a` store it. They lie over .git/info/attributes, as file NAME of the folder BINDS. */
void git_hide(int binds, const char *name, const char *target);

#endif
