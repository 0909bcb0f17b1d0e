// Proves: a folder of a hundred thousand messages is as quick as a small one. HAUSPOST_URL, HAUSPOST_SMTP (host:port) and
// HAUSPOST_PASSWORD name a server whose anna@example.test has so many; without them the test double is used.
import { once } from 'node:events';
import { connect } from 'node:net';
import { startFake } from '../fake/server.mjs';
import { equal, expect, hook, run, until } from './kit.mjs';

const COUNT = 100_000;
const PASSWORD = process.env.HAUSPOST_PASSWORD ?? 'kiesel-turm-regen';
const isReal = Boolean(process.env.HAUSPOST_URL);

/** Hands a message to the real server, as another server would. */
async function deliver() {
  const [host, port] = process.env.HAUSPOST_SMTP.split(/:(?=\d+$)/);
  const socket = connect(Number(port), host);
  socket.setEncoding('utf8');
  const says = async (code) => { const [text] = await once(socket, 'data'); expect(text.startsWith(code), `SMTP said ${text}`); };
  await says('220');
  for (const [line, code] of [['HELO x', '250'], ['MAIL FROM:<x@y.example>', '250'], ['RCPT TO:<anna@example.test>', '250'], ['DATA', '354'], ['From: x@y.example\r\nSubject: Neu\r\n\r\nNeu\r\n.', '250']]) {
    socket.write(`${line}\r\n`);
    await says(code);
  }
  socket.end();
}

await run('scale', { fake: () => startFake({ messages: COUNT, delay: 20 }) }, async ({ page, base, step, shot, axe, double }) => {
  const $ = (name) => page.locator(hook(name));
  const rows = page.locator(hook('message-row'));
  const filled = () => until(async () => (await rows.count()) > 5 && (await $('row-skeleton').count()) === 0, 'rows filled', 3000);
  const scrollTo = (part) => $('message-list').evaluate((e, p) => { e.scrollTop = (e.scrollHeight - e.clientHeight) * p; }, part);

  await step('the list appears, announces its true length and keeps at most 80 rows', async () => {
    await page.goto(base);
    await $('login-address').fill('anna@example.test');
    await $('login-password').fill(PASSWORD);
    const start = Date.now();
    await $('login-submit').click();
    await filled();
    console.log(`        rows visible ${Date.now() - start} ms after signing in`);
    equal(await $('message-list').getAttribute('aria-rowcount'), String(COUNT), 'row count');
    equal(await $('message-count').textContent(), '100.000 Nachrichten', 'count shown');
    expect((await rows.count()) <= 80, 'at most 80 rows');
    await rows.nth(2).click();
    await page.frameLocator(hook('reader-frame')).getByText('Guten Tag').waitFor();
    if (!isReal) await $('show-images').waitFor();
    await axe();
    await shot('scale-1-light');
  });
  await step('jumping anywhere fills the rows', async () => {
    for (const part of [0.5, 0.123, 0.9, 1]) {
      const start = Date.now();
      await scrollTo(part);
      await page.waitForTimeout(60);
      await filled();
      console.log(`        at ${part}: ${Date.now() - start} ms`);
      expect((await rows.count()) <= 80, 'at most 80 rows');
    }
    equal(await rows.last().getAttribute('aria-rowindex'), String(COUNT), 'last row');
  });
  if (!isReal) await step('passing by asks for nothing, resting asks for whole pages', async () => {
    double.state.requests.length = 0;
    // Inside the page, so that a busy machine does not turn passing by into resting.
    await $('message-list').evaluate(async (e) => {
      for (let i = 1; i <= 20; i++) {
        e.scrollTop = (e.scrollHeight - e.clientHeight) * (0.2 + i / 100);
        await new Promise((done) => requestAnimationFrame(done));
      }
    });
    await page.waitForTimeout(100);
    await filled();
    const asked = double.state.requests.filter((r) => r.includes('/messages?'));
    expect(asked.length <= 6, `few requests, got ${asked.length}`);
    expect(asked.every((r) => /\$top=100&\$skip=\d+00&|\$skip=0&/.test(r)), 'pages of a hundred');
  });
  await step('keyboard: End, Home, PageDown and arrows move one focus through the whole list', async () => {
    await scrollTo(0);
    await filled();
    await rows.first().focus();
    await page.keyboard.press('End');
    const at = () => page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex'));
    await until(async () => (await at()) === String(COUNT), 'focus on the last row');
    await page.keyboard.press('Home');
    await until(async () => (await at()) === '1', 'focus on the first row');
    await page.keyboard.press('PageDown');
    await page.keyboard.press('ArrowDown');
    expect(Number(await at()) > 5, 'focus moved on');
    equal(await page.locator(`${hook('message-row')}[tabindex="0"]`).count(), 1, 'one stop for the tab key');
    const stands = Number(await at());
    await page.keyboard.press('Enter');
    const opened = () => page.locator('[aria-selected=true]').getAttribute('aria-rowindex');
    await until(async () => (await opened()) === String(stands), 'Enter opens the row');
    await page.keyboard.press('j');
    await until(async () => (await opened()) === String(stands + 1), 'j opens the next');
    await page.keyboard.press('ArrowUp');
    await until(async () => (await opened()) === String(stands), 'the arrow goes back');
    await page.keyboard.press('Escape');
    await until(async () => (await $('reader-subject').count()) === 0 && (await at()) === String(stands), 'Esc closes, the focus is back in the list');
  });
  await step('a new message on top does not move what is being read', async () => {
    await scrollTo(0.5);
    await filled();
    await rows.nth(12).click();
    const before = await page.evaluate(() => document.querySelector('[aria-selected=true]')?.getBoundingClientRect().top);
    const subject = await $('reader-subject').textContent();
if (isReal) await deliver();
    else double.deliver('anna@example.test', { subject: 'Neu', bodyPreview: '', body: { contentType: 'text', content: '' }, from: { emailAddress: { address: 'x@y.example' } }, toRecipients: [], flag: { flagStatus: 'notFlagged' } });
    await until(async () => (await $('message-count').textContent()) === '100.001 Nachrichten', 'counted');
    await page.waitForTimeout(300);
    const after = await page.evaluate(() => document.querySelector('[aria-selected=true]')?.getBoundingClientRect().top);
    equal(await $('reader-subject').textContent(), subject, 'message open');
    equal(after, before, 'place on the screen');
  });
  await step('on a tablet the folders come out over the list', async () => {
    await page.setViewportSize({ width: 1024, height: 768 });
    await scrollTo(0);
    await filled();
    await rows.nth(3).click();
    await page.waitForTimeout(400);
    await axe();
    await shot('scale-3-tablet');
    await page.getByRole('button', { name: 'Ordner' }).first().click();
    await until(async () => (await page.locator(hook('folder-archive')).isVisible()), 'folders');
    await page.waitForTimeout(300);
    await shot('scale-3-tablet-folders');
    await page.locator(hook('folder-archive')).click();
    await $('list-empty').waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.locator(hook('folder-inbox')).click();
  });
  await step('dark', async () => {
    await scrollTo(0);
    await page.emulateMedia({ colorScheme: 'dark' });
    await filled();
    await rows.nth(3).click();
    await page.frameLocator(hook('reader-frame')).getByText('Guten Tag').waitFor();
    await page.waitForTimeout(500);
    await axe();
    await shot('scale-2-dark');
  });
});
