"""Clients in numbers, a process of its own and one thread of it, so that a core makes more than ten thousand requests a second:

    open_loop.py ADDRESS PORT REQUEST_FILE RATE SECONDS CONNECTIONS PATIENCE

Sends the requests of the file (separated by a NUL) in turn, RATE a second whatever becomes of them (0: as fast as all connections are answered, a closed
loop), on at most so many kept connections from a hundred addresses. Who isn't answered within PATIENCE seconds of when its request was due gives up and
closes. Prints JSON: how many were due, answered in time by status, given up, failed, in milliseconds the latencies of
those answered 200, and how late these clients themselves were (p99)."""

import gc
import json
import re
import select
import socket
import sys
import time
from collections import Counter, deque
from pathlib import Path

ADDRESSES = 100
# A client that keeps a connection longer at rest than the proxy does sends into its closing.
LONGEST_REST = 4.0
# What is read of an answer before its length is known.
HEAD = 1_024
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)

address, port, file, rate, seconds, most, patience = sys.argv[1:]
target, rate, seconds, most, patience = (address, int(port)), float(rate), float(seconds), int(most), float(patience)
requests = Path(file).read_bytes().split(b"\0")
poll, buffer = select.epoll(), bytearray(1 << 20)
clients, resting, waiting = {}, [], deque()
answers, latencies, lag = Counter(), [], []
due = given_up = failed = opened = crowded = 0


class Client:
    __slots__ = ("socket", "due", "left", "status", "head", "kept", "connected", "rests_since", "request")


def connect(now, request):
    global opened, failed
    client = Client()
    client.socket = socket.socket()
    client.socket.setblocking(False)
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # With the port chosen at connect, by the pair of addresses.
    client.socket.setsockopt(socket.SOL_IP, 24, 1)
    client.socket.bind((f"127.0.1.{opened % ADDRESSES + 1}", 0))
    client.socket.connect_ex(target)
    opened += 1
    client.connected, client.left, client.head, client.due, client.request = False, 0, b"", now, request
    clients[client.socket.fileno()] = client
    poll.register(client.socket, select.EPOLLOUT | select.EPOLLIN)
    waiting.append((now, client, client.due))


def close(client):
    poll.unregister(client.socket)
    del clients[client.socket.fileno()]
    client.socket.close()
    client.due = None


def send(client, now, request):
    global failed
    client.due = now
    waiting.append((now, client, now))
    try:
        client.socket.send(request)
    except OSError:
        failed += 1
        close(client)


def ask(now):
    global due, crowded
    request = requests[due % len(requests)]
    due += 1
    while resting:
        client = resting.pop()
        if client.due is None and client.socket.fileno() >= 0 and now - client.rests_since < LONGEST_REST:
            return send(client, now, request)
        if client.socket.fileno() >= 0:
            close(client)
    if len(clients) < most:
        connect(now, request)
    else:
        crowded += 1


def done(client, now):
    global given_up
    if now - client.due > patience:
        given_up += 1
    elif now > ends:
        # Behind the time that is measured.
        pass
    else:
        answers[client.status] += 1
        if client.status == 200:
            latencies.append(now - client.due)
    client.due, client.rests_since = None, now
    if not client.kept:
        return close(client)
    resting.append(client)


def readable(client, now):
    global failed
    try:
        # Behind the head nothing is looked at, nor copied.
        count = client.socket.recv_into(buffer, 0, socket.MSG_TRUNC) if client.left else client.socket.recv_into(buffer, HEAD)
    except BlockingIOError:
        return
    except OSError:
        count = 0
    if count == 0:
        failed += client.due is not None
        return close(client)
    if client.left == 0:
        head, found, body = (client.head + bytes(buffer[:count])).partition(b"\r\n\r\n")
        if not found:
            client.head = head
            return
        client.head, client.status, client.kept = b"", int(head[9:12]), b"\r\nconnection: close" not in head.lower()
        client.left = int(LENGTH.search(head)[1]) - len(body)
    else:
        client.left -= count
    if client.left == 0:
        done(client, now)
    elif count == HEAD:
        readable(client, now)


gc.disable()
begun = time.monotonic()
ends = begun + seconds
while True:
    now = time.monotonic()
    if now >= ends + patience or (now >= ends and not waiting):
        break
    if now < ends:
        if rate:
            while begun + due / rate <= now:
                lag.append(now - begun - due / rate)
                ask(begun + due / rate)
        else:
            while len(clients) < most or resting:
                ask(now)
    while waiting and (waiting[0][0] + patience < now or waiting[0][1].due != waiting[0][2]):
        _, client, since = waiting.popleft()
        if client.due == since and client.due is not None:
            given_up += 1
            close(client)
    for descriptor, event in poll.poll(0.001, 512):
        client = clients.get(descriptor)
        if client is None:
            continue
        if not client.connected:
            if client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                failed += 1
                close(client)
                continue
            client.connected = True
            poll.modify(descriptor, select.EPOLLIN)
            client.socket.send(client.request)
            continue
        readable(client, time.monotonic())


def share(values, part):
    values.sort()
    return round(values[min(len(values) - 1, int(len(values) * part))] * 1000, 3) if values else None


told = {"due": due, "answers": answers, "given_up": given_up, "failed": failed, "crowded": crowded, "opened": opened}
print(json.dumps({**told, "p50": share(latencies, 0.5), "p99": share(latencies, 0.99), "lag": share(lag, 0.99), "seconds": seconds}))
