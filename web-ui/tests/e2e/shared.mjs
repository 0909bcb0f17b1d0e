// Proves: a mailbox of several people is as good as one's own in everything: read, sorted, moved, answered and written from,
// seen as it changes; and where somebody may only read, nothing else is offered.
import { connect } from 'node:net';
import { execFileSync } from 'node:child_process';
import { enter, equal, expect, hook, run, until } from './kit.mjs';

const PASSWORD = process.env.HAUSPOST_PASSWORD;
const [INFO, ARCHIVE] = ['info@example.test', 'ablage@example.test'];
const [HOST, PORT] = (process.env.HAUSPOST_SMTP ?? '127.0.0.1:18025').split(':');
const office = (...words) => execFileSync(process.env.HAUSPOST_PROGRAM, [...words, '--data', process.env.HAUSPOST_DATA]);

/** A message from outside, as another server brings it. */
const deliver = (to, subject, text = 'Guten Tag.') => new Promise((done, fail) => {
  const lines = ['EHLO other.test', 'MAIL FROM:<lena@other.test>', `RCPT TO:<${to}>`, 'DATA', `From: Lena <lena@other.test>\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\n${text}\r\n.`, 'QUIT'];
  const socket = connect(Number(PORT), HOST);
  socket.on('data', (bytes) => {
    const said = bytes.toString();
    if (/^[45]\d\d/m.test(said)) fail(new Error(said));
    if (!/^\d\d\d /m.test(said)) return;
    const next = lines.shift();
    if (next) socket.write(`${next}\r\n`);
    else socket.end();
  });
  socket.on('close', done);
  socket.on('error', fail);
});

