// Proves: mail is found by words and keys in both languages, searches are kept, and one deed is done to thousands of messages by
// the server, seen on its way, stopped, and taken back.
import { connect } from 'node:net';
import { equal, expect, hook, run, until } from './kit.mjs';

const PASSWORD = process.env.HAUSPOST_PASSWORD;
const [HOST, PORT] = process.env.HAUSPOST_IMAP.split(':');
const MANY = 3000;

/** Puts messages into the inbox, as many as there are to be; copies are made by the server. */
const fill = (address) => new Promise((done, fail) => {
  const message = (from, to, subject, text, more = '') => `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n${more}\r\n${text}\r\n`;
  const file = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n';
  const all = [
    message('Lena Voss <lena@other.test>', address, 'Rechnung November', 'Anbei die Rechnung.', file).replace('Anbei die Rechnung.', '--b\r\nContent-Type: text/plain\r\n\r\nAnbei die Rechnung.\r\n--b\r\nContent-Type: application/pdf; name="rechnung-11.pdf"\r\nContent-Disposition: attachment; filename="rechnung-11.pdf"\r\n\r\nx\r\n--b--'),
    message('Ben Bauer <ben@example.test>', address, 'Mittagessen', 'Gehen wir um zwölf?'),
    message('Newsletter <news@other.test>', address, 'Angebote der Woche', 'Viel zu viele Angebote.'),
  ];
  const commands = [`LOGIN ${address} ${PASSWORD}`, ...all.map((m) => [`APPEND INBOX {${Buffer.byteLength(m)}+}`, m]), 'SELECT INBOX', 'COPY 3 INBOX'];
  for (let n = 1; n < MANY; n *= 2) commands.push(`COPY 3:${2 + n} INBOX`);
  commands.push('LOGOUT');
  const socket = connect(Number(PORT), HOST);
  let buffer = '';
  let tag = 0;
  const next = () => {
    const command = commands.shift();
    if (command === undefined) return socket.end();
    socket.write(Array.isArray(command) ? `a${++tag} ${command[0]}\r\n${command[1]}\r\n` : `a${++tag} ${command}\r\n`);
  };
  socket.on('data', (bytes) => {
    buffer += bytes;
    if (tag === 0 && buffer.startsWith('* OK')) { buffer = ''; next(); return; }
    const end = new RegExp(`^a${tag} (OK|NO|BAD)[^\\n]*\\n`, 'm').exec(buffer);
    if (!end) return;
    if (end[1] !== 'OK' && !/BYE/.test(buffer)) return fail(new Error(end[0]));
    buffer = '';
    next();
  });
  socket.on('close', done);
  socket.on('error', fail);
});

