/* The bytes of a monitor, as watch.c takes them from its end of the pair, cut at every place. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base.h"
#include "test/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct holder *h = fuzz_holder();
	struct client *c = fuzz_client(-1);
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		abort();
	c->carried = ends[0];
	if (!take_monitor(h, c))
		abort();
	size_t piece = size > 0 ? size / 64 + data[size - 1] % 32 + 1 : 1;
	for (size_t at = 0; h->monitor && at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		if (send(ends[1], data + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			abort();
		for (size_t i = 0; h->monitor && i <= 2 * n / WIRE_HEADER + 2; i++) /* a header or a body at a time */
			on_monitor(h);
	}
	close(ends[1]);
	for (int i = 0; h->monitor && i < 300; i++)
		on_monitor(h);
	if (h->monitor) /* its end is its end, whatever it said before */
		abort();
	close(c->pidfd);
	free(c);
	fuzz_reset(h);
	return 0;
}