await run('shared', {}, async ({ page, base, step, shot, axe, open, tolerate }) => {
  const $ = (name, p = page) => p.locator(hook(name));
  const row = (text, p = page) => p.locator(hook('message-row')).filter({ hasText: text });
  const toast = (text) => $('toast').filter({ hasText: text }).last().waitFor();
  const subject = (text) => until(async () => (await $('reader-subject').textContent())?.includes(text), `subject "${text}"`);
  const folder = (mailbox, name) => page.locator(hook(`folder-${mailbox}~${name}`));
  const signIn = (p, address) => enter(p, base, address, PASSWORD);
  const graph = (path) => page.evaluate(async (p) => (await fetch(p)).json(), path);

  for (const n of [1, 2, 3]) await deliver(INFO, `Anfrage ${n}`);
  await deliver(ARCHIVE, 'Altes');

  await step('mailboxes of others stand below one’s own, under their names, with what is new', async () => {
    await signIn(page, 'anna@example.test');
    await $(`mailbox-${INFO}`).waitFor();
    expect((await $(`mailbox-${ARCHIVE}`).textContent()).includes('nur lesen'), 'what may only be read says so');
    await until(async () => (await folder(INFO, 'inbox').textContent()).includes('3'), 'what is new there');
    await axe();
    await shot('shared-1-tree');
    await folder(INFO, 'inbox').click();
    await row('Anfrage 3').waitFor();
    expect((await page.locator('h1').first().textContent()).includes(INFO), 'whose it is stands above the list');
  });
  const other = await open();
  await step('what one does there the other sees at once, and the other way round', async () => {
    await signIn(other, 'ben@example.test');
    await other.locator(hook(`folder-${INFO}~inbox`)).click();
    await row('Anfrage 1', other).waitFor();
    await row('Anfrage 1').click();
    await subject('Anfrage 1');
    await until(async () => !(await row('Anfrage 1', other).textContent()).includes('Ungelesen'), 'read there, read here');
    await $('flag').click();
    await until(async () => (await row('Anfrage 1', other).textContent()).includes('Markiert'), 'flagged');
    await deliver(INFO, 'Anfrage 4');
    await row('Anfrage 4').waitFor();
    await row('Anfrage 4', other).waitFor();
  });
  await step('archive, trash, moving to a folder, and back again', async () => {
    await $('archive').click();
    await toast('archiviert');
    await folder(INFO, 'archive').click();
    await row('Anfrage 1').click();
    await subject('Anfrage 1');
    await $('move').click();
    await $('move-find').fill('Poste');
    await axe();
    await shot('shared-2-move');
    await page.keyboard.press('Enter');
    await toast('Posteingang');
    await folder(INFO, 'inbox').click();
    await row('Anfrage 1').click();
    await subject('Anfrage 1');
    await $('delete').click();
    await toast('Papierkorb');
    await $('toast-action').last().click();
    await row('Anfrage 1').waitFor();
    const own = await graph('/v1.0/me/messages?$top=50&$select=subject');
    equal(own.value.filter((m) => m.subject.startsWith('Anfrage')).length, 0, 'nothing of it lies in one’s own mailbox');
  });
  await step('an answer leaves as the mailbox, and is kept there', async () => {
    await row('Anfrage 2').click();
    await subject('Anfrage 2');
    await $('reply').click();
    await $('compose-body').waitFor();
    equal(await $('compose-from').inputValue(), INFO, 'from');
    await page.keyboard.type('Gern.');
    await axe();
    await shot('shared-3-reply');
    await $('compose-send').click();
    await toast('gesendet');
    await folder(INFO, 'sentitems').click();
    await row('AW: Anfrage 2').waitFor({ timeout: 30_000 });
    const sent = (await graph(`/v1.0/users/${INFO}/mailFolders/sentitems/messages?$select=subject,from`)).value[0];
    equal(sent.from.emailAddress.address, INFO, 'From of what was sent');
    equal((await graph('/v1.0/me/mailFolders/sentitems/messages?$select=id')).value.length, 0, 'not among one’s own');
  });
  await step('a new message can be from the mailbox; its draft moves with the sender, with its files', async () => {
    await $('folder-inbox').click();
    await $('compose-new').click();
    await $('compose-to').fill('ben@example.test');
    await $('compose-subject').fill('Von uns allen');
    await $('compose-file').setInputFiles([{ name: 'Notiz.txt', mimeType: 'text/plain', buffer: Buffer.from('klein') }]);
    await until(async () => (await $('compose-attached').count()) === 1 && (await page.locator(`${hook('compose-attached')} progress`).count()) === 0, 'file is there');
    equal((await graph('/v1.0/me/mailFolders/drafts/messages?$select=id')).value.length, 1, 'a draft of one’s own');
    await $('compose-from').selectOption(INFO);
    await until(async () => (await graph(`/v1.0/users/${INFO}/mailFolders/drafts/messages?$select=id`)).value.length === 1, 'a draft of the mailbox');
    await until(async () => (await graph('/v1.0/me/mailFolders/drafts/messages?$select=id')).value.length === 0, 'and no more of one’s own');
    await until(async () => (await page.locator(`${hook('compose-attached')} progress`).count()) === 0, 'its file again');
    await $('compose-send').click();
    await toast('gesendet');
    await other.locator(hook('folder-inbox')).click();
    await row('Von uns allen', other).waitFor({ timeout: 30_000 });
    expect((await row('Von uns allen', other).textContent()).includes('Info'), 'from the mailbox');
  });
  await step('sent for the mailbox, it is taken back', async () => {
    await folder(INFO, 'inbox').click();
    await row('Anfrage 3').click();
    await subject('Anfrage 3');
    await $('reply').click();
    await $('compose-body').waitFor();
    await page.keyboard.type('Zu früh');
    await $('compose-send').click();
    await toast('gesendet');
    await $('toast-action').last().click();
    await until(async () => (await $('compose-subject').inputValue()) === 'AW: Anfrage 3', 'it is here again');
    await $('compose-discard').click();
  });
  await step('where somebody may only read, nothing else is offered, nor done', async () => {
    await folder(ARCHIVE, 'inbox').click();
    await row('Altes').click();
    await subject('Altes');
    for (const name of ['archive', 'delete', 'flag', 'move', 'mark-unread']) expect(await $(name).isDisabled(), `${name} is off`);
    await page.keyboard.press('e');
    await toast('nur lesen');
    expect((await row('Altes').textContent()).includes('Ungelesen'), 'reading it leaves no trace');
    await shot('shared-4-read-only');
    await axe();
    await $('reply').click();
    await $('compose-body').waitFor();
    equal(await $('compose-from').count(), 0, 'the answer is one’s own');
    await $('compose-close').click();
  });
  await step('pictures of the message come from that mailbox, and from no other', async () => {
    tolerate(/mailbox=niemand/);
    const status = await page.evaluate(async (box) => (await fetch(`/ui/render/M1?mailbox=${box}`)).status, 'niemand@example.test');
    equal(status, 404, 'an unknown mailbox');
  });
  await step('access that is taken is gone at once', async () => {
    office('access', 'remove', INFO, 'ben@example.test');
    await other.reload();
    await $('folder-inbox', other).waitFor();
    await $(`mailbox-${ARCHIVE}`, other).waitFor({ timeout: 3000 }).catch(() => null);
    equal(await $(`mailbox-${INFO}`, other).count(), 0, 'not in the tree');
  });
  await step('folded away, dark, English, and on a phone', async () => {
    await page.locator(`${hook(`mailbox-${ARCHIVE}`)} ${hook('mailbox-fold')}`).click();
    await page.reload();
    await $(`mailbox-${ARCHIVE}`).waitFor();
    equal(await folder(ARCHIVE, 'inbox').count(), 0, 'still folded');
    await page.emulateMedia({ colorScheme: 'dark' });
    await $('account-menu').click();
    await page.locator(`${hook('language-en')}:visible`).click();
    await page.keyboard.press('Escape');
    await folder(INFO, 'inbox').click();
    await row('Anfrage 2').waitFor();
    await axe();
    await shot('shared-5-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await $('folders-open').click();
    await page.waitForTimeout(400);
    await axe();
    await shot('shared-6-phone');
  });
});