await run('search', {}, async ({ page, base, step, shot, axe }) => {
  const $ = (name) => page.locator(hook(name));
  const row = (text) => page.locator(hook('message-row')).filter({ hasText: text });
  const toast = (text) => $('toast').filter({ hasText: text }).last().waitFor({ timeout: 60_000 });
  const number = async () => Number((await $('message-count').textContent()).replace(/\D/g, ''));
  const found = () => until(async () => (await page.locator('h1').first().textContent()) === 'Gefunden' && (await $('message-count').textContent()) !== '', 'found');
  const graph = (path) => page.evaluate(async (p) => (await fetch(p)).json(), path);
  const totals = async () => Object.fromEntries((await graph('/v1.0/me/mailFolders?$top=50')).value.map((f) => [f.wellKnownName, f.totalItemCount]));

  await fill('anna@example.test');
  await step('sign-in', async () => {
    await page.goto(base);
    await $('login-address').fill('anna@example.test');
    await $('login-password').fill(PASSWORD);
    await $('login-submit').click();
    await row('Angebote').first().waitFor();
    expect((await number()) > MANY, 'many messages');
  });
  await step('words are looked for while they are typed, and marked in what was found', async () => {
    await page.keyboard.press('/');
    equal(await page.evaluate(() => document.activeElement.dataset.test), 'search', 'the slash leads to the search');
    await axe();
    await shot('search-1-empty');
    await page.keyboard.type('rechn');
    await until(async () => (await $('message-row').count()) === 1, 'one message');
    equal(await row('Rechnung').locator('mark').first().textContent(), 'Rechn', 'marked');
    expect((await row('Rechnung').textContent()).includes('Posteingang'), 'where it lies');
    await axe();
    await shot('search-2-found');
    await row('Rechnung').click();
    await until(async () => (await $('reader-frame').evaluate((f) => f.contentWindow.CSS.highlights.get('found')?.size)) === 1, 'marked in the message as well');
    await page.waitForTimeout(300);
    await shot('search-2-read');
  });
  await step('keys narrow it down, in German and English; each can be taken off again', async () => {
    await $('search').fill('von:ben');
    await until(async () => (await row('Mittagessen').count()) === 1 && (await $('message-row').count()) === 1, 'from Ben');
    await $('search').fill('from:lena has:attachment filename:rechnung');
    await until(async () => (await row('Rechnung').count()) === 1 && (await $('message-row').count()) === 1, 'with a file');
    equal(await $('search-chip').count(), 3, 'chips');
    await shot('search-3-chips');
    await axe();
    await $('search').fill('mit:anhang von:ben');
    await $('search-none').waitFor();
    await axe();
    await $('search-chip').first().click();
    await row('Mittagessen').waitFor();
    equal(await $('search').inputValue(), 'von:ben', 'the rest stays');
    await $('search').fill('ist:ungelesen vor:1.1.2001');
    await $('search-none').waitFor();
    await $('search-more').click();
    await axe();
    await $('search-offer-after').click();
    equal(await $('search').inputValue(), 'ist:ungelesen vor:1.1.2001 nach:', 'a key is offered');
  });
  await step('a search is kept, found again after a reload, and forgotten', async () => {
    await $('search').fill('betreff:mittagessen');
    await row('Mittagessen').waitFor();
    await $('search-keep').click();
    await toast('gemerkt');
    await $('search-clear').click();
    await until(async () => (await number()) > MANY, 'the folder again');
    await page.reload();
    await $('saved-search').click();
    await until(async () => (await $('message-row').count()) === 1, 'found again');
    await shot('search-4-saved');
    await axe();
    await $('saved-forget').click();
    await until(async () => (await $('saved-search').count()) === 0, 'forgotten');
    await $('search-clear').click();
  });
  await step('messages are picked with the mouse and with keys, and something is done to all of them', async () => {
    await until(async () => (await number()) > MANY, 'the folder');
    // The rows of the folder take the place of what was found.
    await page.waitForTimeout(400);
    await $('message-row').nth(0).locator(hook('pick')).click();
    await page.locator(hook('message-row')).nth(4).click({ modifiers: ['Shift'] });
    await until(async () => (await $('bulk-count').textContent()).startsWith('5'), 'five');
    await $('message-row').nth(2).click({ modifiers: ['Control'] });
    await until(async () => (await $('bulk-count').textContent()).startsWith('4'), 'four');
    await axe();
    await shot('search-5-picked');
    await page.keyboard.press('e');
    await toast('4 Nachrichten');
    await until(async () => (await totals()).archive === 4, 'archived');
    await $('toast-action').last().click();
    await until(async () => (await totals()).archive === 0, 'and back');
  });
  let all = 0;
  await step('all that a search finds is moved by the server, far more than the page has loaded, and comes back', async () => {
    await $('search').fill('betreff:angebote');
    await found();
    all = await number();
    expect(all > MANY, 'thousands');
    await page.locator(hook('message-row')).first().locator(hook('pick')).click();
    await $('bulk-all').click();
    await until(async () => (await $('bulk-count').textContent()).replace(/\D/g, '').startsWith(String(all)), 'all are meant');
    await $('bulk-archive').click();
    await $('bulk-running').waitFor();
    await shot('search-6-running');
    await axe();
    await toast('verschoben');
    equal((await totals()).archive, all, 'all of them');
    equal((await totals()).inbox, 2, 'and nothing else');
    await $('toast-action').last().click();
    await until(async () => { const n = await totals(); return n.inbox === all + 2 && n.archive === 0; }, 'all back', 60_000);
    await toast('Rückgängig gemacht');
  });
  await step('it can be stopped on its way', async () => {
    await $('search-clear').click();
    await until(async () => (await number()) === all + 2, 'the folder');
    await page.locator(hook('message-row')).first().focus();
    await page.keyboard.press('Control+a');
    await page.locator(hook('bulk-read')).click();
    await $('bulk-stop').click({ timeout: 5000 }).catch(() => null);
    await toast('gekennzeichnet');
    const unread = (await graph('/v1.0/me/mailFolders/inbox')).unreadItemCount;
    console.log(`        ${all + 2 - unread} of ${all + 2} were marked before it stopped`);
  });
  await step('deleting for good asks first, and says how many', async () => {
    await $('search').fill('betreff:angebote');
    await found();
    await page.locator(hook('message-row')).first().locator(hook('pick')).click();
    await $('bulk-all').click();
    await $('bulk-delete').click();
    await toast('verschoben');
    await $('folder-deleteditems').click();
    await until(async () => (await number()) === all, 'in the trash');
    await page.locator(hook('message-row')).first().locator(hook('pick')).click();
    await $('bulk-all').click();
    await $('bulk-delete').click();
    await page.getByText('für immer gelöscht').waitFor();
    await axe();
    await $('dialog-confirm').click();
    await toast('endgültig');
    equal((await totals()).deleteditems, 0, 'gone');
  });
  await step('a rule is tried on the mail that is there', async () => {
    const made = await page.evaluate(async () => (await fetch('/v1.0/me/mailFolders/inbox/messageRules', { method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ displayName: 'Rechnungen', sequence: 1, isEnabled: false, conditions: { subjectContains: ['Rechnung'] }, actions: { markAsRead: true } }) })).status);
    equal(made, 201, 'a rule');
    await page.locator(hook('area-settings')).click();
    await $('settings-rules').click();
    await $('rule-rehearse').click();
    await until(async () => (await $('rehearsal-count').textContent()).includes('1 Nachricht'), 'one');
    equal(await $('rehearsal-row').count(), 1, 'and which');
    await axe();
    await shot('search-7-rehearsal');
    await $('modal-close').click();
    await $('area-mail').click();
  });
  await step('dark, English, and on a phone', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await $('account-menu').click();
    await page.locator(`${hook('language-en')}:visible`).click();
    await page.keyboard.press('Escape');
    await $('folder-inbox').click();
    await $('search').fill('is:unread from:ben');
    await until(async () => (await $('search-chip').count()) === 2, 'chips');
    await page.waitForTimeout(500);
    await axe();
    await shot('search-8-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(300);
    await axe();
    await shot('search-9-phone');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing wider than the phone');
  });
});
