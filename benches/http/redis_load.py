"""A load on Redis, a process of its own and one thread of it:

    redis_load.py PORT POINTS RADIUS SECONDS CONNECTIONS FIRST

GEOSEARCH around the points of the file ("lat,lng" a line) in turn from number FIRST on, the nearest first with their distances; the next on a connection
when its last is answered, none before. Prints JSON: answers, seconds, bytes, errors, p50 and p99 in seconds."""

import gc
import json
import select
import socket
import sys
import time
from pathlib import Path

port, points, radius, seconds, connections, number = sys.argv[1:]
seconds, number = float(seconds), int(number)


def command(line):
    lat, lng = line.split(b",")
    words = [b"GEOSEARCH", b"boxes", b"FROMLONLAT", lng, lat, b"BYRADIUS", radius.encode(), b"m", b"ASC", b"WITHDIST"]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


commands = [command(line) for line in Path(points).read_bytes().split()]
poll, clients, latencies = select.epoll(), {}, []
received = 0


def send(client, now):
    global number
    number += 1
    client[1], client[2], client[3] = now, b"", 0
    client[0].send(commands[number % len(commands)])


gc.disable()
for _ in range(int(connections)):
    # Its socket; since when it waits; what came; how many lines will.
    client = [socket.create_connection(("127.0.0.1", int(port))), 0.0, b"", 0]
    client[0].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    clients[client[0].fileno()] = client
    poll.register(client[0], select.EPOLLIN)
began = time.monotonic()
ends = began + seconds
for client in clients.values():
    send(client, began)
while (now := time.monotonic()) < ends:
    for descriptor, _ in poll.poll(0.1):
        client = clients[descriptor]
        came = client[0].recv(1 << 18)
        received += len(came)
        answer = client[2] = client[2] + came if client[2] else came
        if not answer.endswith(b"\r\n"):
            continue
        if client[3] == 0:
            if not answer.startswith(b"*"):
                sys.exit(f"not a list: {answer[:200]}")
            # Of each member: how many parts, and of either part the length and itself.
            client[3] = 1 + 5 * int(answer[1 : answer.index(b"\r")])
        if answer.count(b"\r\n") == client[3]:
            now = time.monotonic()
            latencies.append(now - client[1])
            send(client, now)
took = time.monotonic() - began
latencies.sort()
p50, p99 = (latencies[int(len(latencies) * share)] for share in (0.5, 0.99))
print(json.dumps({"answers": len(latencies), "seconds": took, "bytes": received, "errors": 0, "p50": p50, "p99": p99}))
