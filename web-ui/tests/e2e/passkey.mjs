// Proves: a passkey is made with the password on a device, lets its owner in alone, is named, refused once removed, and reset by an administrator.
import { equal, expect, hook, run, until } from './kit.mjs';

const { HAUSPOST_PASSWORD: PASSWORD } = process.env;
const BEN = 'ben@example.test';

await run('passkey', { fake: () => { throw new Error('set HAUSPOST_URL: this spec needs the program itself'); } }, async ({ page, base: named, step, shot, axe, open, tolerate }) => {
  // Passkeys count for names, and this one leads here.
  const base = named.replace('127.0.0.1', 'localhost');
  tolerate(/status of 40[01]/);
  const $ = (name, p = page) => p.locator(hook(name));
  const toast = (text, p = page) => $('toast', p).filter({ hasText: text }).last().waitFor();
  const come = async (p, address, at = base) => {
    await p.goto(at);
    await $('login-address', p).fill(address);
    await $('login-password', p).fill(PASSWORD);
    await $('login-submit', p).click();
    await $('folder-inbox', p).waitFor();
  };
  const out = async () => {
    await page.context().clearCookies();
    await page.goto('about:blank');
    await page.goto(base);
    await $('login-passkey').waitFor();
  };
  const device = await page.context().newCDPSession(page);
  await device.send('WebAuthn.enable');
  const { authenticatorId } = await device.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });

  await step('made with the password, on the device', async () => {
    await come(page, BEN);
    await page.goto(`${base}/#/settings/security`);
    await $('passkey-row-none').waitFor();
    await $('passkey-new').click();
    await $('passkey-label').fill('Notebook');
    await $('passkey-password').fill('falsch');
    await axe();
    await shot('passkey-1-form');
    await $('passkey-save').click();
    await page.locator('[aria-invalid="true"]').first().waitFor();
    await $('passkey-password').fill(PASSWORD);
    await $('passkey-save').click();
    await toast('Der Passkey ist angelegt');
    await $('passkey-row').filter({ hasText: 'Notebook' }).waitFor();
    await axe();
    await shot('passkey-2-made');
    equal((await device.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length, 1, 'keys on the device');
  });
  await step('it lets its owner in alone, by the keyboard', async () => {
    await out();
    await axe();
    await shot('passkey-3-login');
    await $('login-passkey').focus();
    await page.keyboard.press('Enter');
    await $('folder-inbox').waitFor();
    const session = await page.evaluate(async () => (await fetch('/api/session')).json());
    equal(session.address, BEN, 'who it is');
  });
  await step('what somebody else sends again, or makes up, opens nothing', async () => {
    const answer = await page.evaluate(async () => {
      const post = (path, body) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      const pack = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      const unpack = (s) => Uint8Array.from(atob(s.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
      const asked = await (await post('/api/session/passkey/begin', {})).json();
      const shown = await navigator.credentials.get({ publicKey: { challenge: unpack(asked.challenge), rpId: asked.place, userVerification: 'required' } });
      const said = { credential: pack(shown.rawId), clientData: pack(shown.response.clientDataJSON), authenticatorData: pack(shown.response.authenticatorData), signature: pack(shown.response.signature) };
      const other = await post('/api/session/passkey', { ...said, signature: pack(new Uint8Array(70)) });
      const asked2 = await (await post('/api/session/passkey/begin', {})).json();
      const shown2 = await navigator.credentials.get({ publicKey: { challenge: unpack(asked2.challenge), rpId: asked2.place, userVerification: 'required' } });
      const good = { credential: pack(shown2.rawId), clientData: pack(shown2.response.clientDataJSON), authenticatorData: pack(shown2.response.authenticatorData), signature: pack(shown2.response.signature) };
      const first = await post('/api/session/passkey', good);
      const again = await post('/api/session/passkey', good);
      return [other.status, first.status, again.status, (await again.json()).error.reason.code];
    });
    equal(answer, [401, 200, 401, 'PasskeyUnknown'], 'made up, right, sent again');
  });
  await step('it lets its owner in where a program asks', async () => {
    await page.context().clearCookies();
    const back = 'http://localhost/';
    const asked = new URLSearchParams({ client_id: 'test-app', response_type: 'code', redirect_uri: back, scope: 'openid', state: 's', nonce: 'n', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' });
    await page.goto(`${base}/common/oauth2/v2.0/authorize?${asked}`);
    await page.locator('#by-passkey button').waitFor();
    await axe();
    await shot('passkey-5-program');
    await page.locator('#by-passkey button').click();
    // The person is asked whether the program may know who they are.
    const yes = page.locator('button[value=yes]');
    await yes.waitFor();
    expect((await page.textContent('main')).includes(BEN), 'who has signed in');
    await page.route(`${back}**`, (route) => route.fulfill({ body: 'the program' }));
    await yes.click();
    await page.waitForURL(/localhost\/\?code=/);
  });
  await step('without finger or PIN it opens nothing', async () => {
    await device.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await out();
    await $('login-passkey').click();
    await $('login-error').waitFor();
    await axe();
    await device.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  });
  await step('it is named anew and removed; then it opens nothing', async () => {
    await $('login-passkey').click();
    await $('folder-inbox').waitFor();
    await page.goto(`${base}/#/settings/security`);
    await $('passkey-rename').click();
    await $('passkey-label').fill('Altes Notebook');
    await $('passkey-save').click();
    await $('passkey-row').filter({ hasText: 'Altes Notebook' }).waitFor();
    await $('passkey-remove').click();
    await axe();
    await $('dialog-confirm').click();
    await toast('gilt nicht mehr');
    await $('passkey-row-none').waitFor();
    await out();
    await $('login-passkey').click();
    await page.getByText('Dieser Passkey gilt hier nicht').waitFor();
  });
  await step('an administrator resets it; on a phone, in the dark, in English', async () => {
    await device.send('WebAuthn.clearCredentials', { authenticatorId });
    await come(page, BEN);
    await page.goto(`${base}/#/settings/security`);
    await $('passkey-new').click();
    await $('passkey-label').fill('Telefon');
    await $('passkey-password').fill(PASSWORD);
    await $('passkey-save').click();
    await $('passkey-row').waitFor();
    const dark = await open({ colorScheme: 'dark' });
    await come(dark, BEN, named);
    equal(await dark.evaluate(async () => (await fetch('/api/session', { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"language":"en"}' })).status), 200, 'in English');
    await dark.setViewportSize({ width: 390, height: 844 });
    await dark.goto(`${named}/#/settings/security`);
    await dark.reload();
    await $('passkey-row', dark).waitFor();
    await dark.getByText('not for an IP address').waitFor();
    expect(await dark.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out at 390 px');
    await axe(dark);
    await $('passkeys', dark).scrollIntoViewIfNeeded();
    await shot('passkey-4-dark', dark);
    await dark.close();
    const anna = await open();
    await come(anna, 'anna@example.test');
    const reset = () => anna.evaluate(async () => (await fetch('/api/admin/accounts/ben@example.test/second-factor', { method: 'DELETE' })).status);
    equal((await anna.evaluate(async () => (await fetch('/api/admin/accounts/ben@example.test')).json())).hasSecondFactor, true, 'shown to administrators');
    equal(await reset(), 204, 'reset');
    await anna.close();
    await out();
    await $('login-passkey').click();
    await page.getByText(/Passkey gilt hier nicht|passkey opens nothing/).waitFor();
    await until(async () => (await device.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length === 1, 'the device has it still');
  });
});
