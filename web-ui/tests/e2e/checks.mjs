// Proves: what others see of the box is shown, now and as it should be, looked at again, and taken along as a document.
import { readFileSync } from 'node:fs';
import { enter, equal, expect, hook, run } from './kit.mjs';

const { HAUSPOST_PASSWORD: PASSWORD } = process.env;

await run('checks', { fake: () => { throw new Error('set HAUSPOST_URL: this spec needs the program itself'); } }, async ({ page, base, step, shot, axe, open }) => {
  const $ = (name, p = page) => p.locator(hook(name));
  const has = (group, kind, p = page) => $(`checks-${group}`, p).locator(hook(`check-${kind}`)).waitFor({ timeout: 60_000 });

  await step('what is to be changed stands first, with how', async () => {
    await enter(page, base, 'anna@example.test', PASSWORD);
    await page.goto(`${base}/#/admin/checks`);
    await has('bad', 'dkim');
    await has('good', 'mx');
    await has('bad', 'blocklist');
    expect((await $('check-dkim').textContent()).includes('v=DKIM1; k=rsa; p=MII'), 'the record to be set');
    await axe();
    await shot('checks-1');
  });
  await step('it is looked at again by hand, and with the keyboard', async () => {
    await $('checks-run').focus();
    const asked = page.waitForResponse((r) => r.url().endsWith('/checks/run'));
    await page.keyboard.press('Enter');
    equal((await asked).status(), 200, 'asked again');
  });
  await step('it is taken along as a document', async () => {
    const waiting = page.waitForEvent('download');
    await $('checks-document').click();
    const file = readFileSync(await (await waiting).path());
    expect(file.subarray(0, 5).toString() === '%PDF-' && file.includes('DKIM'), 'a document that says what is to be done');
  });
  await step('in the dark, in English, on a phone', async () => {
    const dark = await open({ colorScheme: 'dark' });
    await enter(dark, base, 'anna@example.test', PASSWORD);
    const speak = (language) => dark.evaluate(async (language) => (await fetch('/api/session', { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ language }) })).status, language);
    equal(await speak('en'), 200, 'in English');
    await dark.setViewportSize({ width: 390, height: 844 });
    await dark.goto(`${base}/#/admin/checks`);
    await dark.reload();
    await dark.getByText('Last checked').waitFor({ timeout: 60_000 });
    await has('bad', 'dkim', dark);
    expect(await dark.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out at 390 px');
    await axe(dark);
    await shot('checks-2-dark', dark);
    await dark.close();
  });
});
