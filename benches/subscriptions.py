"""What 10,000 subscriptions of programs cost a box at rest: CPU of the process in half a minute, without them and with them. Called by
graph.sh after its server has ended: subscriptions.py HAUSPOST DATA [COUNT]."""
import json, os, sqlite3, subprocess, sys, time

program, data = sys.argv[1:3]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000
SETTLE_S, MEASURE_S = 10, 30
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def at_rest():
    """CPU in milliseconds a second, and resident memory in kB."""
    serve = [program, "serve", "--data", data, "--listen", "127.0.0.1:25443", "--host-name", "mail.bench.test"]
    server = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in server.stdout:
        if "is ready" in line:
            break
    time.sleep(SETTLE_S)
    before = cpu_s(server.pid)
    time.sleep(MEASURE_S)
    used = cpu_s(server.pid) - before
    rss = next(int(l.split()[1]) for l in open(f"/proc/{server.pid}/status") if l.startswith("VmRSS"))
    server.terminate()
    server.wait()
    return round(1000 * used / MEASURE_S, 2), rss


def subscribe():
    account = sqlite3.connect(os.path.join(data, "accounts/1/account.db"))
    (cursor,) = account.execute("SELECT modseq FROM state").fetchone()
    account.close()
    now = int(time.time() * 1000)
    end = now + 2 * 24 * 3600 * 1000
    row = {"account_id": 1, "actor_id": 1, "resource": "me/mailFolders('inbox')/messages", "kind": "messages", "change_types": "created,updated",
           "url": "https://hooks.bench.test/", "tls_version": "v1_2", "created_at_ms": now, "expires_at_ms": end, "cursor": cursor, "attempts": 0,
           "is_removed": 0, "wake_at_ms": end}
    db = sqlite3.connect(os.path.join(data, "directory.db"))
    names = ", ".join(["id", *row])
    marks = ", ".join("?" * (len(row) + 1))
    db.executemany(f"INSERT OR REPLACE INTO subscription ({names}) VALUES ({marks})", ((f"bench-{n}", *row.values()) for n in range(count)))
    db.commit()
    return db


without = at_rest()
db = subscribe()
try:
    with_them = at_rest()
finally:
    db.execute("DELETE FROM subscription WHERE id LIKE 'bench-%'")
    db.commit()
print(json.dumps({"bench": "idle-subscriptions", "subscriptions": count, "cpu_ms_per_s": with_them[0], "cpu_ms_per_s_without": without[0],
                  "rss_kb": with_them[1], "rss_kb_without": without[1]}))
