// Proves: somebody signs in at the page by another issuer and comes back to where they were; who is not known here is told so.
// HAUSPOST_URL names the server; its issuer is another one, at which ADDRESS and STRANGER have PASSWORD.
import { equal, hook, run, until } from './kit.mjs';

const ADDRESS = process.env.HAUSPOST_ADDRESS ?? 'anna@example.test';
const STRANGER = process.env.HAUSPOST_STRANGER ?? 'carla@example.test';
const PASSWORD = process.env.HAUSPOST_PASSWORD ?? 'geheim-geheim';

await run('outside', { fake: () => { throw new Error('set HAUSPOST_URL: this spec needs the program itself'); } }, async ({ page, base, step, shot, axe, open, tolerate }) => {
  // The issuer's form has no icon.
  tolerate(/favicon/);
  const $ = (name, p = page) => p.locator(hook(name));
  const signInThere = async (p, address) => {
    await p.locator('#username').fill(address);
    await p.locator('input[type=password]').fill(PASSWORD);
    await p.locator('button[type=submit]').first().click();
  };

  await step('the button says who it is, in German', async () => {
    await page.goto(`${base}/#/contacts`);
    await $('login-outside').waitFor();
    equal(await $('login-outside').innerText(), 'Anmelden mit Hauptbüro', 'the button');
    await axe();
    await shot('outside-1-button');
  });
  await step('signed in there, one is back where one was', async () => {
    await $('login-outside').click();
    await signInThere(page, ADDRESS);
    await until(async () => page.url() === `${base}/#/contacts`, 'the way back');
    await $('area-contacts').waitFor();
    equal(await page.evaluate(async () => (await (await fetch('/api/session')).json()).address), ADDRESS, 'the account');
  });
  await step('whoever is not known here hears so, in English too', async () => {
    const other = await open({ locale: 'en-GB' });
    await other.goto(base);
    await $('login-outside', other).click();
    await signInThere(other, STRANGER);
    await $('login-error', other).waitFor();
    equal(await other.evaluate(() => location.search), '', 'the word is gone from the address');
    await shot('outside-2-unknown', other);
  });
});
