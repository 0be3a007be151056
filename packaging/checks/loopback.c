// Loaded before a server (LD_PRELOAD), it turns "listen on every address" into "listen on
// loopback". An IPv6 socket for every address is refused: the servers fall back to IPv4.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
  if (address->sa_family == AF_INET6) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  if (address->sa_family != AF_INET || length < sizeof(struct sockaddr_in)) {
    return next(fd, address, length);
  }
  struct sockaddr_in own;
  memcpy(&own, address, sizeof own);
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return next(fd, (const struct sockaddr *)&own, sizeof own);
}
