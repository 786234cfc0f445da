/* Counts what changes files, and ends the process at the n-th such call: half of the bytes of an
   even one are still written, as when a disk goes away. Loaded by LD_PRELOAD, see write_deaths.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

static long wanted = -1, done = 0;

void die_at_write(long n) { wanted = n; done = 0; }
long writes_done(void) { return done; }

static int is_last(void) { return wanted >= 0 && ++done == wanted; }
static void end(void) { kill(getpid(), SIGKILL); pause(); }

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t n) {
  REAL(write);
  if (is_last()) { if (done % 2 == 0) real(fd, data, n / 2); end(); }
  return real(fd, data, n);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
  REAL(pwrite64);
  if (is_last()) { if (done % 2 == 0) real(fd, data, n / 2, at); end(); }
  return real(fd, data, n, at);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
  REAL(pwrite);
  if (is_last()) { if (done % 2 == 0) real(fd, data, n / 2, at); end(); }
  return real(fd, data, n, at);
}

#define PLAIN(type, name, args, call) type name args { REAL(name); if (is_last()) end(); return real call; }
PLAIN(int, ftruncate64, (int fd, off64_t n), (fd, n))
PLAIN(int, ftruncate, (int fd, off_t n), (fd, n))
PLAIN(int, rename, (const char *a, const char *b), (a, b))
PLAIN(int, link, (const char *a, const char *b), (a, b))
PLAIN(int, unlink, (const char *a), (a))
PLAIN(int, mkdir, (const char *a, mode_t m), (a, m))
PLAIN(int, rmdir, (const char *a), (a))
PLAIN(int, fsync, (int fd), (fd))
PLAIN(int, fdatasync, (int fd), (fd))
