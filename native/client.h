/* The verbs that ask a running holder, and the small ones that Node runs. Each is a main() of its own. */
#ifndef TAZPOD_CLIENT_H
#define TAZPOD_CLIENT_H

int verb_status(int argc, char **argv);
int verb_lock(int argc, char **argv);
int verb_where(int argc, char **argv);
int verb_put(int argc, char **argv);
int verb_get(int argc, char **argv);
int verb_flock(int argc, char **argv);

#endif
