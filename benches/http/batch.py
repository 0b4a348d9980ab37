"""What a table of 100,000 addresses takes as one batch, and what clients feel of batches: requests at a constant rate, whatever becomes of them (open
loop), while nobody sends a batch and while one follows the other."""

import csv
import random
import sys
import threading

import rounds
from refresh import SHARE, Clients, bad, settled, table
from stage import METRES, lab

ROWS, SMOKE_ROWS = 100_000, 2_000
PATH = "/viability/v1/batch"


class Batches:
    """One after the other, until told to stop; each `(seconds, first byte of the answer after)`."""

    def __init__(self, setting, proxy, rows):
        self.setting, self.proxy, self.rows, self.stop, self.taken = setting, proxy, rows, False, []
        self.table, self.answer = lab.folder() / "addresses.csv", lab.folder() / "result.csv"
        dice = random.Random(5)
        with self.table.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("id", "address", "lat", "lng"))
            for number in range(rows):
                _, lat, lng = dice.choice(setting.boxes)
                north, east = (dice.gauss(0, 60) / METRES for _ in "ab")
                table.writerow((number, f"Rua {number % 977}, {number % 1009}", f"{lat + north:.6f}", f"{lng + east:.6f}"))

    def one(self):
        headers = (f"Authorization: {self.setting.ozmap.key}", "Content-Type: text/csv", "Expect:")
        words = ["curl", "-s", "-o", self.answer, "-w", '{"code": %{http_code}, "seconds": %{time_total}}', "--data-binary", f"@{self.table}"]
        words += [word for header in headers for word in ("-H", header)]
        told = rounds.told([*words, f"http://{self.proxy.public[0]}:{self.proxy.public[1]}{PATH}"], 60)
        assert told["code"] == 200, told
        self.taken.append(told["seconds"])

    def check(self):
        """Every row is there, in its order, and judged."""
        with self.answer.open(newline="") as file:
            answers = list(csv.DictReader(file))
        assert [int(row["id"]) for row in answers] == list(range(self.rows)), "rows are missing"
        said = {what: sum(row["viable"] == what for row in answers) for what in ("true", "false")}
        assert sum(said.values()) == self.rows, said
        return said

    def _go(self):
        while not self.stop:
            self.one()

    def __enter__(self):
        self.stop, self.thread = False, threading.Thread(target=self._go, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()


def part(setting, times, seconds, smoke):
    proxy = setting.proxy
    batches = Batches(setting, proxy, SMOKE_ROWS if smoke else ROWS)
    before = settled(setting, proxy)
    proxy.forget_peak()
    worked = proxy.cpu()
    for _ in range(times):
        batches.one()
    worked, peak = (proxy.cpu() - worked) / times, proxy.peak_rss()
    said, after = batches.check(), settled(setting, proxy)
    alone = list(batches.taken)
    print(f"\n#### A table of {batches.rows:,} rows ({said['true']:,} viable), nobody asking\n")
    print("| seconds: median (min-max) | processor seconds | RSS before | highest | afterwards |\n|---|---|---|---|---|")
    sizes = " | ".join(f"{size / 2**20:,.1f} MiB" for size in (before, peak, after))
    print(f"| {rounds.spread(alone, lambda value: f'{value:.2f}')} | {worked:.2f} | {sizes} |", flush=True)

    setting.step_back()
    clients = Clients(setting)
    most = setting.wrk(proxy.public)(max(seconds, 1), 0)
    tried = SHARE * most["answers"] / most["seconds"]
    trial_worked = proxy.cpu()
    trial = clients.send(proxy.public, round(tried), max(1, min(seconds, 3)))
    rate = round(tried * min(1, SHARE / ((proxy.cpu() - trial_worked) / trial["seconds"])))
    quiet, busy, beside = [], [], []
    for number in range(times):
        print(f"round {number + 1} of {times}: {seconds} s without, {seconds} s with batches", file=sys.stderr)
        quiet.append(clients.send(proxy.public, rate, seconds))
        ended = len(batches.taken)
        with batches:
            busy.append(clients.send(proxy.public, rate, seconds))
        beside += batches.taken[ended:]
    print(f"\n#### Clients while batches are answered\n\n{rate:,} requests/s of mixed radii, half a core's; {seconds} s a round; one batch after the other, ")
    print(f"{rounds.spread(beside, lambda value: f'{value:.2f}')} s each.\n")
    table({"without batches": quiet, "batches back to back": busy})
    return bad(quiet + busy).total()
