"""Cases in turn, round after round, and what they amount to. All servers are up at once and each round measures every case, so that a machine
whose pace changes changes it for all; what is compared is compared within a round."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Callable

SERVER_CORE, CLIENT_CORE = "0", "1"
TICK = os.sysconf("SC_CLK_TCK")
# What a client may take beyond its time.
LATE = 60
# Processes that have just ended, as a database's for each connection, are counted when their parent has noticed.
SETTLES = 0.1


@dataclass
class Case:
    """`load(seconds, number)` makes the requests of one round: answers, seconds, errors, p50, p99 in seconds, bytes where they are known."""

    name: str
    pid: int
    load: Callable


def client(command, seconds):
    """Runs it on the clients' core; gives what it printed."""
    done = subprocess.run(
        ["taskset", "-c", CLIENT_CORE, *map(str, command)], capture_output=True, text=True, timeout=seconds + LATE, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def told(command, seconds):
    """The same, of a client whose last line is JSON."""
    return json.loads(client(command, seconds).splitlines()[-1])


def family(pid):
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            found += [one for child in (task / "children").read_text().split() for one in family(int(child))]
        except OSError:
            continue
    return found


def cpu(pid):
    """Seconds of processor time, user and system: its threads', its children's, and those of children that are gone."""
    ticks = 0
    for one in family(pid):
        try:
            words = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, words[11:15]))
    return ticks / TICK


def host():
    """Since the start: of all cores the ticks that the host took for others, and those in all; of the servers' core the seconds that it worked."""
    lines = dict(line.split(" ", 1) for line in Path("/proc/stat").read_text().splitlines())
    every, one = ([int(word) for word in lines[name].split()[:8]] for name in ("cpu", f"cpu{SERVER_CORE}"))
    user, nice, system, _, _, hard, soft, _ = one
    return every[7], sum(every), (user + nice + system + hard + soft) / TICK


def measure(cases, rounds, seconds, warm=True):
    """The figures of every case by its name, round by round; round 0 warms up and isn't counted."""
    figures = {case.name: [] for case in cases}
    for number in range(0 if warm else 1, rounds + 1):
        print(f"round {number} of {rounds}: {', '.join(figures)}", file=sys.stderr)
        for case in cases:
            before, worked, began = host(), cpu(case.pid), time.monotonic()
            taken = case.load(seconds if number else 1, number)
            time.sleep(SETTLES)
            worked, (stolen, ticks, core) = cpu(case.pid) - worked, (now - then for now, then in zip(host(), before))
            took, answers = time.monotonic() - began, max(taken["answers"], 1)
            taken |= {"rate": taken["answers"] / taken["seconds"], "cpu": worked / answers, "busy": worked / taken["seconds"]}
            taken |= {"each": taken["bytes"] / answers if "bytes" in taken else None, "stolen": stolen / max(ticks, 1)}
            taken |= {"others": max(core - worked, 0) / took}
            if number:
                figures[case.name].append(taken)
    return figures


def of(taken, name):
    return [one[name] for one in taken]


def ratio(taken, base, name):
    """The median of the ratios within a round."""
    return median(one[name] / max(other[name], 1e-9) for one, other in zip(taken, base))


def spread(values, show):
    return f"{show(median(values))} ({show(min(values))}-{show(max(values))})"


def table(title, figures, base, names=None, inverted=False):
    """Markdown; every case against `base`, or `base` against every case. Gives the number of errors."""
    heads = [f"{base}'s rate / its", f"{base}'s CPU / its"] if inverted else ["rate / the first's", "CPU / the first's"]
    columns = ["case", "answers/s: median (min-max)", "p50 ms", "p99 ms", "server CPU µs/answer", "core busy", "bytes/reply", *heads]
    columns += ["errors", "others on its core: median (worst)", "stolen: median (worst)"]
    print(f"\n#### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name in names or figures:
        taken, based = figures[name], figures[base]
        sides = (based, taken) if inverted else (taken, based)
        each = of(taken, "each")
        cells = [name, spread(of(taken, "rate"), lambda rate: f"{rate:,.0f}")]
        cells += [f"{median(of(taken, share)) * 1e3:.2f}" for share in ("p50", "p99")]
        cells += [spread([one * 1e6 for one in of(taken, "cpu")], lambda micros: f"{micros:.1f}")]
        cells += [f"{median(of(taken, 'busy')):.0%}", f"{median(each):,.0f}" if None not in each else "?"]
        cells += [f"{ratio(*sides, key):.2f}" for key in ("rate", "cpu")]
        cells += [str(sum(of(taken, "errors"))), worst(taken, "others"), worst(taken, "stolen")]
        print(f"| {' | '.join(cells)} |", flush=True)
    return sum(sum(of(figures[name], "errors")) for name in names or figures)


def worst(taken, name):
    shares = of(taken, name)
    return f"{median(shares):.0%} ({max(shares):.0%})"
