"""What the scripts here share: a simulated OZmap and the proxy as processes of their own, clients, what the machine says of a process, one line of
result. Python's standard library only; everything on loopback, on free ports, and ended with the script.

    ozmap = lab.Simulator(boxes=2_000)
    proxy = lab.Proxy(ozmap)                       # ready: its first refresh is done
    status, headers, body = proxy.ask(*ozmap.home())
    report = lab.Report()                          # named like the script
    report.goal("3 of 3 answered", "all", met=True)
    report.end()                                   # prints the line, exits 0 or 1
"""

import asyncio
import atexit
import http.client
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONG = "long" in sys.argv[1:]
# How long anything may take before a script gives up waiting for it, in seconds.
PATIENCE = 120
# A client that keeps a connection longer at rest than the proxy does (`header_timeout`, 5 s) sends into its closing.
LONGEST_REST = 4
SKIPPED = 77
ADMIN_TOKEN = "an-admin-token"

_running = []
_folders = []


def _end():
    for process in _running:
        process.kill()
        process.wait()
    for folder in _folders:
        shutil.rmtree(folder, ignore_errors=True)


atexit.register(_end)
# So that whoever ends a script ends what it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


def folder():
    """A folder that goes with the script."""
    _folders.append(tempfile.mkdtemp(prefix="chaos-"))
    return Path(_folders[-1])


def program(name):
    """A release build of ours."""
    if "CHAOS_BUILT" not in os.environ:
        subprocess.run(["cargo", "build", "--release", "--workspace", "--locked", "--quiet"], cwd=ROOT, check=True)
        os.environ["CHAOS_BUILT"] = "1"
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(ROOT / target / "release" / name)


def until(what, holds, patience=PATIENCE):
    """Polls until `holds` gives something true, and gives that; raises when it doesn't in time."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        if found := holds():
            return found
        time.sleep(0.005)
    raise TimeoutError(f"waited {patience} s in vain until {what}")


def call(address, method, path, body=None, headers=(), timeout=PATIENCE):
    """One request on a connection of its own: status, headers in lower case, body."""
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def percentile(values, share):
    """The smallest value that this share (0 to 1) of all doesn't exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -(-len(ordered) * share // 1).__int__() - 1))]


def median(values):
    return percentile(values, 0.5)


def ms(seconds):
    return f"{seconds * 1000:.1f} ms"


class Process:
    """A program that runs until it is killed or the script ends; what it says goes to a file."""

    def __init__(self, command, env=(), cwd=None, cores=None, nice=None, descriptors=()):
        if cores is not None:
            command = ["taskset", "-c", str(cores), *command]
        if nice is not None:
            command = ["nice", "-n", str(nice), *command]
        self.said = folder() / "said"
        with self.said.open("wb") as said:
            self.child = subprocess.Popen(
                command,
                env={**os.environ, **dict(env)},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
            )
        self.pid = self.child.pid
        _running.append(self.child)

    def text(self):
        return self.said.read_text(errors="replace")

    def alive(self):
        return self.child.poll() is None

    def kill(self, number=signal.SIGKILL):
        """Signals it and waits for its end; gives its exit code."""
        if self.alive():
            self.child.send_signal(number)
        code = self.child.wait(PATIENCE)
        if self.child in _running:
            _running.remove(self.child)
        return code

    def status(self, name):
        """A number of /proc/<pid>/status; of memory: in bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * (1024 if line.endswith("kB") else 1)
        raise KeyError(name)

    def rss(self):
        return self.status("VmRSS")

    def peak_rss(self):
        """Since the start, or since `forget_peak`."""
        return self.status("VmHWM")

    def forget_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def cpu(self):
        """Seconds of processor time, user and system."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        """Open files. Asked for often: from Linux 6.2 on the folder's size tells it; to list 10,000 takes 7 ms, in which no client here gets on."""
        opened = Path(f"/proc/{self.pid}/fd")
        return opened.stat().st_size or len(os.listdir(opened))


