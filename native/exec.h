/* tazpod exec: asks the holder, builds the view, becomes the command. */
#ifndef TAZPOD_EXEC_H
#define TAZPOD_EXEC_H

int verb_exec(int argc, char **argv);

#endif
