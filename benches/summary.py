#!/usr/bin/env python3
"""Medians and ranges from the suite's lines, as a Markdown table.

  summary.py FILE...                a row per benchmark, a column per peer
  summary.py --ratio A B FILE...    A over B, round by round (the same round only)
  summary.py --cpu FILE...          CPU milliseconds of the server per operation
"""
import json
import statistics
import sys

# Startup: milliseconds until ready. Lower is better for those marked "ms" and "kB".
PICK = {
    "startup": ("ready_ms", "ms"), "mem-idle": ("pss_kb", "kB"), "mem-after": ("pss_kb", "kB"),
    "disk-20k": ("kb", "kB"), "search-text": ("p50_ms", "ms"), "search-subject": ("p50_ms", "ms"),
    "search-from": ("p50_ms", "ms"), "select-fresh": ("p50_ms", "ms"), "idle-500": ("p50_ms", "ms"),
    "idle-1": ("p50_ms", "ms"), "flag-1000": ("p50_ms", "ms"),
}
EXTRA = [("mem-idle", "rss_kb", "kB"), ("idle-500", "rss_kb_idle", "kB"), ("idle-500", "pss_kb_idle", "kB"),
         ("idle-500", "pss_kb_per_idler", "kB"), ("lmtp-in", "visible_per_s", "1/s"), ("smtp-in", "visible_per_s", "1/s"),
         ("submit", "visible_per_s", "1/s"), ("fetch-full", "mb_per_s", "MB/s")]
ORDER = ["startup", "mem-idle", "append-mix-c1", "append-mix-c4", "append-4k-c1", "append-20k", "disk-20k",
         "fetch-headers", "fetch-full", "search-text", "search-subject", "search-from", "flag-1", "flag-1000",
         "select-fresh", "login-tls", "idle-500", "idle-1", "lmtp-in", "smtp-in", "submit"]


def load(files, field=None):
    rows = {}
    for f in files:
        for line in open(f):
            try:
                d = json.loads(line)
            except ValueError:
                continue
            if not d.get("label"):
                continue
            peer, rnd, name = d["label"].split("/", 2)
            key, unit = (field, "ms") if field else PICK.get(name, ("ops_per_s", "1/s"))
            if d.get("error") or (d.get("errors") and not d.get("ops")):
                rows.setdefault(name, {}).setdefault(peer, (unit, []))[1].append((int(rnd), None))
            elif key in d:
                rows.setdefault(name, {}).setdefault(peer, (unit, []))[1].append((int(rnd), d[key]))
            for n, extra, u in EXTRA:
                if not field and name == n and extra in d:
                    rows.setdefault(f"{n}: {extra}", {}).setdefault(peer, (u, []))[1].append((int(rnd), d[extra]))
    return rows


def num(x):
    if x >= 1000:
        return f"{x:,.0f}".replace(",", " ")
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def by_round(values):
    rounds = {}
    for r, v in values:
        if v is not None:
            rounds.setdefault(r, []).append(v)
    return {r: statistics.median(v) for r, v in rounds.items()}


def order(rows):
    first = [m for n in ORDER for m in [n] + [f"{x}: {e}" for x, e, _ in EXTRA if x == n] if m in rows]
    return first + sorted(n for n in rows if n not in first)


def main():
    a = sys.argv[1:]
    if a[:1] == ["--ratio"]:
        x, y, files = a[1], a[2], a[3:]
        rows = load(files)
        print(f"| benchmark | {x} / {y}: median of the ratios | min | max | rounds |\n|---|---|---|---|---|")
        for n in order(rows):
            if x in rows[n] and y in rows[n]:
                px, py = by_round(rows[n][x][1]), by_round(rows[n][y][1])
                r = [px[k] / py[k] for k in px if k in py and px[k] and py[k]]
                if r:
                    print(f"| {n} ({rows[n][x][0]}) | {num(statistics.median(r))} | {num(min(r))} | {num(max(r))} | {len(r)} |")
        return
    field = None
    if a[:1] == ["--cpu"]:
        field, a = "server_cpu_ms_per_op", a[1:]
    rows = load(a, field)
    peers = []
    for f in a:
        p = f.rsplit("/", 1)[-1].removesuffix(".jsonl")
        if p not in peers:
            peers.append(p)
    print("| benchmark | unit | " + " | ".join(peers) + " |\n|---|---|" + "---|" * len(peers))
    for n in order(rows):
        unit = next(iter(rows[n].values()))[0]
        cells = []
        for p in peers:
            v = [x for _, x in rows[n].get(p, (0, []))[1] if x is not None]
            if p not in rows[n]:
                cells.append("")
            elif not v:
                cells.append("fails")
            elif len(v) == 1:
                cells.append(num(v[0]))
            else:
                cells.append(f"{num(statistics.median(v))} ({num(min(v))}–{num(max(v))})")
        print(f"| {n} | {unit} | " + " | ".join(cells) + " |")


main()
