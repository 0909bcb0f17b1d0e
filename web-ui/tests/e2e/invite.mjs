// Proves: an invitation in a mail is a card: what, when, where, what else is on that day, answering, what has changed, proposals, calling off.
import { connect } from 'node:net';
import { equal, expect, hook, run, until } from './kit.mjs';

const ADDRESS = process.env.HAUSPOST_ADDRESS ?? 'anna@example.test';
const PASSWORD = process.env.HAUSPOST_PASSWORD ?? 'geheim-geheim';
const [HOST, PORT] = (process.env.HAUSPOST_SMTP ?? '127.0.0.1:18025').split(':');
const GUEST = 'olga@other.test';

/** One message from outside, as another server hands it over. */
function deliver(from, mail) {
  return new Promise((done, failed) => {
    const lines = [`EHLO other.test`, `MAIL FROM:<${from}>`, `RCPT TO:<${ADDRESS}>`, 'DATA', `${mail.replace(/\r?\n/g, '\r\n')}\r\n.`, 'QUIT'];
    const socket = connect(Number(PORT), HOST);
    let text = '';
    socket.on('error', failed);
    socket.on('data', (chunk) => {
      text += chunk;
      while (/^\d{3} .*\r\n/m.test(text)) {
        const end = text.search(/^\d{3} .*\r\n/m);
        const line = text.slice(end).split('\r\n')[0];
        text = text.slice(end + line.length + 2);
        if (/^[45]/.test(line)) return failed(new Error(line));
        const next = lines.shift();
        if (next === undefined) return done(socket.end());
        socket.write(`${next}\r\n`);
      }
    });
  });
}
const mail = (method, uid, sequence, organizer, lines) => `From: Olga Orlow <${GUEST}>
To: ${ADDRESS}
Subject: ${method} ${uid} ${sequence}
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Guten Tag, bitte sehen Sie selbst.

--b
Content-Type: text/calendar; method=${method}; charset=utf-8

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y
METHOD:${method}
BEGIN:VEVENT
UID:${uid}
DTSTAMP:2026112${sequence}T080000Z
SEQUENCE:${sequence}
ORGANIZER;CN=${organizer === GUEST ? 'Olga Orlow' : 'Anna'}:mailto:${organizer}
${lines}
END:VEVENT
END:VCALENDAR
--b--`;

