/* The bytes of one connection, as serve.c takes them from a socket: headers, bounds, bodies, answers. */
#include "holder/serve.c"

#include "test/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t sink[1 << 16];
	struct holder *h = fuzz_holder();
	int ends[2];
	size_t at = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		abort();
	h->clients[0] = fuzz_client(ends[0]);
	if (!watch(h, EPOLL_CTL_ADD, ends[0], EPOLLIN, tag(SOURCE_CLIENT, 0)))
		abort();
	/* in pieces, so that a frame is cut at every location; the last byte says how large they are */
	size_t piece = size > 0 ? size / 64 + data[size - 1] + 1 : 1;
	for (unsigned rounds = 0; h->clients[0] && rounds < 256; rounds++) {
		size_t n = size - at < piece ? size - at : piece;
		ssize_t sent = n > 0 ? send(ends[1], data + at, n, MSG_NOSIGNAL) : 0;
		if (sent > 0)
			at += (size_t)sent;
		if (at == size && h->clients[0]->phase != PHASE_ANSWER)
			shutdown(ends[1], SHUT_WR);
		on_client(h, 0);
		while (recv(ends[1], sink, sizeof sink, MSG_DONTWAIT) > 0)
			;
	}
	if (h->clients[0]) /* a client that is served in full goes; 256 rounds are enough for every input */
		abort();
	close(ends[1]);
	fuzz_reset(h);
	return 0;
}
