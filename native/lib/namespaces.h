/* User and mount namespaces (user_namespaces(7), mount_namespaces(7)). */
#ifndef TAZPOD_NAMESPACES_H
#define TAZPOD_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

/* Maps UID and GID to themselves in the caller's new user namespace. The caller must be dumpable: the map files of
 * another process belong to root (proc(5)). False with errno set. */
bool map_self(uid_t uid, gid_t gid);
/* A user namespace that maps only UID and GID, made by a short-lived child, so that the caller never has to be
 * dumpable; joins it. Dies with the reason and the remedy. */
void join_new_user_namespace(void);
/* Dies saying which switch of this machine forbids user namespaces, judged from errno and /proc/sys. */
_Noreturn void die_no_namespaces(const char *doing);
/* Dies after a mount(2) that failed: EPERM in a mount namespace of ours means a sandbox around it. */
_Noreturn void die_no_mount(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Mounts the file system of a view on TARGET: swap can't reach it (ramfs, or tmpfs with noswap), or there is none.
 * Returns 0 tmpfs, 1 tmpfs with noswap, 2 ramfs (PROTOCOL.md STATE backing). Dies on failure. */
int mount_memory(const char *target, bool privileged);
/* Drops every capability, the bounding and the ambient set too (capabilities(7)). Dies on failure. */
void drop_capabilities(void);
/* The same without the bounding set. Dies on failure. */
void clear_capabilities(void);
/* No core dumps for this process and what it becomes. Dies on failure. */
void forbid_core(void);

#endif
