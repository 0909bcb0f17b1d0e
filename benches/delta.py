"""Reads a folder by delta to its end, then changes one message at a time and times the next delta. Called by graph.sh."""
import http.client, json, os, statistics, time
from urllib.parse import urlsplit

base = urlsplit(os.environ["M"])
head = {"Authorization": "Bearer " + os.environ["T"], "X-Forwarded-Proto": "https"}
link = http.client.HTTPConnection(base.netloc)


def ask(method, url, body=None, more={}):
    parts = urlsplit(url)
    data = json.dumps(body) if body else None
    link.request(method, parts.path + ("?" + parts.query if parts.query else ""), data, head | more | ({"Content-Type": "application/json"} if body else {}))
    answer = link.getresponse()
    text = answer.read()
    assert answer.status == 200, (answer.status, text[:300])
    return json.loads(text)


began, pages, seen = time.perf_counter(), 0, 0
url = os.environ["M"] + "/delta?$select=isRead"
while True:
    page = ask("GET", url, more={"Prefer": "odata.maxpagesize=500"})
    pages, seen = pages + 1, seen + len(page["value"])
    if "@odata.deltaLink" in page:
        break
    url = page["@odata.nextLink"]
full = time.perf_counter() - began
some = [m["id"] for m in page["value"][:30]]
times = []
for one in some:
    was = ask("GET", f"{os.environ['M']}/{one}?$select=isRead")["isRead"]
    ask("PATCH", f"{os.environ['M']}/{one}", {"isRead": not was})
    began = time.perf_counter()
    page = ask("GET", page["@odata.deltaLink"])
    times.append((time.perf_counter() - began) * 1000)
    assert len(page["value"]) == 1, page
print(json.dumps({"bench": "delta", "messages": seen, "full_seconds": round(full, 2), "pages": pages, "after_one_change_p50_ms": round(statistics.median(times), 2), "max_ms": round(max(times), 2)}))
