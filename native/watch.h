/* `tazpod ghost watch`: the state of this project, a line of JSON at each change. */
#ifndef TAZPOD_WATCH_H
#define TAZPOD_WATCH_H

int verb_watch(int argc, char **argv);

#endif
