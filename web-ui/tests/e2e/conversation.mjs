// Proves: who wants it sees what else belongs to a message, in every folder and among what was sent, and puts it away as a whole.
import { enter, equal, expect, hook, run, until } from './kit.mjs';

const PASSWORD = process.env.HAUSPOST_PASSWORD;

await run('conversation', {}, async ({ page, base, step, shot, axe, open }) => {
  const $ = (name, p = page) => p.locator(hook(name));
  const row = (text, p = page) => p.locator(hook('message-row')).filter({ hasText: text });
  const toast = (text, p = page) => $('toast', p).filter({ hasText: text }).last().waitFor();
  const graph = (path) => page.evaluate(async (p) => (await fetch(p)).json(), path);
  const totals = async () => Object.fromEntries((await graph('/v1.0/me/mailFolders?$top=50')).value.map((f) => [f.wellKnownName, f.totalItemCount]));
  const signIn = async (p, address) => {
    await enter(p, base, address, PASSWORD);
    await p.evaluate(async () => { await fetch('/api/preferences', { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ undoSeconds: 0 }) }); });
    await p.reload();
    await $('folder-inbox', p).waitFor();
  };
  const answer = async (p, to, text) => {
    await row(to, p).first().click();
    await until(async () => (await $('reader-subject', p).textContent())?.includes(to), 'open');
    await $('reply', p).click();
    await $('compose-body', p).waitFor();
    await p.keyboard.type(text);
    await $('compose-send', p).click();
    await toast('gesendet', p);
  };
  const ben = await open();
  await step('two people write to each other', async () => {
    await signIn(page, 'anna@example.test');
    await signIn(ben, 'ben@example.test');
    await $('compose-new').click();
    await $('compose-to').fill('ben@example.test');
    await $('compose-subject').fill('Angebot');
    await $('compose-body').fill('Wie wäre das?');
    await $('compose-send').click();
    await toast('gesendet');
    await row('Angebot', ben).waitFor({ timeout: 30_000 });
    await answer(ben, 'Angebot', 'Gut.');
    await row('AW: Angebot').waitFor({ timeout: 30_000 });
    await answer(page, 'AW: Angebot', 'Danke.');
    await row('Angebot', ben).nth(1).waitFor({ timeout: 30_000 });
    await answer(ben, 'AW: Angebot', 'Gern.');
    await until(async () => (await totals()).inbox === 2, 'both answers', 30_000);
  });
  await step('without the wish nothing of it is shown; with it, all of it is, from every folder', async () => {
    await row('AW: Angebot').first().click();
    await until(async () => (await $('reader-subject').textContent())?.includes('Angebot'), 'open');
    equal(await $('conversation').count(), 0, 'not shown unasked');
    await $('area-settings').click();
    await $('set-conversations').selectOption('on');
    await toast('Gespeichert');
    await $('area-mail').click();
    await row('AW: Angebot').first().click();
    await $('conversation').waitFor();
    expect((await $('conversation-show').textContent()).includes('4 Nachrichten'), 'how many');
    await $('conversation-show').click();
    equal(await $('conversation-row').count(), 4, 'all of them');
    expect((await $('conversation').textContent()).includes('Gesendet'), 'also what was sent');
    await axe();
    await shot('conversation-1');
    await $('conversation-row').first().click();
    await until(async () => (await page.frameLocator(hook('reader-frame')).locator('body').innerText()).includes('Wie wäre das?'), 'the first, from what was sent');
    expect((await $('conversation').count()) === 1, 'still with the others');
  });
  await step('archived as a whole: what was sent stays where it is, and the button says how many', async () => {
    expect((await $('conversation-archive').textContent()).includes('2 Nachrichten'), 'two lie in the inbox');
    await $('conversation-archive').click();
    await until(async () => { const n = await totals(); return n.inbox === 0 && n.archive === 2 && n.sentitems === 2; }, 'archived');
    await $('toast-action').last().click();
    await until(async () => (await totals()).inbox === 2, 'and back');
  });
  await step('a new answer joins the conversation and brings nothing else back', async () => {
    await row('AW: Angebot').first().click();
    await $('conversation').waitFor();
    await $('conversation-archive').click();
    await until(async () => (await totals()).archive === 2, 'archived');
    await answer(ben, 'AW: Angebot', 'Noch etwas.');
    await until(async () => (await totals()).inbox === 1, 'one new message', 30_000);
    equal((await totals()).archive, 2, 'the others stay where they were put');
    await row('AW: Angebot').first().click();
    await until(async () => (await $('conversation-show').textContent()).includes('5'), 'five now');
  });
  await step('dark, English, and on a phone', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await $('account-menu').click();
    await page.locator(`${hook('language-en')}:visible`).click();
    await page.keyboard.press('Escape');
    await $('conversation-show').click();
    await axe();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(300);
    await axe();
    await shot('conversation-2-phone');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing wider than the phone');
  });
});
