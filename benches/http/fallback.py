"""How soon an answer knows of a sale where OZmap's changes don't tell of it, so that lists are read whole again and again."""

from statistics import median

import rounds
from changes import SELLS_A_SECOND, Sales
from stage import lab

# Changes are asked for often enough that what is wrong with them shows before the first sale.
CHANGES, FALLBACK = 5, 30
DEVIATIONS = {"filters on updatedAt are ignored": "--ignore-update-filters", "sales don't touch updatedAt": "--silent-sales"}


class Place:
    """A simulated OZmap with one deviation, on the clients' core."""

    def __init__(self, boxes, option):
        self.ozmap = lab.Simulator(boxes=boxes, options=[option], cores=rounds.CLIENT_CORE)


def part(setting, smoke):
    interval = 6 if smoke else FALLBACK
    print(f"\n{SELLS_A_SECOND} ports sold a second; changes are read every {CHANGES} s, `refresh.fallback` is {interval} s.\n")
    print("| OZmap | sales | seconds from sale to answer: median (min-max) | later than the interval | never shown | whole readings: seconds |")
    print("|---|---|---|---|---|---|")
    wrong = 0
    for name, option in DEVIATIONS.items():
        place = Place(setting.count, option)
        sections = {"refresh": {"changes": f"{CHANGES}s", "fallback": f"{interval}s"}}
        proxy = setting.start(sections, ozmap=place.ozmap)
        place.ozmap.control("POST", "churn", {"sells_per_second": SELLS_A_SECOND})
        sales = Sales(place, proxy)
        if smoke:
            sales.boxes = sales.boxes[:3]
        took = sales.measure()
        late, missing = sum(one > interval for one in took), len(sales.sold) - len(took)
        whole = [run["duration_seconds"] for run in proxy.admin_json("/admin/runs")["tenants"][0]["runs"] if run["trigger"] == "fallback"]
        spread = rounds.spread(took, lambda value: f"{value:.1f}")
        print(f"| {name} | {len(took)} | {spread} | {late} | {missing} | {len(whole)}: {median(whole):.1f} |", flush=True)
        wrong += missing
        proxy.kill()
        place.ozmap.kill()
    return wrong