await run('invite', { fake: () => { throw new Error('set HAUSPOST_URL: this spec needs the program itself'); }, context: { timezoneId: 'Europe/Berlin' } }, async ({ page, base, step, shot, axe }) => {
  const $ = (name) => page.locator(hook(name));
  const toast = (text) => $('toast').filter({ hasText: text }).last().waitFor();
  const graph = (path, method = 'GET', body) => page.evaluate(async ([path, method, body]) =>
    (await fetch(path, { method, headers: body ? { 'Content-Type': 'application/json' } : {}, body: body && JSON.stringify(body) })).json(), [path, method, body]);
  const read = async (subject) => {
    await page.goto(`${base}/#/mail/inbox`);
    await page.locator(hook('message-row')).filter({ hasText: subject }).first().click();
    await $('invite-head').waitFor();
  };
  const invited = `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${ADDRESS}`;
  const stored = async () => (await graph("/v1.0/me/events?$filter=subject eq 'Quartalsgespräch'&$select=id,subject,start,responseStatus,isCancelled")).value;

  await step('an invitation says what, when and where, and what else is on that day', async () => {
    await page.goto(base);
    await $('login-address').fill(ADDRESS);
    await $('login-password').fill(PASSWORD);
    await $('login-submit').click();
    await $('folder-inbox').waitFor();
    const at = (hour) => ({ dateTime: `2027-06-08T${hour}:00`, timeZone: 'Europe/Berlin' });
    await graph('/v1.0/me/events', 'POST', { subject: 'Zahnarzt', start: at('10:30'), end: at('11:00') });
    await graph('/v1.0/me/events', 'POST', { subject: 'Einkauf', start: at('17:00'), end: at('18:00') });
    await deliver(GUEST, mail('REQUEST', 'u1', 0, GUEST, `SUMMARY:Quartalsgespräch\nLOCATION:Saal 1\nDTSTART:20270608T080000Z\nDTEND:20270608T090000Z\n${invited}`));
    await until(async () => (await stored()).length === 1, 'in the calendar', 30_000);
    await read('REQUEST u1 0');
    expect((await $('invite-head').textContent()).includes('Olga Orlow lädt Sie ein'), 'who');
    expect((await $('invite-when').textContent()).includes('10:00 – 11:00'), 'when, here');
    await $('invite-day').getByText('Überschneidet sich mit einem Termin').waitFor();
    await $('invite-day').getByText('Zahnarzt').waitFor();
    await $('invite-day').getByText('Einkauf').waitFor();
    await page.waitForTimeout(300);
    await axe();
    await shot('invite-1');
  });
  await step('it is accepted with a word, which is kept', async () => {
    await $('invite-comment').fill('Gern, Kaffee bringe ich mit.');
    await $('invite-accept').click();
    await toast('Zugesagt');
    await until(async () => (await stored())[0].responseStatus.response === 'accepted', 'kept');
    await page.locator(`${hook('invite-accept')}[aria-pressed="true"]`).waitFor();
  });
  await step('another time is proposed', async () => {
    await $('invite-other').click();
    await $('invite-from').fill('2027-06-08T15:00');
    await $('invite-to').fill('2027-06-08T14:00');
    await $('invite-tentativelyAccept').click();
    await $('invite-problem').waitFor();
    await axe();
    await $('invite-to').fill('2027-06-08T16:00');
    await $('invite-tentativelyAccept').click();
    await toast('Vorschlag');
    await until(async () => (await stored())[0].responseStatus.response === 'tentativelyAccepted', 'kept');
  });
  await step('a change shows old and new, and the first invitation is out of date', async () => {
    await deliver(GUEST, mail('REQUEST', 'u1', 1, GUEST, `SUMMARY:Quartalsgespräch\nLOCATION:Büro Orlow\nDTSTART:20270608T120000Z\nDTEND:20270608T130000Z\n${invited}`));
    await until(async () => (await stored())[0].start.dateTime.startsWith('2027-06-08T12'), 'moved', 30_000);
    await read('REQUEST u1 1');
    await $('invite-head').getByText('hat den Termin geändert').waitFor();
    equal((await $('invite').locator('del').allTextContents()).map((x) => x.includes('Saal 1') ? 'place' : x.includes('10:00') ? 'time' : x), ['time', 'place'], 'what it was');
    await page.waitForTimeout(300);
    await axe();
    await shot('invite-2-changed');
    await read('REQUEST u1 0');
    await $('invite-outdated').waitFor();
    equal(await $('invite-accept').count(), 0, 'nothing to answer');
  });
  await step('called off', async () => {
    await deliver(GUEST, mail('CANCEL', 'u1', 2, GUEST, 'SUMMARY:Quartalsgespräch\nDTSTART:20270608T120000Z'));
    await until(async () => { const [e] = await stored(); return !e || e.isCancelled; }, 'off', 30_000);
    await read('CANCEL u1 2');
    await $('invite-head').getByText('abgesagt').waitFor();
    await axe();
    await shot('invite-3-cancelled');
  });
  await step('the organizer sees a proposal, and takes it', async () => {
    const event = await graph('/v1.0/me/events', 'POST', { subject: 'Abstimmung', start: { dateTime: '2027-06-09T09:00:00', timeZone: 'Europe/Berlin' }, end: { dateTime: '2027-06-09T10:00:00', timeZone: 'Europe/Berlin' },
      attendees: [{ type: 'required', emailAddress: { address: GUEST, name: 'Olga Orlow' } }] });
    const guest = `ATTENDEE;CN=Olga Orlow;PARTSTAT=TENTATIVE:mailto:${GUEST}`;
    await deliver(GUEST, mail('COUNTER', event.iCalUId, 0, ADDRESS, `SUMMARY:Abstimmung\nDTSTART:20270609T120000Z\nDTEND:20270609T130000Z\nCOMMENT:Vormittags bin ich verreist.\n${guest}`));
    const seen = async () => graph(`/v1.0/me/events/${event.id}`);
    await until(async () => (await seen()).attendees[0].proposedNewTime !== undefined, 'noted', 30_000);
    await read(`COUNTER ${event.iCalUId}`);
    await $('invite-head').getByText('Olga Orlow schlägt eine andere Zeit vor').waitFor();
    await $('invite-take').waitFor();
    await axe();
    await shot('invite-4-counter');
    await $('invite-open').click();
    await page.locator(hook('event')).filter({ hasText: 'Abstimmung' }).click();
    await $('guest-proposal').waitFor();
    await axe();
    await shot('invite-4-proposal');
    await $('guest-take').click();
    await toast('verschoben');
    await until(async () => (await seen()).start.dateTime.startsWith('2027-06-09T12'), 'at the proposed time');
  });
  await step('dark, English, on a phone', async () => {
    await page.evaluate(() => fetch('/api/preferences', { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: '{"theme":"dark"}' }));
    await page.evaluate(() => fetch('/api/session', { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: '{"language":"en"}' }));
    await page.reload();
    await read('REQUEST u1 1');
    await page.waitForTimeout(400);
    await axe();
    await shot('invite-5-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(300);
    await axe();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it fits');
    await shot('invite-5-phone');
  });
});
