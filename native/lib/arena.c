#include "lib/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* Linux 5.14; the number is the same on x86-64 and arm64 */
#endif

/* Not in the kernel's direct map: /proc/PID/mem, process_vm_readv and a crash dump can't read it, root included. */
static void *map_secret(size_t size)
{
	int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	if (fd < 0)
		return NULL;
	void *data = ftruncate(fd, (off_t)size) == 0 ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	int error = errno;
	close(fd);
	errno = error;
	return data;
}

bool arena_create(struct arena *out, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t mapped = (size / page + 1) * page;
	*out = (struct arena){0};
	void *data = map_secret(mapped);
	if (data == MAP_FAILED)
		return false; /* the limit is the same for locked memory: no second try */
	bool secretmem = data != NULL;
	if (!data) {
		data = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (data == MAP_FAILED)
			return false;
		if (madvise(data, mapped, MADV_DONTDUMP) != 0 || mlock(data, mapped) != 0) {
			int error = errno;
			munmap(data, mapped);
			errno = error;
			return false;
		}
	}
	*out = (struct arena){data, size, mapped, secretmem};
	return true;
}

void arena_wipe(struct arena *arena)
{
	if (!arena->data)
		return;
	explicit_bzero(arena->data, arena->mapped);
	munmap(arena->data, arena->mapped);
	*arena = (struct arena){0};
}

size_t arena_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return SIZE_MAX;
	return limit.rlim_cur;
}
