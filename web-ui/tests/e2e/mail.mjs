// Proves: a person can sign in, read, write, answer, sort and undo, and that nothing of it is lost when things go wrong.
// HAUSPOST_URL, HAUSPOST_ADDRESS and HAUSPOST_PASSWORD name a server and an account; without them the test double is used.
// It only needs an account that may send mail to itself; what it makes it puts into the trash.
import { startFake } from '../fake/server.mjs';
import { equal, expect, hook, run, textOf, until } from './kit.mjs';

const ADDRESS = process.env.HAUSPOST_ADDRESS ?? 'anna@example.test';
const PASSWORD = process.env.HAUSPOST_PASSWORD ?? 'kiesel-turm-regen';
const mark = `Probe ${Date.now()}`;

await run('mail', { fake: () => startFake({ messages: 60 }) }, async ({ page, base, step, shot, axe, double, tolerate }) => {
  const $ = (name) => page.locator(hook(name));
  const row = (text) => page.locator(hook('message-row')).filter({ hasText: text });
  const toast = (text) => $('toast').filter({ hasText: text }).last().waitFor();
  const subject = (text) => until(async () => (await $('reader-subject').textContent())?.includes(text), `subject "${text}" in the reader`);
  const count = async (folder) => Number(((await page.locator(`${hook(`folder-${folder}`)} ${hook('folder-count')} [aria-hidden]`).textContent({ timeout: 500 }).catch(() => '0')) ?? '0').replace(/\D/g, ''));
  const body = () => page.frameLocator(hook('reader-frame')).locator('body');
  const write = async (to, title, text) => {
    await $('compose-new').click();
    await $('compose-to').fill(to);
    await $('compose-subject').fill(title);
    await $('compose-body').fill(text);
  };
  const outside = [];
  page.on('request', (request) => { if (!request.url().startsWith(base) && !request.url().startsWith('data:')) outside.push(request.url()); });

  await step('sign-in: empty fields and a wrong password are told, the right one leads to the inbox', async () => {
    await page.goto(base);
    await $('login-address').waitFor();
    await $('login-submit').click();
    await until(async () => (await $('login-address').getAttribute('aria-invalid')) === 'true', 'address is asked for');
    await $('login-address').fill(ADDRESS);
    await $('login-password').fill('not the password');
    await $('login-submit').click();
    await $('login-error').waitFor();
    await axe();
    await shot('mail-0-login');
    await $('login-password').fill(PASSWORD);
    await $('login-submit').click();
    await $('folder-inbox').waitFor();
    await until(async () => /Posteingang – Hauspost$/.test(await page.title()), 'title');
    await page.locator(`${hook('message-row')}, ${hook('list-empty')}`).first().waitFor();
    await axe();
    await shot('mail-1-list');
  });
  await step('writing: nobody to send to and half an address are told, nothing is sent', async () => {
    await write('', `${mark} eins`, 'Guten Morgen,\n\ndas ist der Text.');
    await $('compose-send').click();
    await page.getByText('mindestens eine Person').first().waitFor();
    await $('compose-to').fill('anna@');
    await $('compose-send').click();
    await page.getByText('keine vollständige').first().waitFor();
    await shot('mail-2-compose-error');
    await axe();
  });
  await step('a failed sending keeps every word; what was not sent survives a reload', async () => {
    tolerate(/\/send/);
    await $('compose-to').press('Backspace');
    await $('compose-to').fill(ADDRESS);
    await page.route('**/send', (route) => route.abort());
    await $('compose-send').click();
    await $('compose-error').waitFor();
    expect((await textOf($('compose-body'))).includes('das ist der Text'), 'text is still there');
    await shot('mail-2-compose-failed');
    await page.unroute('**/send');
    await page.reload();
    await $('composer').waitFor();
    equal([await $('compose-subject').inputValue(), await textOf($('compose-body'))], [`${mark} eins`, 'Guten Morgen,\n\ndas ist der Text.'], 'draft after reload');
  });
  await step('what is written is on the server, with its files, and is gone on with from there', async () => {
    await $('compose-file').setInputFiles([
      { name: 'Notiz.txt', mimeType: 'text/plain', buffer: Buffer.from('klein') },
      { name: 'Plan.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(5_000_000, 7) },
    ]);
    await until(async () => (await $('compose-attached').count()) === 2 && (await page.locator(`${hook('compose-attached')} progress`).count()) === 0, 'both files are there', 30_000);
    await axe();
    await shot('mail-2-compose-files');
    await $('compose-close').click();
    await until(async () => (await $('composer').count()) === 0, 'window closed');
    await page.reload();
    await $('folder-drafts').click();
    await row(`${mark} eins`).click();
    await $('draft-go-on').click();
    await until(async () => (await $('compose-attached').count()) === 2, 'its files');
    equal(await textOf($('compose-body')), 'Guten Morgen,\n\ndas ist der Text.', 'its text');
    await $('compose-attached').filter({ hasText: 'Plan.bin' }).locator(hook('compose-detach')).click();
    await until(async () => (await $('compose-attached').count()) === 1, 'one file less');
    await shot('mail-2-compose-draft');
    await $('compose-discard').click();
    await until(async () => (await $('composer').count()) === 0, 'thrown away');
    await until(async () => (await row(`${mark} eins`).count()) === 0, 'gone from the drafts');
    await $('toast-action').click();
    await until(async () => (await $('compose-subject').inputValue()) === `${mark} eins` && (await $('compose-attached').count()) === 1, 'and back, with its file');
  });
  await step('sent too early, it is taken back', async () => {
    await $('compose-send').click();
    await toast('Nachricht gesendet');
    await shot('mail-2-undo');
    await $('toast-action').click();
    await until(async () => (await $('compose-subject').inputValue()) === `${mark} eins`, 'it is here again');
    await until(async () => (await $('compose-attached').count()) === 1, 'with its file');
    await page.locator(hook('folder-inbox')).click();
  });
  await step('closing the window by mistake can be undone', async () => {
    await $('compose-close').click();
    await until(async () => (await $('composer').count()) === 0, 'window closed');
    await $('toast-action').click();
    await until(async () => (await $('compose-subject').inputValue()) === `${mark} eins`, 'draft back');
  });
  let before = 0;
  await step('sent, it arrives by itself, unread and counted', async () => {
    before = await count('inbox');
    await $('compose-send').click();
    await toast('gesendet');
    await row(`${mark} eins`).waitFor({ timeout: 30_000 });
    await until(async () => (await count('inbox')) === before + 1, 'one more unread');
    await until(async () => (await page.title()).startsWith(`(${before + 1})`), 'count in the title');
    expect((await row(`${mark} eins`).textContent()).includes('Ungelesen'), 'row is unread');
  });
  await step('opening shows it in a frame without scripts and marks it read', async () => {
    await row(`${mark} eins`).click();
    await subject(`${mark} eins`);
    await until(async () => (await body().innerText()).includes('das ist der Text'), 'body');
    equal(await $('reader-frame').getAttribute('sandbox'), 'allow-same-origin allow-popups allow-popups-to-escape-sandbox', 'sandbox');
    await until(async () => (await count('inbox')) === before, 'read is counted');
    await until(async () => (await $('reader-frame').evaluate((f) => f.clientHeight >= f.contentDocument.body.scrollHeight)), 'frame as high as the body');
    await axe();
    await shot('mail-3-read');
  });
  await step('foreign HTML: no script runs, nobody outside is asked, images come on request', async () => {
    tolerate(/ui\/part/);
    await page.evaluate(async ({ to, title }) => {
      const html = '<p id="p">Mit Bild</p><script>parent.document.title="taken"<\/script><img src="https://tracker.invalid/pixel.png" onerror="parent.hacked=1"><a href="https://www.example.test/">weiter</a> <a href="mailto:lena@example.test?subject=Frage">schreiben</a>';
      await fetch(`${document.querySelector('meta[name="hauspost-base"]').content}v1.0/me/sendMail`, { method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ message: { subject: title, body: { contentType: 'html', content: html }, toRecipients: [{ emailAddress: { address: to } }] }, saveToSentItems: true }) });
    }, { to: ADDRESS, title: `${mark} Bild` });
    await row(`${mark} Bild`).click({ timeout: 30_000 });
    await subject(`${mark} Bild`);
    await $('show-images').waitFor();
    await shot('mail-4-images-blocked');
    expect(!(await page.title()).includes('taken') && !(await page.evaluate(() => 'hacked' in window)), 'no script of the mail ran');
    await until(async () => (await page.frameLocator(hook('reader-frame')).locator('a').first().getAttribute('target')) === '_blank', 'links open outside of the frame');
    await page.frameLocator(hook('reader-frame')).getByText('schreiben').click();
    await until(async () => (await $('compose-subject').inputValue()) === 'Frage', 'a mailto link opens our own window');
    await $('compose-close').click();
    equal(outside, [], 'no request left this origin before it was asked for');
    tolerate(/ui\/image/);
    await $('show-images').click();
    await until(async () => (await $('show-images').count()) === 0, 'banner gone');
    await until(async () => (await $('reader-frame').getAttribute('src')).endsWith('images=1'), 'images asked for');
    await until(async () => (await page.frameLocator(hook('reader-frame')).locator('img').first().getAttribute('src'))?.includes('/ui/image/'), 'pictures come through the server');
    equal(outside, [], 'and no request leaves this origin even then');
  });
  await step('keys work while the focus is inside the mail', async () => {
    await body().click({ position: { x: 5, y: 5 } });
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    await until(async () => (await $('reader-subject').textContent()) !== null, 'still reading');
    await row(`${mark} eins`).click();
    await subject(`${mark} eins`);
  });
  await step('an answer has recipient, subject and quote ready, and arrives', async () => {
    await until(async () => (await body().innerText()).includes('das ist der Text'), 'body');
    await $('reply').click();
    await $('compose-body').waitFor();
    equal(await $('compose-subject').inputValue(), `AW: ${mark} eins`, 'subject');
    await $('quoted-show').click();
    expect((await $('quoted-words').textContent()).includes('das ist der Text.'), 'quote');
    await $('quoted-show').click();
    await $('compose-body').focus();
    expect((await $('composer').locator('li').count()) >= 2, 'recipient');
    await page.keyboard.type('Danke, erhalten.');
    expect((await textOf($('compose-body'))).startsWith('Danke, erhalten.'), 'writing starts above the quote');
    await axe();
    await shot('mail-5-reply');
    await page.keyboard.press('Control+Enter');
    await toast('gesendet');
    await row(`AW: ${mark} eins`).waitFor({ timeout: 30_000 });
  });
  await step('forwarding names the original, closing an untouched window asks nothing', async () => {
    await row(`${mark} Bild`).click();
    await subject(`${mark} Bild`);
    await until(async () => (await body().innerText()).includes('Mit Bild'), 'body');
    await $('forward').click();
    equal(await $('compose-subject').inputValue(), `WG: ${mark} Bild`, 'subject');
    await $('quoted-show').click();
    expect((await $('quoted-words').textContent()).includes('Mit Bild'), 'forwarded text');
    await $('compose-close').click();
    await until(async () => (await $('composer').count()) === 0, 'window closed');
  });
  await step('flag and unread can be set and taken back', async () => {
    await $('flag').click();
    await until(async () => (await row(`${mark} Bild`).textContent()).includes('Markiert'), 'star in the list');
    const unread = await count('inbox');
    await $('mark-unread').click();
    await until(async () => (await count('inbox')) === unread + 1, 'one more unread');
    await page.reload();
    await until(async () => (await row(`${mark} Bild`).textContent()).includes('Markiert'), 'flag is the server’s too');
    await $('flag').click();
    await until(async () => !(await row(`${mark} Bild`).textContent()).includes('Markiert'), 'star gone');
  });
  await step('deleting takes it off the list at once, the next one opens, undo brings it back', async () => {
    const title = (await $('reader-subject').textContent()).trim();
    await $('delete').click();
    await until(async () => (await row(`${mark} Bild`).count()) === 0, 'row gone');
    await until(async () => { const now = await $('reader-subject').textContent(); return now !== null && now.trim() !== title; }, 'next message open');
    await $('toast-action').last().click();
    await row(`${mark} Bild`).waitFor();
    await page.waitForTimeout(600);
    equal(await row(`${mark} Bild`).count(), 1, 'exactly once');
  });
  await step('Delete key and Ctrl+Z do the same', async () => {
    await row(`${mark} Bild`).click();
    await subject(`${mark} Bild`);
    await page.keyboard.press('Delete');
    await until(async () => (await row(`${mark} Bild`).count()) === 0, 'row gone');
    await page.keyboard.press('Control+z');
    await row(`${mark} Bild`).waitFor();
  });
  await step('a refused change is rolled back and told', async () => {
    tolerate(/\/v1\.0\/me\/messages\//);
    await row(`${mark} Bild`).click();
    await subject(`${mark} Bild`);
    await page.route('**/move', (route) => route.fulfill({ status: 500, contentType: 'application/json', body: JSON.stringify({ error: { code: 'Internal', message: 'no', innerError: { date: '2026-01-01T00:00:00', 'request-id': '1', 'client-request-id': '1' } } }) }));
    await $('archive').click();
    await toast('schiefgegangen');
    await row(`${mark} Bild`).waitFor();
    await page.unroute('**/move');
  });
  await step('archive, spam and trash: each goes where it should', async () => {
    await row(`${mark} Bild`).click();
    await subject(`${mark} Bild`);
    await $('archive').click();
    await toast('archiviert');
    await page.locator(hook('folder-archive')).click();
    await row(`${mark} Bild`).click();
    await subject(`${mark} Bild`);
    await $('junk').click();
    await page.locator(hook('folder-junkemail')).click();
    await row(`${mark} Bild`).click();
    await subject(`${mark} Bild`);
    await $('delete').click();
    await page.locator(hook('folder-deleteditems')).click();
    await row(`${mark} Bild`).click();
    await subject(`${mark} Bild`);
  });
  await step('deleting for good asks first, and only there', async () => {
    await $('delete').click();
    await $('dialog-cancel').click();
    await row(`${mark} Bild`).waitFor();
    await $('delete').click();
    await axe();
    await shot('mail-6-destroy');
    await $('dialog-confirm').click();
    await until(async () => (await row(`${mark} Bild`).count()) === 0, 'row gone');
    await toast('endgültig');
  });
  if (double) {
    await step('a broken live line comes back and catches up', async () => {
      tolerate(/api\/events/);
      await page.locator(hook('folder-inbox')).click();
      await row(`${mark} eins`).first().waitFor();
      double.state.fail.events = true;
      double.dropStreams();
      await page.waitForTimeout(300);
      double.deliver(ADDRESS, { subject: `${mark} verpasst`, bodyPreview: 'Während der Pause', body: { contentType: 'text', content: 'Pause' }, from: { emailAddress: { name: 'Lena Voß', address: 'lena@example.test' } }, toRecipients: [], hasAttachments: false, flag: { flagStatus: 'notFlagged' } });
      await page.waitForTimeout(500);
      equal(await row(`${mark} verpasst`).count(), 0, 'unknown while the line is down');
      double.state.fail.events = false;
      await row(`${mark} verpasst`).waitFor();
    });
  }
  await step('a session that runs out covers the mail with the sign-in, and nothing begun is lost', async () => {
    tolerate(/v1\.0|api\/events/);
    await page.locator(hook('folder-inbox')).click();
    await write('', `${mark} angefangen`, 'Mitten im Satz');
    await page.context().clearCookies();
    await $('folder-archive').click();
    await $('login-password').waitFor();
    equal(await $('login-address').inputValue(), ADDRESS, 'address is known');
    await shot('mail-7-expired');
    await axe();
    await $('login-password').fill(PASSWORD);
    await $('login-submit').click();
    await until(async () => (await $('login-password').count()) === 0, 'back in the mail');
    equal(await textOf($('compose-body')), 'Mitten im Satz', 'what was being written');
    await page.locator(hook('folder-inbox')).click();
    await row(`${mark} eins`).first().waitFor();
    await $('compose-close').click();
  });
  await step('English and dark, both kept', async () => {
    await page.locator(hook('folder-inbox')).click();
    await $('account-menu').click();
    await shot('mail-7-menu');
    await page.locator(`${hook('language-en')}:visible`).click();
    await until(async () => (await page.title()).includes('Inbox'), 'English title');
    await page.locator(`${hook('theme-dark')}:visible`).click();
    await page.keyboard.press('Escape');
    await page.reload();
    await until(async () => (await page.title()).includes('Inbox'), 'still English');
    await page.locator(hook('message-row')).nth(2).click();
    await $('reader-frame').waitFor();
    await page.waitForTimeout(400);
    await axe();
    await shot('mail-8-dark-en');
    await $('account-menu').click();
    await page.locator(`${hook('language-de')}:visible`).click();
    await page.locator(`${hook('theme-system')}:visible`).click();
    await page.keyboard.press('Escape');
  });
  await step('on a phone there is one pane, and back leads to the list', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await until(async () => (await $('reader-back').isVisible()), 'message fills the screen');
    await page.waitForTimeout(400);
    await shot('mail-9-phone-read');
    await axe();
    expect(await page.evaluate(() => document.querySelector('[role=toolbar]').scrollWidth <= innerWidth), 'all actions fit');
    await $('reader-back').click();
    await until(async () => (await page.locator(hook('message-row')).first().isVisible()) && !(await $('reader-subject').isVisible()), 'list');
    await axe();
    await shot('mail-9-phone-list');
    await $('folders-open').click();
    await until(async () => (await $('folder-archive').isVisible()), 'folders');
    await page.waitForTimeout(300);
    await shot('mail-9-phone-folders');
    await page.keyboard.press('Escape');
    await $('compose-new-bar').click();
    await $('compose-to').waitFor();
    await shot('mail-9-phone-compose');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing wider than the phone');
    await $('compose-close').click();
    await page.setViewportSize({ width: 1440, height: 900 });
  });
  await step('signing out leaves nothing behind', async () => {
    for (const title of [`AW: ${mark} eins`, `${mark} eins`]) {
      await row(title).first().click();
      await subject(title);
      await $('delete').click();
    }
    await $('account-menu').click();
    await page.locator(`${hook('sign-out')}:visible`).click();
    await $('login-address').waitFor();
    await page.goBack().catch(() => {});
    await $('login-address').waitFor();
    equal(await page.evaluate(() => Object.keys(localStorage).filter((k) => k.includes('draft'))), [], 'kept drafts');
  });
});
