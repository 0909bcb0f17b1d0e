// Proves: a second factor is switched on with an app, asked for at sign-in and nowhere skipped; paper codes count once; devices get
// passwords of their own; an administrator helps who has lost everything.
import { createHmac } from 'node:crypto';
import { equal, expect, hook, run, until } from './kit.mjs';

const PASSWORD = process.env.HAUSPOST_PASSWORD;
const BEN = 'ben@example.test';
const STEP = 30_000;

/** What the app shows (RFC 6238). `ahead`: steps from now; a code counts once, so that the next one is taken for the next sign-in. */
function codeOf(secret, ahead = 0) {
  const bits = [...secret.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / STEP) + ahead));
  const hash = createHmac('sha1', key).update(step).digest();
  return String((hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

await run('factor', {}, async ({ page, base, step, shot, axe, open, tolerate }) => {
  const $ = (name, p = page) => p.locator(hook(name));
  const toast = (text, p = page) => $('toast', p).filter({ hasText: text }).last().waitFor();
  const password = async (p = page) => {
    await p.goto(base);
    await $('login-address', p).fill(BEN);
    await $('login-password', p).fill(PASSWORD);
    await $('login-submit', p).click();
  };
  const out = async () => {
    await page.context().clearCookies();
    await page.goto('about:blank');
  };
  let secret = '';
  let paper = [];
  tolerate(/second-factor/);

  await step('switched on with the password, an app and its first code', async () => {
    await password();
    await $('area-settings').click();
    await $('settings-security').click();
    await $('factor').waitFor();
    await axe();
    await shot('factor-1-off');
    await $('factor-on').click();
    await $('factor-password-field').fill('nicht das Passwort');
    await $('factor-password-save').click();
    await page.getByText('Das jetzige Passwort stimmt nicht').waitFor();
    await $('factor-password-field').fill(PASSWORD);
    await $('factor-password-save').click();
    secret = await $('factor-secret').textContent();
    await axe();
    await shot('factor-2-scan');
    await $('factor-first').fill('12');
    await $('factor-confirm-save').click();
    await page.getByText('sechs Ziffern').waitFor();
    await $('factor-first').fill(codeOf(secret, -1));
    await $('factor-confirm-save').click();
    await $('paper-codes').waitFor();
    paper = (await $('paper-codes').locator('li').allTextContents()).map((c) => c.trim());
    equal(paper.length, 10, 'codes for paper');
    await axe();
    await shot('factor-3-paper');
    await $('modal-close').last().click();
    await until(async () => (await $('factor').getAttribute('data-on')) === 'true', 'on');
    await shot('factor-4-on');
  });
  let device = '';
  await step('a password for a device is made, and shown once', async () => {
    await $('app-new').click();
    await $('app-label').fill('Telefon');
    await $('app-code').fill(paper.pop());
    await $('app-form-save').click();
    device = await $('app-password').textContent();
    expect(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/.test(device), `a password: ${device}`);
    await axe();
    await shot('factor-5-app');
    await $('modal-close').last().click();
    await until(async () => (await $('app-row').count()) === 1, 'in the list');
  });
  await step('at sign-in the password alone opens nothing; a wrong code is told, the right one lets in', async () => {
    await out();
    await password();
    await $('login-code').waitFor();
    equal(await page.evaluate(async () => (await fetch('/api/session')).status), 401, 'not in yet');
    await axe();
    await shot('factor-6-code');
    await $('login-code').fill('000000');
    await $('login-submit').click();
    await $('login-error').waitFor();
    await $('login-code').fill(codeOf(secret));
    await $('login-submit').click();
    await $('folder-inbox').waitFor();
  });
  await step('the same code counts no second time, a code on paper does, once', async () => {
    await out();
    await password();
    await $('login-code').fill(paper[0].toLowerCase().replaceAll('-', ' '));
    await $('login-submit').click();
    await $('folder-inbox').waitFor();
    await out();
    await password();
    await $('login-code').fill(paper[0]);
    await $('login-submit').click();
    await $('login-error').waitFor();
    await $('login-back').click();
    await $('login-password').waitFor();
  });
  await step('an app password opens no page', async () => {
    await $('login-address').fill(BEN);
    await $('login-password').fill(device);
    await $('login-submit').click();
    await $('login-error').waitFor();
  });
  await step('English, dark, and on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator(`${hook('language-en')}:visible`).click();
    await $('login-address').fill(BEN);
    await $('login-password').fill(PASSWORD);
    await $('login-submit').click();
    await $('login-code').waitFor();
    await axe();
    await shot('factor-7-phone');
    await $('login-code').fill(paper[1]);
    await $('login-submit').click();
    await page.locator(hook('bar-mail')).waitFor();
    await page.goto(`${base}/#/settings/security`);
    await $('factor').waitFor();
    expect((await $('factor').textContent()).includes('7'), 'seven are left');
    await axe();
    await shot('factor-8-settings');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing wider than the phone');
    await page.setViewportSize({ width: 1440, height: 900 });
  });
  await step('an administrator takes it away for who has lost phone and paper', async () => {
    const admin = await open();
    await admin.goto(base);
    await $('login-address', admin).fill('anna@example.test');
    await $('login-password', admin).fill(PASSWORD);
    await $('login-submit', admin).click();
    await $('folder-inbox', admin).waitFor();
    await $('area-admin', admin).click();
    await $('admin-people', admin).click();
    await admin.getByText(BEN).first().waitFor();
    await admin.locator(hook('person-row')).filter({ hasText: BEN }).locator(hook('person-edit')).click();
    await $('person-reset-factor', admin).click();
    await toast('zweite Faktor ist aus', admin);
    await axe(admin);
    await shot('factor-9-admin', admin);
    await out();
    await password();
    await $('folder-inbox').waitFor();
  });
});
