#!/usr/bin/env python3
"""Fills a Maildir with messages of the sizes that an office has: moving_fill.py FOLDER COUNT [SEED]"""
import random
import sys
from pathlib import Path

root, count = Path(sys.argv[1]), int(sys.argv[2])
seed = int(sys.argv[3]) if len(sys.argv) > 3 else 7
random.seed(seed)
letters = "abcdefghijklmnopqrstuvwxyz"
words = ["".join(random.choices(letters, k=random.randint(2, 11))) for _ in range(6000)]
for sub in ("cur", "new", "tmp"):
    (root / sub).mkdir(parents=True, exist_ok=True)
total = 0
for n in range(count):
    size, body = min(int(random.lognormvariate(8.3, 1.2)), 400_000), []
    while size > 0:
        line = " ".join(random.choices(words, k=10))
        body.append(line)
        size -= len(line) + 1
    text = (
        f"From: p{n % 50}@other.test\nTo: office@bench.test\nMessage-ID: <{n}.{seed}@other.test>\n"
        f"Date: Sun, 22 Nov 2020 19:41:05 +0100\nSubject: number {n} {random.choice(words)}\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n\n" + "\n".join(body) + "\n"
    )
    lines = text.count("\n")
    total += len(text)
    (root / "cur" / f"{1_600_000_000 + n}.M{n}.x,S={len(text)},W={len(text) + lines}:2,S").write_text(text)
print(f"{count} messages, {total >> 20} MB")
