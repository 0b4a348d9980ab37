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


def measure(kind, connections, rounds):
    ozmap = lab.Simulator(boxes=20_000)
    limits = {"max_connections": 12_000, "header_timeout": "5s", "write_timeout": "10s"}
    proxy = lab.Proxy(ozmap, {"server": limits})
    opening = lab.folder() / "opening"
    home = ozmap.home()
    opening.write_bytes(
        b"GET /api/v2/ftth-viability/radius HTTP/1.1\r\nHost: chaos\r\nX-Slow: " if kind == "headers" else proxy.request(*home, radius=2_000) * 20
    )

    async def others(seconds=None, stop=None):
        return await lab.open_loop(proxy.public, lambda: proxy.request(*ozmap.home()), RATE, seconds or 120, stop=stop)

    async def attack():
        script = Path(__file__).with_name("slow_clients.py")
        command = ["nice", "-n", "19", sys.executable, script, kind, *map(str, proxy.public), str(connections), str(LIMITS[kind]), opening]
        attackers = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        lab.atexit.register(lambda: attackers.returncode is None and attackers.kill())
        told = asyncio.ensure_future(attackers.communicate())
        load = await others(stop=told.done)
        return load, json.loads((await told)[0].splitlines()[-1])

    async def all_rounds():
        quiet, attacked, told = [], [], []
        # The first requests of all warm up.
        await others(2)
        resting, proxy_cpu = proxy.rss(), proxy.cpu()
        proxy.forget_peak()
        for _ in range(rounds):
            quiet.append(await others(LIMITS[kind] + 2))
            load, outcome = await attack()
            attacked.append(load)
            told.append(outcome)
        return quiet, attacked, told, (proxy.peak_rss() - resting) / 2**20, proxy.cpu() - proxy_cpu

    quiet, attacked, told, memory, cpu = asyncio.run(all_rounds())
    before, under = (lab.median([load.p(0.99) for load in loads]) for loads in (quiet, attacked))
    sent, failed = sum(load.sent() for load in attacked), sum(len(load.failures) for load in attacked)
    bad = sum(count for load in attacked for status, count in load.answers.items() if status != 200)
    longest, left = max(one["longest"] for one in told), sum(one["left"] + one["refused"] for one in told)
    allowed = connections / 10_000 * MEMORY[kind]
    closed = sum(one["closed"] for one in told)
    goals = lab.Report()
    goals.note(f"{connections:,} connections, {rounds} rounds")
    met = under <= RATIO * before or under - before <= NOISE
    goals.goal(f"p99 of others {under / before:.2f} times ({lab.ms(before)} to {lab.ms(under)})", f"<= {RATIO}, or 2 ms more", met)
    goals.goal(f"{failed + bad} of their {sent:,} requests failed", "0", failed + bad == 0)
    goals.goal(f"memory +{memory:.0f} MiB", f"<= {allowed:.0f} MiB", memory <= allowed)
    goals.goal(f"all {closed:,} closed after {longest:.1f} s at most", f"<= {LIMITS[kind] + 1} s", left == 0 and closed == rounds * connections and longest <= LIMITS[kind] + 1)
    goals.note(f"{cpu:.1f} s of processor time in all")
    return goals
