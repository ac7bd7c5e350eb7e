// Preloaded into the program: its disk is as bad as the file TRIBUTARY_DISK says, "ERRNO MILLISECONDS" as two numbers. Every
// write and every sync fails with that errno, if it is not 0, and every sync takes so much longer. Sockets are left alone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int bad(int takes_long) {
  int code = 0, milliseconds = 0;
  const char* path = getenv("TRIBUTARY_DISK");
  FILE* file = path ? fopen(path, "r") : NULL;
  if (file && fscanf(file, "%d %d", &code, &milliseconds) != 2) code = 0;
  if (file) fclose(file);
  if (takes_long && milliseconds) {
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&pause, NULL);
  }
  errno = code;
  return code != 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite(int file, const void* data, size_t size, off_t at) { return bad(0) ? -1 : REAL(pwrite)(file, data, size, at); }
ssize_t pwrite64(int file, const void* data, size_t size, off64_t at) { return bad(0) ? -1 : REAL(pwrite64)(file, data, size, at); }
int fsync(int file) { return bad(1) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return bad(1) ? -1 : REAL(fdatasync)(file); }