class Simulator(Process):
    """A simulated OZmap. `host` is what a tenant is configured with, `key` sees everything."""

    def __init__(self, boxes=2_000, options=(), **how):
        super().__init__([program("ozmap-simulator"), "--listen", "127.0.0.1:0", "--boxes", str(boxes), *options], **how)
        until("the simulator listens", lambda: "curl" in self.text() or self._died())
        told = dict(line.split(": ", 1) for line in self.text().splitlines() if ": " in line)
        self.host, self.key = told["host"], told["key"]
        self.origin = self.host.removesuffix("/api/v2")
        name, port = self.origin.removeprefix("http://").split(":")
        self.address = (name, int(port))
        self.boxes = self.control("GET", "boxes")["boxes"]
        self._dice = random.Random(1)

    def _died(self):
        if not self.alive():
            raise RuntimeError(f"the simulator ended: {self.text()}")

    def control(self, method, path, body=None):
        """`/_control/<path>`; `GET /_control` lists what there is."""
        status, _, answer = call(self.address, method, f"/_control/{path}", None if body is None else json.dumps(body))
        assert status == 200, (status, answer)
        return json.loads(answer)

    def fault(self, prefix="", **fault):
        """`hang=True`, `failure_rate=1`, `latency="50ms"`, … for paths below /api/v2 that begin with `prefix`."""
        self.control("POST", "faults", {"prefix": prefix, **fault})

    def heal(self):
        self.control("DELETE", "faults")

    def requests(self, operation="all"):
        return self.control("GET", "requests").get(operation, 0)

    def home(self):
        """A place near a box, never the same twice: latitude, longitude."""
        near = self._dice.choice(self.boxes)
        return tuple(round(near[axis] + self._dice.uniform(-0.002, 0.002), 6) for axis in ("lat", "lng"))


class Proxy(Process):
    """The proxy with one tenant, `demo`. `config` is TOML: {"server": {...}, "tenants.demo.live": {...}}."""

    def __init__(self, ozmap, config=(), ready=True, place=None, wrap=(), binary=None, **how):
        self.ozmap, self.place = ozmap, place or folder()
        sections = {
            "server": {"listen": "127.0.0.1:0"},
            "admin": {"listen": "127.0.0.1:0", "token_env": "CHAOS_ADMIN_TOKEN", "refresh_gap": "0s"},
            "log": {"format": "json"},
            # Never by itself, if not told otherwise.
            "refresh": {"full": "0 0 0 1 1 *", "changes": "0s"},
            "canary": {"every": "0s"},
            "live": {"recheck_at_most": 0},
            "tenants.demo": {"host": ozmap.host, "key_env": "CHAOS_KEY"},
        }
        for section, keys in dict(config).items():
            sections.setdefault(section, {}).update(keys)
        lines = []
        for section, keys in sections.items():
            # A JSON string, number or truth value is one of TOML too.
            lines += [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
        (self.place / "proxy.toml").write_text("\n".join(lines) + "\n")
        env = {"CHAOS_ADMIN_TOKEN": ADMIN_TOKEN, "CHAOS_KEY": ozmap.key, **dict(how.pop("env", ()))}
        command = [*wrap, binary or program("viability-proxy"), "serve", "--config", str(self.place / "proxy.toml")]
        self.began = time.monotonic()
        super().__init__(command, env=env, **how)
        listening = until("the proxy listens", lambda: self.entry("listening"))
        self.public, self.admin = (
            (name, int(port)) for name, port in (listening[side].rsplit(":", 1) for side in ("public", "admin"))
        )
        if ready:
            self.wait_ready()

    def log(self):
        """Its log's entries."""
        # The last line may be half written.
        lines = self.text().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def entry(self, message):
        """The first log entry with this message; raises when the process has ended without."""
        ended = not self.alive()
        found = next((entry for entry in self.log() if entry.get("message") == message), None)
        if not found and ended:
            raise RuntimeError(f"the proxy ended: {self.text()[-2000:]}")
        return found

    def panics(self):
        return self.text().count("panicked at")

    def wait_ready(self):
        """Until /readyz is 200; gives the seconds since its start."""
        until("the proxy is ready", lambda: call(self.admin, "GET", "/readyz")[0] == 200)
        return time.monotonic() - self.began

    def admin_json(self, path):
        return json.loads(call(self.admin, "GET", path)[2])

    def refresh(self, more=""):
        """Orders a refresh, waits for it and gives its report."""
        path = f"/admin/refresh?wait={PATIENCE}s{more}"
        status, _, body = call(self.admin, "POST", path, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, timeout=PATIENCE + 10)
        assert status == 200, (status, body)
        return json.loads(body)["runs"][0]

    def metric(self, series):
        """The value of one series, 0 where there is none."""
        page = call(self.admin, "GET", "/metrics")[2].decode()
        return next((float(line.rpartition(" ")[2]) for line in page.splitlines() if line.rpartition(" ")[0] == series), 0)

    def path(self, lat, lng, radius=300):
        return f"/api/v2/ftth-viability/radius?lat={lat}&lng={lng}&radius={radius}"

    def request(self, lat, lng, radius=300, key=None, more=""):
        """The bytes of a query."""
        head = f"GET {self.path(lat, lng, radius)} HTTP/1.1\r\nHost: chaos\r\nAuthorization: {key or self.ozmap.key}\r\n{more}\r\n"
        return head.encode()

    def ask(self, lat, lng, radius=300, key=None):
        return call(self.public, "GET", self.path(lat, lng, radius), headers={"Authorization": key or self.ozmap.key})


class Connection:
    """A client's kept connection (asyncio)."""

    @classmethod
    async def open(cls, address, local=None):
        self = cls()
        self.reader, self.writer = await asyncio.open_connection(*address, local_addr=local, limit=1 << 20)
        return self

    async def ask(self, request):
        """Status, headers in lower case, body; raises when the other side ends before."""
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        self.kept = headers.get("connection", "").lower() != "close"
        return int(head[0].split()[1]), headers, body

    def close(self):
        self.writer.transport.abort()


@dataclass
class Load:
    """What came of requests at a constant rate."""

    latencies: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)

    def p(self, share):
        return percentile(self.latencies, share)

    def sent(self):
        return len(self.latencies) + len(self.failures)


