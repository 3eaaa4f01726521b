/* A library to be preloaded that makes calls on files of one folder fail, or kill the process.
 *
 * Set at start by MIEN_FAULTS="CALL:ERROR:FOLDER", or in a running process by mien_faults_arm.
 * Calls that put something into the folder are counted. ERROR 0: counted only; a number of
 * errno: this call and those after it fail with it; -1: the process is killed before this call.
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
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static size_t folder_length;
static long fatal_call;
static int fatal_error;
static atomic_long calls;

void mien_faults_arm(const char *path, long call, int error) {
    folder_length = 0;
    strncpy(folder, path, sizeof folder - 1);
    fatal_call = call;
    fatal_error = error;
    atomic_store(&calls, 0);
    folder_length = strlen(folder);
}

long mien_faults_count(void) { return atomic_load(&calls); }

__attribute__((constructor)) static void start(void) {
    const char *said = getenv("MIEN_FAULTS");
    long call = 0;
    int error = 0, at = 0;
    if (said && sscanf(said, "%ld:%d:%n", &call, &error, &at) >= 2 && at)
        mien_faults_arm(said + at, call, error);
}

static int inside(const char *path) {
    return path && strncmp(path, folder, folder_length) == 0 && path[folder_length] == '/';
}

/* Whether a call on a path is to fail; errno is set then. */
static int struck(const char *path) {
    if (!folder_length || !inside(path)) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (fatal_error < 0 && number == fatal_call) kill(getpid(), SIGKILL);
    if (fatal_error <= 0 || number < fatal_call) return 0;
    errno = fatal_error;
    return 1;
}

static int struck_at(int at, const char *path) {
    if (!folder_length || !path) return 0;
    if (path[0] == '/' || at == AT_FDCWD) return struck(path);
    char link[64], place[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    ssize_t length = readlink(link, place, sizeof place - 1);
    if (length < 0) return 0;
    snprintf(place + length, sizeof place - (size_t)length, "/%s", path);
    return struck(place);
}

static int struck_file(int file) {
    if (!folder_length) return 0;
    char link[64], place[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int before = errno;
    ssize_t length = readlink(link, place, sizeof place - 1);
    errno = before;
    if (length < 0) return 0;
    place[length] = 0;
    return struck(place);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MAKES(flags) ((flags) & (O_CREAT | O_TRUNC))
#define WRAP_OPEN(name)                                                       \
    int name(const char *path, int flags, ...) {                              \
        va_list more;                                                         \
        va_start(more, flags);                                                \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                         \
        if (MAKES(flags) && struck(path)) return -1;                          \
        return REAL(name)(path, flags, mode);                                 \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP_OPENAT(name)                                                     \
    int name(int at, const char *path, int flags, ...) {                      \
        va_list more;                                                         \
        va_start(more, flags);                                                \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                         \
        if (MAKES(flags) && struck_at(at, path)) return -1;                   \
        return REAL(name)(at, path, flags, mode);                             \
    }
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

ssize_t write(int file, const void *data, size_t size) {
    return struck_file(file) ? -1 : REAL(write)(file, data, size);
}
ssize_t writev(int file, const struct iovec *data, int count) {
    return struck_file(file) ? -1 : REAL(writev)(file, data, count);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    return struck_file(file) ? -1 : REAL(pwrite)(file, data, size, at);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    return struck_file(file) ? -1 : REAL(pwrite64)(file, data, size, at);
}
ssize_t sendfile(int file, int from, off_t *at, size_t size) {
    ssize_t (*real)(int, int, off_t *, size_t) = dlsym(RTLD_NEXT, "sendfile");
    return struck_file(file) ? -1 : real(file, from, at, size);
}
ssize_t copy_file_range(int from, off64_t *at, int file, off64_t *to, size_t size, unsigned flags) {
    ssize_t (*real)(int, off64_t *, int, off64_t *, size_t, unsigned) =
        dlsym(RTLD_NEXT, "copy_file_range");
    return struck_file(file) ? -1 : real(from, at, file, to, size, flags);
}
int ftruncate(int file, off_t size) {
    return struck_file(file) ? -1 : REAL(ftruncate)(file, size);
}
int ftruncate64(int file, off64_t size) {
    return struck_file(file) ? -1 : REAL(ftruncate64)(file, size);
}
int fsync(int file) { return struck_file(file) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return struck_file(file) ? -1 : REAL(fdatasync)(file); }
int mkdir(const char *path, mode_t mode) { return struck(path) ? -1 : REAL(mkdir)(path, mode); }
int mkdirat(int at, const char *path, mode_t mode) {
    return struck_at(at, path) ? -1 : REAL(mkdirat)(at, path, mode);
}
int symlink(const char *to, const char *path) {
    return struck(path) ? -1 : REAL(symlink)(to, path);
}

/* A full disk still renames and removes; only kills and broken disks come here. */
static int spares_names(void) { return fatal_error == ENOSPC || fatal_error == EDQUOT; }

int rename(const char *from, const char *to) {
    return !spares_names() && struck(to) ? -1 : REAL(rename)(from, to);
}
int renameat(int at, const char *from, int beside, const char *to) {
    return !spares_names() && struck_at(beside, to) ? -1 : REAL(renameat)(at, from, beside, to);
}
int unlink(const char *path) {
    if (fatal_error < 0) struck(path);
    return REAL(unlink)(path);
}
int unlinkat(int at, const char *path, int flags) {
    if (fatal_error < 0) struck_at(at, path);
    return REAL(unlinkat)(at, path, flags);
}
int rmdir(const char *path) {
    if (fatal_error < 0) struck(path);
    return REAL(rmdir)(path);
}
