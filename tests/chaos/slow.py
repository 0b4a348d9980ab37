"""Slow clients and the others: what r09 and r10 have in common."""

import asyncio
import json
import sys
from pathlib import Path

import lab

RATE = 200
# Seconds that the proxy gives: for a head; without taking anything of an answer.
LIMITS = {"headers": 5, "readers": 10}
MEMORY = {"headers": 200, "readers": 400}
RATIO, NOISE = 1.2, 0.002


class Attack:
    """A wave of slow clients: when it stands, when the proxy has rid itself of it."""

    def __init__(self, kind, connections, proxy, opening):
        self.kind, self.connections, self.proxy, self.opening = kind, connections, proxy, opening
        self.stands = self.over = False
        # Those of the other clients come on top.
        self.resting = proxy.descriptors() + 50

    async def run(self):
        script = Path(__file__).with_name("slow_clients.py")
        command = [sys.executable, script, self.kind, *map(str, self.proxy.public), str(self.connections), str(LIMITS[self.kind]), self.opening]
        clients = await asyncio.create_subprocess_exec("nice", "-n", "19", *command, stdout=asyncio.subprocess.PIPE)
        lab.atexit.register(lambda: clients.returncode is None and clients.kill())
        assert await clients.stdout.readline() == b"open\n"
        self.stands, begun = True, lab.time.monotonic()
        # A reader that takes nothing doesn't see its connection's end, which comes behind the answer: the proxy's descriptors tell.
        while self.proxy.descriptors() > self.resting and lab.time.monotonic() - begun < 60:
            await asyncio.sleep(0.05)
        self.took, self.over = lab.time.monotonic() - begun, True
        clients.terminate()
        told = json.loads((await clients.stdout.read()).splitlines()[-1])
        await clients.wait()
        return told


def measure(kind, connections, rounds):
    ozmap = lab.Simulator(boxes=20_000)
    proxy = lab.Proxy(ozmap, {"server": {"max_connections": 12_000, "header_timeout": "5s", "write_timeout": "10s"}})
    opening = lab.folder() / "opening"
    slow_head = b"GET /api/v2/ftth-viability/radius HTTP/1.1\r\nHost: chaos\r\nX-Slow: "
    opening.write_bytes(slow_head if kind == "headers" else proxy.request(*ozmap.home(), radius=2_000) * 20)

    async def others(seconds=120, stop=None):
        return await lab.open_loop(proxy.public, lambda: proxy.request(*ozmap.home()), RATE, seconds, stop=stop)

    async def attack():
        wave = Attack(kind, connections, proxy, opening)
        told = asyncio.ensure_future(wave.run())
        rising = await others(stop=lambda: wave.stands or told.done())
        standing = await others(stop=lambda: wave.over or told.done())
        return rising, standing, wave.took, await told

    async def all_rounds():
        await others(2)
        resting, cpu = proxy.rss(), proxy.cpu()
        proxy.forget_peak()
        rounds_done = [(await others(LIMITS[kind] + 2), *await attack()) for _ in range(rounds)]
        return rounds_done, (proxy.peak_rss() - resting) / 2**20, proxy.cpu() - cpu

    done, memory, cpu = asyncio.run(all_rounds())
    quiet, rising, standing, took, told = zip(*done)
    before, up, under = (lab.median([load.p(0.99) for load in loads]) for loads in (quiet, rising, standing))
    loads = [*rising, *standing]
    good = sum(load.answers.get(200, 0) for load in loads)
    sent = sum(load.sent() for load in loads)
    report = lab.Report()
    report.note(f"{connections:,} connections, {rounds} rounds")
    met = under <= RATIO * before or under - before <= NOISE
    report.goal(f"p99 of others {under / before:.2f} times ({lab.ms(before)} to {lab.ms(under)})", f"<= {RATIO}, or 2 ms more", met)
    report.note(f"{lab.ms(up)} while they come")
    report.goal(f"{sent - good} of their {sent:,} requests failed", "0", good == sent)
    why = sorted({failure for load in loads for failure in load.failures})
    if why:
        report.note(", ".join(why[:3]))
    # A part grows with the traffic of the others, whatever the attack.
    allowed = 20 + connections / 10_000 * (MEMORY[kind] - 20)
    report.goal(f"memory +{memory:.0f} MiB", f"<= {allowed:.0f} MiB", memory <= allowed)
    report.goal(f"all gone {max(took):.1f} s after the last came, at the latest", f"<= {LIMITS[kind] + 1} s", max(took) <= LIMITS[kind] + 1)
    refused = sum(one["refused"] for one in told)
    report.goal(f"{refused} could not connect", "0", refused == 0)
    report.note(f"{cpu:.1f} s of processor time in all")
    return report
