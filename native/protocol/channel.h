/* The client's end of the socket: connect, send one frame, receive frames, with deadlines. */
#ifndef TAZPOD_CHANNEL_H
#define TAZPOD_CHANNEL_H

#include <sys/types.h>

#include "lib/location.h"
#include "protocol/wire.h"

/* Connects to the holder of a location. Returns a socket, or -1 where no holder listens. Dies on anything else. */
int channel_connect(const struct location *location);
/* Connects to the socket in a runtime folder (O_PATH). Returns -1 with errno set. */
int channel_connect_in(int runtime_fd, int patience_s);
/* Binds NAME in the folder RUNTIME_FD and listens. Returns the socket or -1 with errno. */
int channel_listen(int runtime_fd);
void channel_send(int fd, const void *data, size_t size);
/* The same with a descriptor (-1: none) along with the first byte (SCM_RIGHTS, unix(7)). */
void channel_send_carrying(int fd, const void *data, size_t size, int carried);
/* recv(2), and in CARRIED the descriptor that came along with the bytes, the caller's to close; untouched where none did, or
 * where one is in there already. Further ones are closed. */
ssize_t channel_recv_carried(int fd, void *data, size_t size, int *carried, int flags);
/* Sends a frame without a body. */
void channel_send_empty(int fd, enum frame_type type);
/* The pid of the holder, 0 where the kernel does not tell. Of a connecting socket: who called listen(2) (unix(7)). */
pid_t channel_peer(int fd);

struct reply {
	struct frame frame;
	uint8_t *body; /* malloc'ed, frame.length bytes; NULL for DATA and LAST, which stay in the socket */
	int fds[2];    /* namespaces that came along: user, mount; -1 where absent */
	size_t fd_count;
};

/* How long the holder may take for each step of sending and receiving (SO_RCVTIMEO, socket(7)). */
void channel_patience(int fd, int seconds);
/* Reads one frame. NULL, or one line that says what went wrong. */
const char *channel_try_receive(int fd, struct reply *out);
/* Reads one frame. Dies when the holder answers nothing for 20 s, ends early or speaks another version. */
void channel_receive(int fd, struct reply *out);
/* The code of an ERROR frame, with its text in MESSAGE. */
enum wire_error reply_error(const struct reply *reply, char message[512]);
/* Dies with the text and exit code of an ERROR frame. */
_Noreturn void die_reply(const struct reply *reply);

#endif
