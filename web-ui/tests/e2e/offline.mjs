// Proves: the page opens while the server is away, says so, and goes on by itself with what was being written; nothing of a mailbox is kept.
import { enter, equal, expect, hook, run, textOf, until } from './kit.mjs';

const ADDRESS = process.env.HAUSPOST_ADDRESS ?? 'anna@example.test';
const PASSWORD = process.env.HAUSPOST_PASSWORD;

// Browsers let no worker in under a certificate that they do not trust.
await run('offline', { context: { serviceWorkers: 'allow' }, flags: ['--ignore-certificate-errors'] }, async ({ page, base, step, shot, axe, tolerate }) => {
  const $ = (name) => page.locator(hook(name));
  tolerate(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to load resource|Failed to fetch/);
  await step('the worker comes and keeps the page\'s own files, and nothing else', async () => {
    await enter(page, base, ADDRESS, PASSWORD);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await page.reload();
    await $('folder-inbox').waitFor();
    await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null), 'the worker is in charge');
    const kept = await page.evaluate(async () => {
      const caches_ = await Promise.all((await caches.keys()).map((n) => caches.open(n)));
      return (await Promise.all(caches_.map((c) => c.keys()))).flat().map((r) => new URL(r.url).pathname);
    });
    expect(kept.length > 20 && kept.includes('/'), `the files: ${kept.length}`);
    equal(kept.filter((p) => p !== '/' && p !== '/favicon.svg' && !p.startsWith('/assets/')), [], 'nothing of a mailbox is kept');
  });
  await step('what is written while the line is away stays', async () => {
    await page.keyboard.press('c');
    await $('compose-subject').fill('Unterwegs geschrieben');
    await page.context().setOffline(true);
    await $('compose-body').click();
    await page.keyboard.type('Im Zug, ohne Netz.');
    await page.waitForTimeout(2500);
  });
  await step('the page opens without the server, and says so', async () => {
    await page.reload();
    await $('away').waitFor();
    await shot('offline-away');
    await axe();
  });
  await step('when it is there again, everything goes on by itself', async () => {
    await page.context().setOffline(false);
    await $('folder-inbox').waitFor({ timeout: 30_000 });
    await until(async () => (await $('compose-subject').inputValue()) === 'Unterwegs geschrieben', 'the subject');
    await until(async () => (await textOf($('compose-body'))).includes('Im Zug, ohne Netz.'), 'the text');
  });
});
