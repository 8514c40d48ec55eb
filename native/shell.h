/* `tazpod shell`: the person's own shell in a command's view, with Node's footer around it. */
#ifndef TAZPOD_SHELL_H
#define TAZPOD_SHELL_H

int verb_shell(int argc, char **argv);
/* `tazpod ghost session PID PORTER`: on the session's own terminal, becomes the shell with the environment, folder and
 * arguments of PID (which is `tazpod shell`), byte for byte. */
int verb_session(int argc, char **argv);

#endif
