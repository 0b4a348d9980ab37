"""The attackers of r09 and r10, a process of its own (at nice 19, so that what others feel is the proxy and not the want of cores):

    slow_clients.py headers|readers ADDRESS PORT COUNT SECONDS REQUEST_FILE

`headers`: each connection sends the head of a request, then a byte every other second, without end. `readers`: each asks for twenty large answers and takes
nothing of them. Prints `open` when all are connected, and when it is ended (SIGTERM) JSON: how many were refused, how many closed by the other side, and
after how long."""

import errno
import json
import select
import signal
import socket
import sys
import time
from collections import deque
from pathlib import Path

AT_ONCE = 400
DRIP_EVERY = 2.0
ADDRESSES = 100

kind, address, port, count, seconds, request = sys.argv[1:]
count, seconds = int(count), float(seconds)
opening = Path(request).read_bytes()
poll = select.epoll()
clients, connected, ended, refused = {}, [], [], 0
told, number, connecting = False, 0, 0
due = []


def report():
    told = {"refused": refused, "closed": len(ended), "left": len(clients), "longest": max(ended, default=0), "shortest": min(ended, default=0)}
    print(json.dumps(told), flush=True)


def close(client):
    poll.unregister(client["socket"])
    client["socket"].close()
    del clients[client["descriptor"]]


signal.signal(signal.SIGTERM, lambda *_: (report(), sys.exit(0)))
begun = time.monotonic()
dripping = deque()
while time.monotonic() - begun < seconds + 90:
    now = time.monotonic()
    while number < count and connecting < AT_ONCE:
        one = socket.socket()
        one.setblocking(False)
        if kind == "readers":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.bind((f"127.0.1.{number % ADDRESSES + 1}", 0))
        one.connect_ex((address, int(port)))
        clients[one.fileno()] = {"socket": one, "descriptor": one.fileno(), "since": None, "next": 0}
        poll.register(one, select.EPOLLOUT | select.EPOLLRDHUP)
        number, connecting = number + 1, connecting + 1
    for descriptor, event in poll.poll(0.002, 2000):
        client = clients[descriptor]
        if client["since"] is None:
            connecting -= 1
            if client["socket"].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                refused += 1
                close(client)
                continue
            client["since"] = now
            client["next"] = now + DRIP_EVERY
            if kind == "headers":
                dripping.append(client)
            client["socket"].send(opening)
            # From now on only its end is of interest: what comes to be read isn't read.
            poll.modify(descriptor, select.EPOLLRDHUP)
        elif event & (select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR):
            ended.append(now - client["since"])
            close(client)
    # Each at its own time: all at a stroke would be another attack.
    while dripping and dripping[0]["next"] <= now:
        client = dripping.popleft()
        if clients.get(client["descriptor"]) is client:
            client["next"] += DRIP_EVERY
            dripping.append(client)
            try:
                client["socket"].send(b"a")
            except OSError as error:
                if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                    raise
    if not told and number == count and connecting == 0:
        told = True
        print("open", flush=True)
report()
