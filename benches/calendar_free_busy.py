"""What 50 people are busy with for two weeks, asked as calendar programs do (RFC 6638 §5). Called by calendar.sh: calendar_free_busy.py
ADDRESS PASSWORD."""
import base64, http.client, json, statistics, sys, time

address, password = sys.argv[1:3]
PEOPLE = [f"u{n}@bench.test" for n in range(50)]
head = {"Authorization": "Basic " + base64.b64encode(f"{PEOPLE[0]}:{password}".encode()).decode(), "X-Forwarded-Proto": "https",
        "Content-Type": "text/calendar; charset=utf-8"}
link = http.client.HTTPConnection(address)


def ask(start, end):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//load//EN", "METHOD:REQUEST", "BEGIN:VFREEBUSY", f"UID:{start}@bench.test",
             "DTSTAMP:20260101T000000Z", f"DTSTART:{start}", f"DTEND:{end}", f"ORGANIZER:mailto:{PEOPLE[0]}",
             *(f"ATTENDEE:mailto:{who}" for who in PEOPLE), "END:VFREEBUSY", "END:VCALENDAR", ""]
    began = time.perf_counter()
    link.request("POST", f"/dav/calendars/{PEOPLE[0]}/outbox/", "\r\n".join(lines), head)
    answer = link.getresponse()
    text = answer.read().decode()
    took = (time.perf_counter() - began) * 1000
    assert answer.status == 200, (answer.status, text[:300])
    assert text.count("2.0;Success") == len(PEOPLE), text[:600]
    return took, text.count("FREEBUSY;") + text.count("FREEBUSY:")


asked = [ask(f"2026{month:02}{day:02}T000000Z", f"2026{month:02}{day + 14:02}T000000Z") for month in range(1, 13) for day in (1, 7, 14)]
times = sorted(took for took, _ in asked)
print(json.dumps({"bench": "free-busy-50", "asked": len(times), "lines": sum(n for _, n in asked), "p50_ms": round(statistics.median(times), 2),
                  "max_ms": round(times[-1], 2)}))
