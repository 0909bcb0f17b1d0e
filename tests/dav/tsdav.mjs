// The library tsdav against the real program: discovery from the bare host, then events and contacts listed, made, changed,
// deleted and kept the same by sync-collection. BASE and PASSWORD come from outside.
import assert from "node:assert/strict";
import { createDAVClient } from "tsdav";

const { BASE, PASSWORD } = process.env;
const credentials = { username: "anna@example.test", password: PASSWORD };
const client = (defaultAccountType) =>
  createDAVClient({ serverUrl: BASE, credentials, authMethod: "Basic", defaultAccountType });

const event = (uid, summary) =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", `UID:${uid}`, "DTSTAMP:20260101T000000Z",
    "DTSTART:20261123T090000Z", "DTEND:20261123T100000Z", "RRULE:FREQ=DAILY;COUNT=3", `SUMMARY:${summary}`,
    "END:VEVENT", "END:VCALENDAR", ""].join("\r\n");
const card = (uid, name) =>
  ["BEGIN:VCARD", "VERSION:3.0", `UID:${uid}`, `FN:${name}`, `N:${name};;;;`, "END:VCARD", ""].join("\r\n");
const ok = (response, status) => assert.equal(response.status, status, response.statusText);
const names = (objects) => objects.map((o) => new URL(o.url).pathname.split("/").pop()).sort();

const calendars = await client("caldav");
const found = await calendars.fetchCalendars();
assert.deepEqual(found.map((c) => c.displayName).sort(), ["Calendar", "Tasks"]);
const calendar = found.find((c) => c.displayName === "Calendar");
assert.ok(calendar.components.includes("VEVENT") && calendar.syncToken && calendar.ctag, JSON.stringify(calendar));
assert.ok(calendar.reports.includes("syncCollection"), JSON.stringify(calendar.reports));

for (const uid of ["a", "b"]) {
  ok(await calendars.createCalendarObject({ calendar, filename: `${uid}.ics`, iCalString: event(uid, uid) }), 201);
}
const listed = await calendars.fetchCalendarObjects({ calendar });
assert.deepEqual(names(listed), ["a.ics", "b.ics"]);
// What it reads of XML has no blanks at its ends.
assert.equal(listed.find((o) => o.url.endsWith("a.ics")).data, event("a", "a").trim());
const window = (from, to) => ({ calendar, timeRange: { start: `2026-11-${from}T00:00:00Z`, end: `2026-11-${to}T00:00:00Z` } });
assert.equal((await calendars.fetchCalendarObjects(window(25, 26))).length, 2);
assert.equal((await calendars.fetchCalendarObjects(window(26, 27))).length, 0);
const known = { ...calendar, objects: listed, objectMultiGet: calendars.calendarMultiGet };
assert.equal((await calendars.isCollectionDirty({ collection: calendar })).isDirty, true);

const first = listed.find((o) => o.url.endsWith("a.ics"));
ok(await calendars.updateCalendarObject({ calendarObject: { ...first, data: event("a", "changed") } }), 204);
const stale = await calendars.updateCalendarObject({ calendarObject: { ...first, data: event("a", "late") } });
ok(stale, 412);
const second = listed.find((o) => o.url.endsWith("b.ics"));
ok(await calendars.deleteCalendarObject({ calendarObject: second }), 204);
ok(await calendars.createCalendarObject({ calendar, filename: "c.ics", iCalString: event("c", "c") }), 201);
const synced = await calendars.smartCollectionSync({ collection: known, method: "webdav", detailedResult: true });
assert.deepEqual(names(synced.objects.created), ["c.ics"]);
assert.deepEqual(names(synced.objects.updated), ["a.ics"]);
assert.deepEqual(names(synced.objects.deleted), ["b.ics"]);
assert.equal(synced.objects.updated[0].data, event("a", "changed").trim());
console.log("tsdav: events");

const contacts = await client("carddav");
const books = await contacts.fetchAddressBooks();
const book = books.find((b) => b.url.includes("/contacts/"));
assert.ok(book && book.syncToken, JSON.stringify(books));
for (const uid of ["x", "y"]) {
  ok(await contacts.createVCard({ addressBook: book, filename: `${uid}.vcf`, vCardString: card(uid, `Person ${uid}`) }), 201);
}
const cards = await contacts.fetchVCards({ addressBook: book });
assert.deepEqual(names(cards), ["x.vcf", "y.vcf"]);
assert.equal(cards.find((c) => c.url.endsWith("x.vcf")).data, card("x", "Person x").trim());
const one = cards.find((c) => c.url.endsWith("x.vcf"));
ok(await contacts.updateVCard({ vCard: { ...one, data: card("x", "Xaver") } }), 204);
ok(await contacts.deleteVCard({ vCard: cards.find((c) => c.url.endsWith("y.vcf")) }), 204);
const all = await contacts.smartCollectionSync({
  collection: { ...book, objects: cards, objectMultiGet: contacts.addressBookMultiGet },
  method: "webdav",
  detailedResult: true,
});
assert.deepEqual([names(all.objects.updated), names(all.objects.deleted)], [["x.vcf"], ["y.vcf"]]);
console.log("tsdav: contacts");
