/* Ends the program or fails a call at the n-th change of a file, counted from 1. Loaded with LD_PRELOAD.
 *
 * FAULT_UNDER  only paths with this text count
 * FAULT_AT     the number of the call
 * FAULT_KIND   `kill` (half of a write is made first), or the number of an error
 * FAULT_LOG    a file for one line per call: its name and its path
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long calls;

/* The path of a name in an open directory, or of an open file if the name is null. */
static void resolve(int fd, const char *name, char *path) {
    char link[64];
    path[0] = 0;
    if (name == NULL || (name[0] != '/' && fd != AT_FDCWD)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, PATH_MAX - 1);
        path[length < 0 ? 0 : length] = 0;
    }
    if (name != NULL) {
        size_t length = strlen(path);
        snprintf(path + length, PATH_MAX - length, "%s%s", length ? "/" : "", name);
    }
}

/* Counts a call. Returns true if it is the one to end or to fail at; an error is set then. */
static int counts(const char *call, int fd, const char *name) {
    const char *under = getenv("FAULT_UNDER"), *at = getenv("FAULT_AT"), *log = getenv("FAULT_LOG");
    char path[PATH_MAX], line[PATH_MAX + 64];
    if (under == NULL) return 0;
    resolve(fd, name, path);
    if (strstr(path, under) == NULL) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (log != NULL) {
        int out = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
        int length = snprintf(line, sizeof line, "%s %s\n", call, path);
        if (syscall(SYS_write, out, line, length) < 0) abort();
        syscall(SYS_close, out);
    }
    return at != NULL && atol(at) == number;
}

static int is_kill(void) {
    const char *kind = getenv("FAULT_KIND");
    return kind == NULL || strcmp(kind, "kill") == 0;
}

static int fault(void) {
    if (is_kill()) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = atoi(getenv("FAULT_KIND"));
    return -1;
}

#define CHANGES (O_CREAT | O_TRUNC)

#define OPEN(name)                                                                  \
    int name(const char *path, int flags, ...) {                                    \
        va_list rest;                                                               \
        va_start(rest, flags);                                                      \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                   \
        va_end(rest);                                                               \
        if ((flags & CHANGES) && counts("open", AT_FDCWD, path)) return fault();    \
        return REAL(name)(path, flags, mode);                                       \
    }
OPEN(open)
OPEN(open64)

#define WRAP(result, name, call, parameters, arguments, fd, path) \
    result name parameters {                                      \
        if (counts(call, fd, path)) return fault();               \
        return REAL(name) arguments;                              \
    }
WRAP(int, rename, "rename", (const char *from, const char *to), (from, to), AT_FDCWD, to)
WRAP(int, unlink, "unlink", (const char *path), (path), AT_FDCWD, path)
WRAP(int, rmdir, "rmdir", (const char *path), (path), AT_FDCWD, path)
WRAP(int, unlinkat, "unlink", (int fd, const char *path, int flags), (fd, path, flags), fd, path)
WRAP(int, mkdir, "mkdir", (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
WRAP(int, fsync, "fsync", (int fd), (fd), fd, NULL)
WRAP(int, ftruncate, "truncate", (int fd, off_t length), (fd, length), fd, NULL)
WRAP(int, ftruncate64, "truncate", (int fd, off64_t length), (fd, length), fd, NULL)

ssize_t write(int fd, const void *bytes, size_t count) {
    if (counts("write", fd, NULL)) {
        if (is_kill() && count > 1 && REAL(write)(fd, bytes, count / 2) < 0) return -1;
        return fault();
    }
    return REAL(write)(fd, bytes, count);
}
