/* What goes wrong with disks and processes, at a point that a test names: loaded with LD_PRELOAD, it counts the calls
   by which a process changes a file system, and at the N-th kills the process or lets the call fail.

       FAULT_BELOW    only calls whose path (or whose descriptor's file) lies in this directory count; an absolute
                      path without links in it. Without it all count
       FAULT_AT       the number of the call, from 1; without it none fails and all are counted
       FAULT_ERRNO    what the call fails with, as a number: 28 (ENOSPC), 5 (EIO), 30 (EROFS). Without it the process
                      is ended by SIGKILL, before the call has done anything
       FAULT_ALWAYS   with FAULT_ERRNO: every call from FAULT_AT on fails, as on a disk that is full or read-only
       FAULT_CALLS    only these calls count, by their names below, with `,` between them
       FAULT_TORN     a write that is killed, or that fails, has written half of its bytes
       FAULT_LOG      a file to which a line `NUMBER NAME PATH` is appended for each call that counts

   The calls: open (that creates), write (pwrite, pwritev, writev, copy_file_range too), rename (renameat, renameat2),
   link (linkat), unlink (unlinkat, rmdir), mkdir (mkdirat), fsync, fdatasync, truncate (ftruncate, posix_fallocate),
   chmod (fchmod). What the C library calls within itself (mkstemp, fwrite) is not seen. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
/* The function that would be called without us. ISO C has no word for a function that comes as an object's address. */
#define NEXT(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static atomic_long calls = 0;

static long number_of(const char* name) {
    const char* text = getenv(name);
    return text != NULL ? strtol(text, NULL, 10) : 0;
}

/* The absolute path of `path` beside the directory of `descriptor`, or of the descriptor itself without a path. */
static void place_of(int descriptor, const char* path, char* place) {
    place[0] = '\0';
    if (path != NULL && path[0] == '/') {
        snprintf(place, PATH_MAX, "%s", path);
        return;
    }
    char link[64];
    if (descriptor == AT_FDCWD) {
        snprintf(link, sizeof link, "/proc/self/cwd");
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    }
    const ssize_t length = readlink(link, place, PATH_MAX - 1);
    if (length < 0) return;
    place[length] = '\0';
    if (path != NULL) snprintf(place + length, (size_t)(PATH_MAX - length), "/%s", path);
}

static bool is_below(const char* place) {
    const char* below = getenv("FAULT_BELOW");
    if (below == NULL) return true;
    const size_t length = strlen(below);
    return strncmp(place, below, length) == 0 && (place[length] == '/' || place[length] == '\0');
}

static bool is_counted(const char* name) {
    const char* names = getenv("FAULT_CALLS");
    if (names == NULL) return true;
    const size_t length = strlen(name);
    for (const char* found = strstr(names, name); found != NULL; found = strstr(found + 1, name)) {
        if ((found == names || found[-1] == ',') && (found[length] == ',' || found[length] == '\0')) return true;
    }
    return false;
}

static void note(long number, const char* name, const char* place) {
    const char* log = getenv("FAULT_LOG");
    if (log == NULL) return;
    char line[PATH_MAX + 64];
    const int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, place);
    const int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) return;
    syscall(SYS_write, file, line, (size_t)length);
    close(file);
}

/* Whether it is this call's turn. */
static bool is_hit(const char* name, int descriptor, const char* path) {
    const int before = errno;
    char place[PATH_MAX];
    place_of(descriptor, path, place);
    const bool counts = is_counted(name) && is_below(place);
    bool hit = false;
    if (counts) {
        const long number = atomic_fetch_add(&calls, 1) + 1;
        const long at = number_of("FAULT_AT");
        note(number, name, place);
        hit = at > 0 && (number == at || (number > at && getenv("FAULT_ALWAYS") != NULL));
    }
    errno = before;
    return hit;
}

/* Ends the process, or says what the call fails with. */
static int fault(void) {
    const long code = number_of("FAULT_ERRNO");
    if (code == 0) kill(getpid(), SIGKILL);
    errno = (int)code;
    return -1;
}

static int fault_of_write(int file, const void* bytes, size_t count) {
    if (getenv("FAULT_TORN") != NULL) syscall(SYS_write, file, bytes, count / 2);
    return fault();
}

/* --- open */

static int open_as(int directory, const char* path, int flags, mode_t mode) {
    const bool creates = (flags & O_CREAT) != 0;
    if (creates && is_hit("open", directory, path)) return fault();
    return (int)syscall(SYS_openat, directory, path, flags | O_LARGEFILE, mode);
}

#define MODE_OF(flags, mode)                                              \
    mode_t mode = 0;                                                      \
    if (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list rest;                                                     \
        va_start(rest, flags);                                            \
        mode = va_arg(rest, mode_t);                                      \
        va_end(rest);                                                     \
    }

EXPORTED int open(const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return open_as(AT_FDCWD, path, flags, mode);
}

EXPORTED int open64(const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return open_as(AT_FDCWD, path, flags, mode);
}

