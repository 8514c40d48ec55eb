/* `tazpod ghost watch`: the state of this project, a line of JSON at each change. */
#ifndef TAZPOD_FOLLOW_H
#define TAZPOD_FOLLOW_H

int verb_watch(int argc, char **argv);

#endif
