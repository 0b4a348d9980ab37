"""What clients feel of refreshes, and what a refresh costs: requests at a constant rate, whatever becomes of them (open loop), while OZmap is left
alone and while all of it is read back to back."""

import sys
import threading
from collections import Counter
from statistics import median

import rounds
from stage import CHAOS, MIXED, lab

# How much of its core the proxy is to need without a refresh, and of the rate that these clients make at most: beyond it they measure themselves.
SHARE, CLIENTS_SHARE = 0.5, 0.6
CONNECTIONS, PATIENCE = 1_000, 5
# A round lasts so many refreshes, and no longer than so many seconds.
REFRESHES, LONGEST = 3, 60


class Clients:
    def __init__(self, setting):
        self.requests = lab.folder() / "requests"
        asked = [setting.proxy.request(*point, radius=MIXED[at % len(MIXED)]) for at, point in enumerate(setting.points)]
        self.requests.write_bytes(b"\0".join(asked))

    def send(self, address, rate, seconds, connections=CONNECTIONS):
        words = [sys.executable, CHAOS / "open_loop.py", *address, self.requests, rate, seconds, connections, PATIENCE]
        return rounds.told(words, seconds + PATIENCE)


class Refreshes:
    """Back to back, until told to stop."""

    def __init__(self, proxy):
        self.proxy, self.stop, self.runs = proxy, False, []
        self.thread = threading.Thread(target=self._go, daemon=True)

    def _go(self):
        while not self.stop:
            self.runs.append(self.proxy.refresh()["result"])

    def __enter__(self):
        before = self.proxy.ozmap.requests()
        self.thread.start()
        lab.until("a refresh has begun", lambda: self.proxy.ozmap.requests() > before)
        return self

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()
        assert set(self.runs) == {"ok"}, self.runs


def settled(setting, proxy):
    """The least RSS within two seconds of a second of queries: what was freed goes back to the system a moment later, and some of it, in a process
    that nobody asks anything, with the next query only."""
    setting.wrk(proxy.public)(1, 0)
    ends, least = lab.time.monotonic() + 2, proxy.rss()
    while lab.time.monotonic() < ends:
        lab.time.sleep(0.05)
        least = min(least, proxy.rss())
    return least


def cost(setting, times):
    """Of refreshes with nobody asking: seconds, processor seconds, highest RSS, RSS afterwards; medians."""
    taken = []
    for _ in range(times):
        setting.proxy.forget_peak()
        began, worked = lab.time.monotonic(), setting.proxy.cpu()
        assert setting.proxy.refresh()["result"] == "ok"
        took, worked = lab.time.monotonic() - began, setting.proxy.cpu() - worked
        taken.append((took, worked, setting.proxy.peak_rss(), settled(setting, setting.proxy)))
    return [median(of) for of in zip(*taken)]


def bad(loads):
    """What didn't become a 200 in time, by what became of it."""
    kinds = Counter()
    for load in loads:
        kinds.update({status: count for status, count in load["answers"].items() if status != "200"})
        kinds.update({kind: load[kind] for kind in ("given_up", "failed") if load[kind]})
    return kinds


def table(cases):
    """What clients felt in each case, beside the first, which is the quiet one."""
    print("| case | p50 ms | p99 ms: median (min-max) | p99 / without | clients late themselves (p99 ms) | errors |\n|---|---|---|---|---|---|")
    still = median(load["p99"] for load in next(iter(cases.values())))
    for name, loads in cases.items():
        p50, lag = (median(load[key] for load in loads) for key in ("p50", "lag"))
        p99 = [load["p99"] for load in loads]
        errors = ", ".join(f"{count} {kind}" for kind, count in bad(loads).items()) or 0
        print(f"| {name} | {p50:.2f} | {rounds.spread(p99, lambda value: f'{value:.2f}')} | {median(p99) / still:.2f} | {lag:.1f} | {errors} |", flush=True)


def part(setting, times, seconds, floor):
    """`floor` is a server that is faster than any client here."""
    before = settled(setting, setting.proxy)
    took, worked, peak, steady = cost(setting, times)
    sizes = [f"{size / 2**20:,.0f} MiB ({size / setting.count:,.0f} bytes/box)" for size in (before, peak, steady)]
    print("\n#### A refresh of all boxes, nobody asking\n\n| boxes | seconds | processor seconds | RSS before the first | highest | afterwards | highest / before |")
    print(f"|---|---|---|---|---|---|---|\n| {setting.count:,} | {took:.1f} | {worked:.2f} | {' | '.join(sizes)} | {peak / before:.2f} |", flush=True)

    setting.step_back()
    clients = Clients(setting)
    most = setting.wrk(setting.proxy.public)(max(seconds, 1), 0)
    most = most["answers"] / most["seconds"]
    own = clients.send(floor.public, 0, max(1, min(seconds, 3)), 64)
    own = sum(own["answers"].values()) / own["seconds"]
    # One that comes by itself takes more than one of many that are there at once: half the highest rate is more than half a core.
    tried, worked = min(SHARE * most, CLIENTS_SHARE * own), setting.proxy.cpu()
    trial = clients.send(setting.proxy.public, round(tried), max(1, min(seconds, 3)))
    busy_share = (setting.proxy.cpu() - worked) / trial["seconds"]
    rate = round(tried * min(1, SHARE / busy_share))
    lasts = max(seconds, min(round(REFRESHES * took), LONGEST))

    quiet, busy, ended = [], [], []
    for number in range(times):
        print(f"round {number + 1} of {times}: {lasts} s quiet, {lasts} s of refreshes", file=sys.stderr)
        quiet.append(clients.send(setting.proxy.public, rate, lasts))
        with Refreshes(setting.proxy) as refreshes:
            busy.append(clients.send(setting.proxy.public, rate, lasts))
            ended.append(len(refreshes.runs))
    print(
        f"\n#### Clients while all boxes are read\n\n{rate:,} requests/s of mixed radii for {lasts} s a round, {rate / most:.0%} of the {most:,.0f}/s "
        f"that are answered at most, with which the proxy has half its core to do (at {tried:,.0f}/s {busy_share:.0%}; these clients make {own:,.0f}/s at most); {min(ended)} to {max(ended)} refreshes ended in a round.\n"
    )
    print("| case | p50 ms | p99 ms: median (min-max) | p99 / quiet's | clients late themselves (p99 ms) | not sent | errors |\n|---|---|---|---|---|---|---|")
    still = median(load["p99"] for load in quiet)
    for name, loads in (("quiet", quiet), ("refreshes back to back", busy)):
        p50, lag = (median(load[key] for load in loads) for key in ("p50", "lag"))
        p99 = [load["p99"] for load in loads]
        crowded = sum(load["crowded"] for load in loads)
        errors = ", ".join(f"{count} {kind}" for kind, count in bad(loads).items()) or 0
        print(f"| {name} | {p50:.2f} | {rounds.spread(p99, lambda ms: f'{ms:.2f}')} | {median(p99) / still:.2f} | {lag:.1f} | {crowded} | {errors} |", flush=True)
    return bad(quiet + busy).total()