EXPORTED int openat(int directory, const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return open_as(directory, path, flags, mode);
}

EXPORTED int openat64(int directory, const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return open_as(directory, path, flags, mode);
}

EXPORTED int creat(const char* path, mode_t mode) {
    return open_as(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* --- write */

EXPORTED ssize_t write(int file, const void* bytes, size_t count) {
    if (is_hit("write", file, NULL)) return fault_of_write(file, bytes, count);
    return NEXT(write)(file, bytes, count);
}

EXPORTED ssize_t writev(int file, const struct iovec* parts, int count) {
    if (is_hit("write", file, NULL)) return fault();
    return NEXT(writev)(file, parts, count);
}

static ssize_t pwrite_as(int file, const void* bytes, size_t count, off_t offset) {
    if (is_hit("write", file, NULL)) {
        if (getenv("FAULT_TORN") != NULL) syscall(SYS_pwrite64, file, bytes, count / 2, offset);
        return fault();
    }
    return syscall(SYS_pwrite64, file, bytes, count, offset);
}

EXPORTED ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
    return pwrite_as(file, bytes, count, offset);
}

EXPORTED ssize_t pwrite64(int file, const void* bytes, size_t count, off_t offset) {
    return pwrite_as(file, bytes, count, offset);
}

EXPORTED ssize_t pwritev(int file, const struct iovec* parts, int count, off_t offset) {
    if (is_hit("write", file, NULL)) return fault();
    return NEXT(pwritev)(file, parts, count, offset);
}

EXPORTED ssize_t copy_file_range(int from, off_t* from_at, int to, off_t* to_at, size_t count, unsigned flags) {
    if (is_hit("write", to, NULL)) return fault();
    return NEXT(copy_file_range)(from, from_at, to, to_at, count, flags);
}

/* --- names */

EXPORTED int rename(const char* from, const char* to) {
    return is_hit("rename", AT_FDCWD, to) ? fault() : NEXT(rename)(from, to);
}

EXPORTED int renameat(int from_directory, const char* from, int to_directory, const char* to) {
    return is_hit("rename", to_directory, to) ? fault() : NEXT(renameat)(from_directory, from, to_directory, to);
}

EXPORTED int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
    return is_hit("rename", to_directory, to) ? fault()
                                              : NEXT(renameat2)(from_directory, from, to_directory, to, flags);
}

EXPORTED int link(const char* from, const char* to) {
    return is_hit("link", AT_FDCWD, to) ? fault() : NEXT(link)(from, to);
}

EXPORTED int linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) {
    return is_hit("link", to_directory, to) ? fault() : NEXT(linkat)(from_directory, from, to_directory, to, flags);
}

EXPORTED int unlink(const char* path) {
    return is_hit("unlink", AT_FDCWD, path) ? fault() : NEXT(unlink)(path);
}

EXPORTED int unlinkat(int directory, const char* path, int flags) {
    return is_hit("unlink", directory, path) ? fault() : NEXT(unlinkat)(directory, path, flags);
}

EXPORTED int rmdir(const char* path) {
    return is_hit("unlink", AT_FDCWD, path) ? fault() : NEXT(rmdir)(path);
}

EXPORTED int mkdir(const char* path, mode_t mode) {
    return is_hit("mkdir", AT_FDCWD, path) ? fault() : NEXT(mkdir)(path, mode);
}

EXPORTED int mkdirat(int directory, const char* path, mode_t mode) {
    return is_hit("mkdir", directory, path) ? fault() : NEXT(mkdirat)(directory, path, mode);
}

EXPORTED int chmod(const char* path, mode_t mode) {
    return is_hit("chmod", AT_FDCWD, path) ? fault() : NEXT(chmod)(path, mode);
}

EXPORTED int fchmod(int file, mode_t mode) {
    return is_hit("chmod", file, NULL) ? fault() : NEXT(fchmod)(file, mode);
}

/* --- sizes and what is certain to be on the disk */

EXPORTED int fsync(int file) {
    return is_hit("fsync", file, NULL) ? fault() : NEXT(fsync)(file);
}

EXPORTED int fdatasync(int file) {
    return is_hit("fdatasync", file, NULL) ? fault() : NEXT(fdatasync)(file);
}

static int ftruncate_as(int file, off_t size) {
    return is_hit("truncate", file, NULL) ? fault() : (int)syscall(SYS_ftruncate, file, size);
}

EXPORTED int ftruncate(int file, off_t size) {
    return ftruncate_as(file, size);
}

EXPORTED int ftruncate64(int file, off_t size) {
    return ftruncate_as(file, size);
}

/* These return what others leave in errno. */
EXPORTED int posix_fallocate(int file, off_t offset, off_t size) {
    if (is_hit("truncate", file, NULL)) return fault(), errno;
    return NEXT(posix_fallocate)(file, offset, size);
}

EXPORTED int posix_fallocate64(int file, off64_t offset, off64_t size) {
    if (is_hit("truncate", file, NULL)) return fault(), errno;
    return NEXT(posix_fallocate64)(file, offset, size);
}
