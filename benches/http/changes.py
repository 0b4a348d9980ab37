"""How soon an answer knows of a sale, and what clients feel of reading changes: the simulated OZmap sells ports all the while, and clients ask at a
constant rate, of a proxy that reads changes and of one that doesn't."""

import json
import random
import sys
import time
from statistics import median

import rounds
from refresh import SHARE, Clients, bad, table
from stage import lab

SELLS_A_SECOND = 20
# As it comes.
EVERY = 30
# Boxes that are sold out, one after the other, to be looked for in the answers.
WATCHED, APART = 60, 1.5
# How long the last of them may take.
PATIENCE = 120


class Sales:
    """Boxes that are sold out, and when it showed."""

    def __init__(self, setting, proxy):
        self.setting, self.proxy = setting, proxy
        dice = random.Random(3)
        free = [one for one in setting.ozmap.control("GET", "boxes")["boxes"] if one["free_ports"] > 0 and not one["draft"]]
        self.boxes = dice.sample(free, min(WATCHED, len(free)))
        self.sold, self.shown = {}, {}

    def _offers(self, box):
        _, _, body = self.proxy.ask(box["lat"], box["lng"], 1)
        return any(one["id"] == box["id"] for one in json.loads(body)["boxes"])

    def measure(self):
        """Seconds from sale to changed answer."""
        waiting, due = list(self.boxes), time.monotonic()
        ends = time.monotonic() + len(waiting) * APART + PATIENCE
        while (waiting or len(self.shown) < len(self.sold)) and time.monotonic() < ends:
            if waiting and time.monotonic() >= due:
                box, due = waiting.pop(), due + APART
                self.setting.ozmap.control("POST", f"boxes/{box['id']}/sell-out")
                self.sold[box["id"]] = (time.monotonic(), box)
            for identity, (when, box) in self.sold.items():
                if identity not in self.shown and not self._offers(box):
                    self.shown[identity] = time.monotonic() - when
            time.sleep(0.1)
        return list(self.shown.values())


def runs_of_changes(proxy):
    """Their reports, newest first."""
    runs = proxy.admin_json("/admin/runs")["tenants"][0]["runs"]
    return [run for run in runs if run["kind"] == "changes" and run["result"] == "ok"]


def part(setting, times, seconds, smoke):
    every = 1 if smoke else EVERY
    proxy = setting.start({"refresh": {"changes": f"{every}s"}})
    setting.ozmap.control("POST", "churn", {"sells_per_second": SELLS_A_SECOND})
    sales = Sales(setting, proxy)
    if smoke:
        sales.boxes = sales.boxes[:2]
    took = sales.measure()
    missing = len(sales.sold) - len(took)
    print("\n#### From a sale to the changed answer\n")
    print(f"{SELLS_A_SECOND} ports sold a second; changes read every {every} s.\n")
    print("| sales | seconds: median (min-max) | never shown |\n|---|---|---|")
    print(f"| {len(took)} | {rounds.spread(took, lambda value: f'{value:.1f}')} | {missing} |", flush=True)

    setting.step_back()
    clients = Clients(setting)
    most = setting.wrk(setting.proxy.public)(max(seconds, 1), 0)
    tried = SHARE * most["answers"] / most["seconds"]
    trial_worked = setting.proxy.cpu()
    trial = clients.send(setting.proxy.public, round(tried), max(1, min(seconds, 3)))
    rate = round(tried * min(1, SHARE / ((setting.proxy.cpu() - trial_worked) / trial["seconds"])))
    lasts = max(seconds, 2 * every)
    quiet, busy, changed = [], [], []
    for number in range(times):
        print(f"round {number + 1} of {times}: {lasts} s without, {lasts} s with changes", file=sys.stderr)
        quiet.append(clients.send(setting.proxy.public, rate, lasts))
        last = runs_of_changes(proxy)[0]["run"]
        busy.append(clients.send(proxy.public, rate, lasts))
        changed += [run for run in runs_of_changes(proxy) if run["run"] > last]
    setting.ozmap.control("POST", "churn", {})
    print("\n#### Clients while changes are read\n")
    boxes = [run["published"]["changed"] for run in changed]
    print(f"{rate:,} requests/s of mixed radii, half a core's; {lasts} s a round; {len(changed)} readings of changes, {median(boxes):.0f} boxes changed in each,")
    print(f"{median(run['duration_seconds'] for run in changed) * 1e3:.0f} ms each from the first request to the swap.\n")
    table({"without changes": quiet, "changes read": busy})
    proxy.kill()
    return bad(quiet + busy).total() + missing
