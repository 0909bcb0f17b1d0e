// Proves: formatted mail is written by mouse and keyboard, pictures go along as parts of the message, what is quoted stays as
// it was, the signature is exchanged and never added again, and none of it breaks the content policy.
import { equal, expect, hook, run, textOf, until } from './kit.mjs';

const PASSWORD = process.env.HAUSPOST_PASSWORD;
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==';

await run('compose', {}, async ({ page, base, step, shot, axe }) => {
  const $ = (name) => page.locator(hook(name));
  const row = (text) => page.locator(hook('message-row')).filter({ hasText: text });
  const body = () => page.frameLocator(hook('reader-frame')).locator('body');
  const html = () => $('compose-body').evaluate((e) => e.innerHTML);
  const toast = (text) => $('toast').filter({ hasText: text }).last().waitFor();
  const api = (method, path, json, prefer) => page.evaluate(async ([m, p, j, prefer]) => {
    const answer = await fetch(p, { method: m, headers: { ...(j ? { 'Content-Type': 'application/json' } : {}), ...(prefer ? { Prefer: prefer } : {}) }, body: j ? JSON.stringify(j) : undefined });
    const text = await answer.text();
    return { status: answer.status, text, json: text.startsWith('{') ? JSON.parse(text) : null };
  }, [method, path, json, prefer]);
  const sent = async (subject) => {
    const found = await api('GET', `/v1.0/me/mailFolders/sentitems/messages?$select=id,subject&$top=50`);
    const id = found.json.value.find((m) => m.subject === subject)?.id;
    return id ? (await api('GET', `/v1.0/me/messages/${id}/$value`)).text : '';
  };
  const close = async () => {
    await $('compose-close').click();
    await until(async () => (await $('composer').count()) === 0, 'window closed');
  };
  const paste = (target, data) => target.evaluate((element, given) => {
    const transfer = new DataTransfer();
    for (const [type, value] of Object.entries(given.texts ?? {})) transfer.setData(type, value);
    if (given.picture) transfer.items.add(new File([Uint8Array.from(atob(given.picture), (c) => c.charCodeAt(0))], 'bild.png', { type: 'image/png' }));
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
  }, data);

  await step('sign-in, and a signature', async () => {
    await page.goto(base);
    await $('login-address').fill('anna@example.test');
    await $('login-password').fill(PASSWORD);
    await $('login-submit').click();
    await $('folder-inbox').waitFor();
    equal((await api('PUT', '/api/preferences/signatures/anna@example.test', { text: 'Anna Berger\nKanzlei & Co.', inReplies: true })).status, 200, 'signature kept');
    await page.reload();
    await $('folder-inbox').waitFor();
  });
  await step('what is written is formatted by buttons and by keys', async () => {
    await $('compose-new').click();
    await $('compose-to').fill('anna@example.test');
    await $('compose-subject').fill('Formatiert');
    await $('compose-body').click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('Guten ');
    await page.keyboard.press('Control+b');
    await page.keyboard.type('Morgen');
    equal(await $('tool-B').getAttribute('aria-pressed'), 'true', 'the bar shows what the keys did');
    await page.keyboard.press('Control+b');
    await page.keyboard.press('Enter');
    await $('tool-UL').click();
    await page.keyboard.type('erstens');
    await page.keyboard.press('Enter');
    await page.keyboard.type('zweitens');
    await $('tool-UL').click();
    const made = await html();
    expect(/<b>Morgen<\/b>/.test(made) && /<ul><li>/.test(made) && made.includes('hauspost-signature'), `formatted: ${made}`);
    await shot('compose-1-formatted');
    await axe();
  });
  await step('the bar is one stop of the tab key, and arrows walk in it', async () => {
    await $('compose-subject').focus();
    await page.keyboard.press('Tab');
    const at = () => page.evaluate(() => document.activeElement.dataset.test);
    expect((await at())?.startsWith('tool-'), `in the bar: ${await at()}`);
    const first = await at();
    await page.keyboard.press('ArrowRight');
    expect((await at()) !== first, 'another button');
    await page.keyboard.press('Tab');
    equal(await at(), 'compose-body', 'and on to the text');
  });
  await step('a link is made of what is marked, a colour and a size are given', async () => {
    await $('compose-body').getByText('zweitens').dblclick();
    await page.keyboard.press('Control+k');
    await $('link-address').fill('www.example.test/plan');
    await axe();
    await shot('compose-2-link');
    await $('link-save').click();
    await until(async () => (await html()).includes('href="https://www.example.test/plan"'), 'link');
    await $('compose-body').getByText('erstens').dblclick();
    await $('tool-colour').selectOption('red');
    await $('tool-size').selectOption('large');
    const made = await html();
    expect(/color:\s?rgb\(179, 38, 30\)|#b3261e/.test(made) && /1\.3em/.test(made), `coloured: ${made}`);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    expect(!/1\.3em/.test(await html()), 'and taken back by the editor’s own undo');
  });
  await step('what is pasted comes in clean: no script, no frame, nothing from elsewhere', async () => {
    await $('compose-body').click();
    await page.keyboard.press('Control+Home');
    await paste($('compose-body'), { texts: { 'text/html': '<p onclick="window.hacked=1">Eingefügt <i>schräg</i></p><script>window.hacked=1<\/script><img src="https://tracker.invalid/x.png" onerror="window.hacked=1"><iframe src="https://x.invalid"></iframe><form><input value="x"></form><style>*{display:none}</style>', 'text/plain': 'Eingefügt' } });
    await until(async () => (await html()).includes('<i>schräg</i>'), 'pasted');
    const made = await html();
    expect(!/script|onclick|onerror|iframe|<form|<style|<input/i.test(made), `clean: ${made}`);
    expect(!/\ssrc="https:/.test(made) && made.includes('data-held="https://tracker.invalid/x.png"'), 'a picture from elsewhere is not fetched');
    expect(!(await page.evaluate(() => 'hacked' in window)), 'nothing ran');
  });
  await step('a pasted picture is a part of the message, and shown', async () => {
    await $('compose-body').click();
    await paste($('compose-body'), { picture: PIXEL });
    await until(async () => (await $('compose-body').locator('img[src^="blob:"]').count()) === 1, 'picture');
    equal(await $('compose-attached').count(), 0, 'not listed as a file as well');
    await until(async () => (await $('compose-state').textContent()).includes('gesichert'), 'saved');
    await page.waitForTimeout(2000);
    await shot('compose-3-picture');
    await axe();
  });
  await step('a picture is made smaller and larger, by its menu and by pulling at it, and keeps no key to itself', async () => {
    const picture = () => $('compose-body').locator('img[src^="blob:"]');
    equal(await $('tool-picture').count(), 0, 'no menu where no picture is picked');
    await picture().click();
    await $('tool-picture').selectOption('medium');
    equal(await picture().getAttribute('width'), '320', 'the menu');
    equal(await picture().evaluate((i) => i.clientWidth), 320, 'and seen');
    await shot('compose-3-picture-size');
    await axe();
    await $('tool-picture').selectOption('small');
    await picture().click();
    const side = page.locator('.squire-resize-handle-e');
    await side.scrollIntoViewIfNeeded();
    const handle = await side.boundingBox();
    await page.mouse.move(handle.x + 4, handle.y + 4);
    await page.mouse.down();
    await page.mouse.move(handle.x - 30, handle.y + 4, { steps: 4 });
    await page.mouse.up();
    const pulled = Number(await picture().getAttribute('width'));
    expect(pulled > 0 && pulled !== 160 && pulled === (await picture().evaluate((i) => i.clientWidth)), `pulled to ${pulled}`);
    await page.keyboard.press('Escape');
    equal(await $('composer').count(), 1, 'the window stays');
    equal(await page.locator('.squire-resize-handle').count(), 0, 'the handles are gone');
    // From the text to the bar and its last stop.
    await page.keyboard.press('Shift+Tab');
    for (let i = 0; i < 12 && !(await page.evaluate(() => document.activeElement?.dataset.test === 'tool-picture')); i++) await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.dataset.test === 'tool-picture'), 'the menu by keyboard');
    await $('tool-picture').selectOption('small');
    equal(await picture().getAttribute('width'), '160', 'small');
    await until(async () => (await $('compose-state').textContent()).includes('gesichert'), 'saved');
    await page.waitForTimeout(2000);
  });
  await step('gone on with after a reload, all of it is there', async () => {
    await close();
    await page.reload();
    await $('folder-drafts').click();
    await row('Formatiert').click();
    await $('draft-go-on').click();
    await $('compose-body').waitFor();
    await until(async () => $('compose-body').locator('img[data-held^="cid:"]').evaluate((i) => i.complete && i.naturalWidth > 0), 'the picture is shown from the draft');
    expect((await html()).includes('<b>Morgen</b>') && (await html()).split('hauspost-signature').length === 2, 'text and one signature');
    await shot('compose-4-again');
  });
  await step('sent: text and HTML side by side, the picture by its name, nothing of this page in it', async () => {
    await $('compose-send').click();
    await toast('gesendet');
    await $('folder-inbox').click();
    await row('Formatiert').waitFor({ timeout: 30_000 });
    const raw = await sent('Formatiert');
    expect(/multipart\/alternative/i.test(raw) && /Content-ID: <[^>]+@hauspost>/i.test(raw), `structure: ${raw.slice(0, 1500)}`);
    expect(!/blob:|data-held|data:image/.test(raw), 'no address of this page');
    await row('Formatiert').click();
    await until(async () => body().locator('img[src*="/ui/part/"]').first().evaluate((i) => i.naturalWidth > 0), 'the picture arrives');
    equal(await body().locator('b').first().textContent(), 'Morgen', 'bold');
    equal(await body().locator('img[src*="/ui/part/"]').first().evaluate((i) => i.clientWidth), 160, 'as wide as it was made');
    await shot('compose-5-read');
  });
  await step('an answer keeps the original untouched and folded away, with its pictures', async () => {
    await $('reply').click();
    await $('compose-quoted').waitFor();
    await until(async () => (await page.evaluate(() => document.activeElement.dataset.test)) === 'compose-body', 'focus in the text');
    await page.keyboard.type('Danke.');
    expect(!(await html()).includes('Morgen'), 'the quote is not in the editor');
    await $('quoted-show').click();
    await axe();
    await shot('compose-6-quoted');
    await $('compose-send').click();
    await toast('gesendet');
    await row('AW: Formatiert').waitFor({ timeout: 30_000 });
    await row('AW: Formatiert').click();
    await until(async () => (await $('reader-subject').textContent()).includes('AW:'), 'open');
    await until(async () => (await body().innerText()).includes('zweitens'), 'quoted');
    await until(async () => body().locator('img[src*="/ui/part/"]').first().evaluate((i) => i.naturalWidth > 0), 'the quoted picture');
    const text = await body().innerText();
    expect(text.indexOf('Danke.') < text.indexOf('Anna Berger') && text.indexOf('Anna Berger') < text.indexOf('schrieb'), 'answer, signature, quote');
  });
  await step('the quote can be taken into the text, and edited there', async () => {
    await $('reply').click();
    await $('quoted-edit').click();
    await until(async () => (await $('compose-quoted').count()) === 0 && (await html()).includes('zweitens'), 'in the editor');
    await until(async () => (await $('compose-body').locator('img[src*="/attachments/"]').count()) >= 1, 'its picture is shown', 20_000);
    await $('compose-discard').click();
    await until(async () => (await $('composer').count()) === 0, 'thrown away');
  });
  await step('plain text is a click away, and back; nothing is lost without a way back', async () => {
    await row('AW: Formatiert').click();
    await $('reply').click();
    await $('compose-body').waitFor();
    await page.keyboard.type('Hallo ');
    await page.keyboard.press('Control+i');
    await page.keyboard.type('Welt');
    await $('compose-format').click();
    const words = await textOf($('compose-body'));
    expect(words.startsWith('Hallo Welt') && words.includes('-- \nAnna Berger') && words.includes('> '), `plain: ${JSON.stringify(words)}`);
    await shot('compose-7-plain');
    await axe();
    await page.locator(hook('toast-action')).last().click();
    await until(async () => (await html()).includes('<i>Welt</i>'), 'formatted again');
    await $('compose-format').click();
    await $('compose-subject').fill('Nur Text');
    await $('compose-send').click();
    await toast('gesendet');
    await until(async () => (await sent('Nur Text')) !== '', 'sent', 30_000);
    const raw = await sent('Nur Text');
    expect(!/text\/html/i.test(raw), `plain text only: ${raw.slice(0, 800)}`);
  });
  await step('dark, English, and on a phone', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await $('account-menu').click();
    await page.locator(`${hook('language-en')}:visible`).click();
    await page.keyboard.press('Escape');
    await $('compose-new').click();
    await $('compose-body').waitFor();
    await page.keyboard.press('Escape');
    await axe();
    await shot('compose-8-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(300);
    await axe();
    await shot('compose-9-phone');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing wider than the phone');
    await close();
  });
});
