#pragma once
// What Linux has and Swift does not see, because it reads the C library's headers without _GNU_SOURCE.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// Writes out the pages of a file that programs have changed, `count` bytes from `begin` on, and waits for it. Returns 0, or
// -1 with errno: ENOTSUP where files are in memory alone, so that there is nowhere to write to.
static inline int clinux_write_out(int descriptor, long begin, long count) {
    // SYNC_FILE_RANGE_WAIT_BEFORE, _WRITE and _WAIT_AFTER: nothing but pages, and no flush of the disk's own cache.
    const unsigned pages_alone = 1 | 2 | 4;
    struct statfs status;
    if (fstatfs(descriptor, &status) != 0) return -1;
    switch ((unsigned long)status.f_type) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case HUGETLBFS_MAGIC:
        errno = ENOTSUP;
        return -1;
    case OVERLAYFS_SUPER_MAGIC:
        // The pages belong to the file in the layer below, which only fsync reaches.
        return fsync(descriptor);
    default:
        return (int)syscall(SYS_sync_file_range, descriptor, begin, count, pages_alone);
    }
}

// A pipe whose two ends are closed on exec from the first, so that no child that is started meanwhile keeps one open.
// Returns 0, or -1 with errno.
static inline int clinux_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }

// The next client of a listening socket: a descriptor that is closed on exec from the first and does not block, or -1 with
// errno.
static inline int clinux_accept(int listener) {
    return (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