async def open_loop(address, make, rate, seconds, seen=None, timeout=10, stop=None):
    """Sends what `make()` gives at a constant rate, whatever becomes of it (open loop), on kept connections.

    A request's time counts from when it was due, so that a wait of the client's own is no excuse. `seen(status, headers, body)` looks at
    each answer."""
    load, idle, under_way = Load(), [], set()

    def kept():
        while idle:
            connection = idle.pop()
            if time.monotonic() - connection.rests_since < LONGEST_REST and not connection.reader.at_eof():
                return connection
            connection.close()

    async def one(due):
        connection = None
        try:
            async with asyncio.timeout(timeout):
                connection = kept() or await Connection.open(address)
                status, headers, body = await connection.ask(make())
        except (OSError, EOFError, asyncio.IncompleteReadError, TimeoutError) as error:
            load.failures.append(repr(error))
            if connection:
                connection.close()
            return
        load.latencies.append(time.monotonic() - due)
        load.answers[status] = load.answers.get(status, 0) + 1
        if seen:
            seen(status, headers, body)
        if connection.kept:
            connection.rests_since = time.monotonic()
            idle.append(connection)
        else:
            connection.close()

    begun = time.monotonic()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        if (pause := due - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        if stop and stop():
            break
        task = asyncio.ensure_future(one(due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    while under_way:
        await asyncio.wait(under_way)
    for connection in idle:
        connection.close()
    return load


class Report:
    """The one line of a script."""

    def __init__(self, name=None):
        self.name = name or Path(sys.argv[0]).name
        self.parts, self.missed = [], False

    def goal(self, figure, goal, met):
        self.parts.append(f"{figure} ({goal}{'' if met else ', MISSED'})")
        self.missed |= not met

    def note(self, text):
        """A figure without a goal."""
        self.parts.append(text)

    def skip(self, why):
        print(f"{self.name}: skipped ({why})", flush=True)
        sys.exit(SKIPPED)

    def end(self):
        print(f"{self.name}: {'; '.join(self.parts)}", flush=True)
        sys.exit(1 if self.missed else 0)
