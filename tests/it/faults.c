/* Ends the program or fails a call at the n-th use of a file, counted from 1. Loaded with LD_PRELOAD.
 *
 * FAULT_UNDER  only paths with this text count
 * FAULT_CALLS  `changes` of files count, or `all` calls, also those that read
 * FAULT_AT     the number of the call
 * FAULT_LASTS  if set, each later call fails too
 * FAULT_KIND   `kill` (half of a write is made first), or the number of an error
 * FAULT_LOG    a file for one line per call: its name and its path
 * FAULT_SERVER if set, the program is loaded once and executed for each line of its standard input: a directory
 *              and variables such as these, separated by tabs. What it says is in the file `said` there. The answer
 *              on the standard output is its wait status. Most of the time of a short command is that of loading.
 */
#define _GNU_SOURCE
#include <dirent.h>
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
#include <sys/wait.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long calls;

/* The path of a name in an open directory, or of an open file if the name is null or empty. */
static void resolve(int fd, const char *name, char *path) {
    char link[64];
    int is_file = name == NULL || name[0] == 0;
    path[0] = 0;
    if (is_file || (name[0] != '/' && fd != AT_FDCWD)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, PATH_MAX - 1);
        path[length < 0 ? 0 : length] = 0;
    }
    if (!is_file) {
        size_t length = strlen(path);
        snprintf(path + length, PATH_MAX - length, "%s%s", length ? "/" : "", name);
    }
}

/* Counts a call. Returns true if it is the one to end or to fail at. */
static int counts(int is_change, const char *call, int fd, const char *name) {
    const char *under = getenv("FAULT_UNDER"), *at = getenv("FAULT_AT"), *log = getenv("FAULT_LOG");
    const char *which = getenv("FAULT_CALLS");
    char path[PATH_MAX], line[PATH_MAX + 64];
    if (under == NULL || (!is_change && (which == NULL || strcmp(which, "all") != 0))) return 0;
    resolve(fd, name, path);
    if (strstr(path, under) == NULL) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (log != NULL) {
        int out = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
        int length = snprintf(line, sizeof line, "%s %s\n", call, path);
        if (syscall(SYS_write, out, line, length) < 0) abort();
        syscall(SYS_close, out);
    }
    return at != NULL && (number == atol(at) || (getenv("FAULT_LASTS") != NULL && number > atol(at)));
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

#define OPEN(name)                                                                             \
    int name(const char *path, int flags, ...) {                                               \
        va_list rest;                                                                          \
        va_start(rest, flags);                                                                 \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                              \
        va_end(rest);                                                                          \
        if (counts((flags & CHANGES) != 0, "open", AT_FDCWD, path)) return fault();            \
        return REAL(name)(path, flags, mode);                                                  \
    }
OPEN(open)
OPEN(open64)

#define WRAP(is_change, result, name, call, parameters, arguments, fd, path) \
    result name parameters {                                                 \
        if (counts(is_change, call, fd, path)) return fault();               \
        return REAL(name) arguments;                                         \
    }
#define CHANGE(result, name, ...) WRAP(1, result, name, __VA_ARGS__)
#define READ(result, name, ...) WRAP(0, result, name, __VA_ARGS__)

CHANGE(int, rename, "rename", (const char *from, const char *to), (from, to), AT_FDCWD, to)
CHANGE(int, unlink, "unlink", (const char *path), (path), AT_FDCWD, path)
CHANGE(int, rmdir, "rmdir", (const char *path), (path), AT_FDCWD, path)
CHANGE(int, unlinkat, "unlink", (int fd, const char *path, int flags), (fd, path, flags), fd, path)
CHANGE(int, mkdir, "mkdir", (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
CHANGE(int, fsync, "fsync", (int fd), (fd), fd, NULL)
CHANGE(int, fdatasync, "fsync", (int fd), (fd), fd, NULL)
CHANGE(int, ftruncate, "truncate", (int fd, off_t length), (fd, length), fd, NULL)
CHANGE(int, ftruncate64, "truncate", (int fd, off64_t length), (fd, length), fd, NULL)
READ(ssize_t, read, "read", (int fd, void *bytes, size_t count), (fd, bytes, count), fd, NULL)
READ(int, statx, "stat",
     (int fd, const char *restrict path, int flags, unsigned mask, struct statx *restrict found),
     (fd, path, flags, mask, found), fd, path)

ssize_t write(int fd, const void *bytes, size_t count) {
    if (counts(1, "write", fd, NULL)) {
        if (is_kill() && count > 1 && REAL(write)(fd, bytes, count / 2) < 0) return -1;
        return fault();
    }
    return REAL(write)(fd, bytes, count);
}

DIR *opendir(const char *path) {
    if (counts(0, "list", AT_FDCWD, path)) return fault(), NULL;
    return REAL(opendir)(path);
}

struct dirent64 *readdir64(DIR *dir) {
    if (counts(0, "list", dirfd(dir), NULL)) return fault(), NULL;
    return REAL(readdir64)(dir);
}

typedef int (*Main)(int, char **, char **);

static Main program;

/* The child of a server: the program in the directory and with the variables of a request. */
static int execute(char *request, int argc, char **argv) {
    char *rest, *directory = strtok_r(request, "\t\n", &rest);
    for (char *variable; (variable = strtok_r(NULL, "\t\n", &rest)) != NULL;) putenv(variable);
    if (directory == NULL || chdir(directory) != 0) abort();
    int input = REAL(open)("/dev/null", O_RDONLY), said = REAL(open)("said", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (input < 0 || said < 0 || dup2(input, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0) abort();
    _exit(program(argc, argv, environ));
}

static int serve(int argc, char **argv, char **unused) {
    (void)unused;
    char request[2 * PATH_MAX], answer[32];
    unsetenv("FAULT_SERVER");
    for (size_t length = 0; REAL(read)(0, request + length, 1) == 1 && length + 1 < sizeof request;) {
        if (request[length++] != '\n') continue;
        request[length] = 0;
        length = 0;
        int status;
        pid_t child = fork();
        if (child == 0) return execute(request, argc, argv);
        if (child < 0 || waitpid(child, &status, 0) != child) abort();
        int count = snprintf(answer, sizeof answer, "%d\n", status);
        if (REAL(write)(1, answer, count) != count) abort();
    }
    _exit(0);
}

int __libc_start_main(Main main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*at_exit)(void), void *stack) {
    program = main;
    int (*start)(Main, int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
        dlsym(RTLD_NEXT, "__libc_start_main");
    return start(getenv("FAULT_SERVER") ? serve : main, argc, argv, init, fini, at_exit, stack);
}
