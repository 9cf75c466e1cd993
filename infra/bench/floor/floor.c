/*
 * The least that a server of event streams can do on this machine: one thread, one epoll set, one write for each event and
 * connection. It knows nobody, keeps nothing and decides nothing, so what it costs is what the kernel costs.
 *
 *   cc -O2 -o floor floor.c && ./floor 9000
 *
 * GET (any path): the connection becomes a stream, which begins with what the generator takes for "live from here".
 * POST (any path): the body, which is a whole event as it stands on the wire, is written to all streams; then the answer 202.
 *
 * Only on the loopback address. Ends with its parent (SIGTERM) or by itself when something is not as it assumes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define DESCRIPTORS 65536
#define REQUEST_BYTES 16384 /* a request with a token is 1 KB, an event below 8 KB */
#define READY_AT_ONCE 256

static const char LIVE[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                           "event: stream.caught_up\ndata: {}\n\n";
static const char DONE[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

struct request {
  size_t filled;
  char bytes[REQUEST_BYTES + 1];
};

static struct request *pending[DESCRIPTORS]; /* by descriptor, while it has not become a stream */
static int streams[DESCRIPTORS];             /* dense, so that an event walks over memory in order */
static int place[DESCRIPTORS];               /* of a descriptor in streams, from 1; 0: it is none */
static int stream_count;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void drop(int fd) {
  if (place[fd]) {
    int last = streams[--stream_count];
    streams[place[fd] - 1] = last;
    place[last] = place[fd];
    place[fd] = 0;
  }
  free(pending[fd]);
  pending[fd] = NULL;
  close(fd);
}

/* A stream whose socket takes an event only in part is lost; the generator sees it end. */
static void tell_all(const char *event, size_t length) {
  for (int i = stream_count - 1; i >= 0; i--)
    if (send(streams[i], event, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length) drop(streams[i]);
}

/* Takes one whole request from the front of what was read: 1 when there was one, 0 when bytes are missing, -1 when fd is done with. */
static int take(int fd) {
  struct request *request = pending[fd];
  request->bytes[request->filled] = 0;
  char *end = strstr(request->bytes, "\r\n\r\n");
  if (!end) return request->filled == REQUEST_BYTES ? -1 : 0;
  size_t head = (size_t)(end - request->bytes) + 4;
  if (request->bytes[0] == 'G') {
    if (send(fd, LIVE, sizeof LIVE - 1, MSG_NOSIGNAL) != (ssize_t)sizeof LIVE - 1) return -1;
    free(request);
    pending[fd] = NULL;
    streams[stream_count++] = fd;
    place[fd] = stream_count;
    return 0;
  }
  *end = 0;
  char *field = strcasestr(request->bytes, "\r\ncontent-length:");
  size_t body = field ? strtoul(field + 17, NULL, 10) : 0;
  *end = '\r';
  if (head + body > REQUEST_BYTES) return -1;
  if (request->filled < head + body) return 0;
  tell_all(request->bytes + head, body);
  if (send(fd, DONE, sizeof DONE - 1, MSG_NOSIGNAL) != (ssize_t)sizeof DONE - 1) return -1;
  request->filled -= head + body;
  memmove(request->bytes, request->bytes + head + body, request->filled);
  return 1;
}

static void readable(int fd) {
  char ignored[64];
  int stream = place[fd] != 0;
  if (!stream && !pending[fd]) return; /* closed by an earlier event of this round */
  struct request *request = pending[fd];
  ssize_t count = stream ? recv(fd, ignored, sizeof ignored, MSG_DONTWAIT)
                         : recv(fd, request->bytes + request->filled, REQUEST_BYTES - request->filled, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    drop(fd);
    return;
  }
  if (stream) return;
  request->filled += (size_t)count;
  int taken;
  while ((taken = take(fd)) > 0) {
  }
  if (taken < 0) drop(fd);
}

static void welcome(int listener, int set) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (fd >= DESCRIPTORS || !(pending[fd] = malloc(sizeof *pending[fd]))) {
      close(fd);
      continue;
    }
    pending[fd]->filled = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &wanted)) fail("epoll_ctl");
  }
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: floor PORT\n");
    return 2;
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)atoi(arguments[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) fail("listen");
  int set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event wanted = {.events = EPOLLIN, .data.fd = listener}, ready[READY_AT_ONCE];
  if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, listener, &wanted)) fail("epoll");
  for (;;) {
    int n = epoll_wait(set, ready, READY_AT_ONCE, -1);
    if (n < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < n; i++) {
      if (ready[i].data.fd == listener) welcome(listener, set);
      else readable(ready[i].data.fd);
    }
  }
}
