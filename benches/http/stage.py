"""What every part measures on: a simulated OZmap, the proxy on the servers' core, places to ask for, and the floor."""

import http.client
import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHAOS = ROOT / "tests" / "chaos"
sys.path[:0] = [str(CHAOS), str(CHAOS / "peers")]

import lab  # noqa: E402
import rounds  # noqa: E402
import servers  # noqa: E402

POINTS = 50_000
MIXED = (100, 150, 200, 250, 300)
# Every so many-th query tells what an answer's length is; it shares no factor with the number of radii, so that all of them are met.
STEP = 16
# How long a million boxes may take to be read; the proxy lets nobody wait longer for a refresh.
PATIENCE = 900
# Rows of a list that are asked for at a time.
PAGE = 50_000
METRES = 111_320
# No refresh that isn't ordered, however long all of it takes; and what waited long is answered late, not refused, so that it is seen in p99.
CONFIG = {
    "freshness": {"stale_after": "72h"},
    "server": {"queue_timeout": "10s"},
    "refresh": {"changes": "0s"},
    "live": {"recheck_at_most": 0},
}


class Stage:
    def __init__(self, boxes, connections):
        self.connections = connections
        self.count = boxes
        lab.PATIENCE = PATIENCE
        self.ozmap = lab.Simulator(boxes=boxes, cores=rounds.CLIENT_CORE)
        self.proxy = self.start()
        self.ready = lab.time.monotonic() - self.proxy.began
        self.boxes = self._boxes()
        self.points = self._points()
        self.file = lab.folder() / "points"
        self.file.write_text("".join(f"{lat},{lng}\n" for lat, lng in self.points))

    def start(self, config=(), ozmap=None, **how):
        """A proxy that has read everything."""
        sections = {name: {**CONFIG.get(name, {}), **dict(config).get(name, {})} for name in {**CONFIG, **dict(config)}}
        proxy = lab.Proxy(ozmap or self.ozmap, sections, ready=False, cores=rounds.SERVER_CORE, **how)
        lab.until("the proxy is ready", lambda: proxy.alive() and lab.call(proxy.admin, "GET", "/readyz")[0] == 200, PATIENCE)
        return proxy

    def _boxes(self):
        """Of each box that a viability answer may show: id, latitude, longitude. Drafts it never does."""
        found, start = [], 0
        while True:
            path = f"/api/v2/boxes?select=coords,draft&limit={PAGE}&start={start}"
            status, _, body = lab.call(self.ozmap.address, "GET", path, headers={"Authorization": self.ozmap.key}, timeout=PATIENCE)
            assert status == 200, status
            page = json.loads(body)
            found += [(row["id"], row["lat"], row["lng"]) for row in page["rows"] if row["lat"] is not None and not row["draft"]]
            start += page["count"]
            if not page["count"] or start >= page["total"]:
                return found

    def _points(self):
        """Homes: near a box, one in ten farther off, all different."""
        dice, found = random.Random(2), {}
        while len(found) < POINTS:
            _, lat, lng = dice.choice(self.boxes)
            sigma = 200 if dice.random() < 0.1 else 40
            north, east = dice.gauss(0, sigma) / METRES, dice.gauss(0, sigma) / METRES / math.cos(math.radians(lat))
            found[round(lat + north, 6), round(lng + east, 6)] = None
        return list(found)

    def wrk(self, address, radii=MIXED, scheme="http", hot=0):
        """A load as `rounds.Case` takes it: wrk on all its connections, each round beginning elsewhere, the same place for every case."""

        def load(seconds, number):
            words = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", "-s", HERE / "radius.lua"]
            words += [f"{scheme}://{address[0]}:{address[1]}/", "--"]
            words += [self.file, self.ozmap.key, ",".join(map(str, radii)), number * 7_919 % POINTS, hot]
            return rounds.told(words, seconds)

        return load

    def body(self, radii=MIXED):
        """The mean length of an answer's body, over a sample of the queries, all of which memory must answer."""
        connection, lengths = http.client.HTTPConnection(*self.proxy.public), []
        for at in range(0, POINTS, STEP):
            path = self.proxy.path(*self.points[at], radii[at % len(radii)])
            connection.request("GET", path, headers={"Authorization": self.ozmap.key})
            answer = connection.getresponse()
            lengths.append(len(answer.read()))
            assert answer.status == 200 and "detail=index" in answer.getheader("cache-status", ""), (answer.status, answer.getheaders())
        connection.close()
        return round(sum(lengths) / len(lengths))

    def step_back(self):
        """Has OZmap, which is far away elsewhere, leave the core to the clients whenever they want it."""
        for thread in os.listdir(f"/proc/{self.ozmap.pid}/task"):
            os.setpriority(os.PRIO_PROCESS, int(thread), 19)


class Bare(lab.Process):
    """The floor: answers of this length and nothing else."""

    def __init__(self, length):
        super().__init__([bare_program(), str(length), "--threads", "1"], cores=rounds.SERVER_CORE)
        line = lab.until("the floor listens", lambda: self.text() if "\n" in self.text() else None)
        name, _, port = line.removeprefix("listening: ").strip().rpartition(":")
        self.public = (name, int(port))


def bare_program():
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--bench", "bare", "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    artifacts = [json.loads(line) for line in built.splitlines()]
    return next(one["executable"] for one in artifacts if one.get("target", {}).get("name") == "bare" and one.get("executable"))


def machine():
    """One line on what all of it runs on."""
    model = next((line.split(": ", 1)[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores, {model}, Linux {os.uname().release}"


def skipped(what, why):
    print(f"\n**{what}: SKIPPED** ({why})", flush=True)
