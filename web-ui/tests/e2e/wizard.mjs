// Proves: a person with only the code in hand can set up the office, make mistakes, go back, reload and finish.
// HAUSPOST_URL and HAUSPOST_SETUP_CODE name a server that is not set up yet; without them the test double is used.
// HAUSPOST_COLLECT (JSON: host port security user password [protocol]) tests a real login; else the step is "not yet" there.
import { connect } from 'node:net';
import { startFake } from '../fake/server.mjs';
import { enter, equal, expect, hook, run, until } from './kit.mjs';

const ADDRESS = process.env.HAUSPOST_ADDRESS ?? 'anna@example.test';
const PASSWORD = process.env.HAUSPOST_PASSWORD ?? 'kiesel turm regen lampe';
const [local, domain] = ADDRESS.split('@');
const code = process.env.HAUSPOST_SETUP_CODE ?? 'ABCD-EFGH-JKLM';
const real = process.env.HAUSPOST_COLLECT ? JSON.parse(process.env.HAUSPOST_COLLECT) : null;

/** An answer from outside, as another server brings it. */
const answer = (subject) => new Promise((done, fail) => {
  const [host, port] = process.env.HAUSPOST_SMTP.split(/:(?=\d+$)/);
  const lines = ['EHLO other.test', 'MAIL FROM:<lena@other.test>', `RCPT TO:<${ADDRESS}>`, 'DATA', `From: Lena <lena@other.test>\r\nTo: ${ADDRESS}\r\nSubject: ${subject}\r\n\r\nIst da.\r\n.`, 'QUIT'];
  const socket = connect(Number(port), host);
  socket.on('data', (bytes) => {
    const said = bytes.toString();
    if (/^[45]\d\d/m.test(said)) fail(new Error(said));
    if (!/^\d\d\d /m.test(said)) return;
    const line = lines.shift();
    if (line) socket.write(`${line}\r\n`);
    else socket.end();
  });
  socket.on('close', done);
  socket.on('error', fail);
});

await run('wizard', { fake: () => startFake({ finished: false }) }, async ({ page, base, step, shot, axe, double, tolerate }) => {
  // Wrong answers are given on purpose; names of the office lead nowhere.
  tolerate(/api\/setup/);
  const $ = (name) => page.locator(hook(name));
  const next = () => $('setup-next').click();
  const heading = (text) => until(async () => (await page.locator('h1').textContent()) === text, `heading "${text}"`);
  const problem = async (name) => {
    const id = await $(name).getAttribute('aria-describedby');
    return page.evaluate((ids) => (ids ?? '').split(' ').filter((i) => i.endsWith('-error')).map((i) => document.getElementById(i)?.textContent ?? '').join(''), id);
  };

  await step('the first stranger is asked for the code, in German', async () => {
    await page.goto(`${base}/#code=linkcode1234`);
    await heading('Willkommen bei Hauspost');
    equal([await $('setup-code').inputValue(), await page.evaluate(() => location.hash)], ['LINK-CODE-1234', ''], 'code from a link');
    equal(await page.locator('html').getAttribute('lang'), 'de', 'language of the page');
    await axe();
    await shot('wizard-0-claim');
  });
  await step('a wrong code is refused at its field and can be corrected', async () => {
    await $('setup-code').fill('zzzz-zzzz-zzzz');
    await $('setup-claim').click();
    await until(async () => (await problem('setup-code')).includes('Code'), 'error at the code');
    equal(await $('setup-code').getAttribute('aria-invalid'), 'true', 'field marked');
    await shot('wizard-0-wrong-code');
  });
  await step('the code works in small letters and without dashes', async () => {
    await $('setup-code').fill(code.toLowerCase().replaceAll('-', ''));
    await $('setup-claim').click();
    await heading('In welcher Sprache möchten Sie arbeiten?');
    await axe();
    await shot('wizard-1-language');
    await $('other-starts').locator('summary').click();
    await $('restore-command').waitFor();
    await axe();
    await shot('wizard-1-other-starts');
    await $('other-starts').locator('summary').click();
  });
  await step('English changes everything at once, German comes back', async () => {
    await $('language-card-en').click();
    await heading('Which language would you like to work in?');
    await shot('wizard-1-language-en');
    await $('language-card-de').click();
    await heading('In welcher Sprache möchten Sie arbeiten?');
    await next();
    await heading('Ihr Büro');
  });
  await step('office: an empty name and a nonsense domain are told at their fields, the first gets the focus', async () => {
    await $('office-domain').fill('kanzlei beispiel');
    await next();
    await until(async () => (await problem('office-name')) !== '', 'error at the name');
    expect((await problem('office-domain')).includes('Domain'), 'error at the domain');
    expect(await $('office-name').evaluate((e) => e === document.activeElement), 'focus on the first wrong field');
    await shot('wizard-2-office-error');
  });
  await step('office: a pasted web address becomes a domain', async () => {
    await $('office-name').fill('Kanzlei Beispiel');
    await $('office-domain').fill(`https://www.${domain}/`);
    await $('office-name').focus();
    equal(await $('office-domain').inputValue(), domain, 'domain');
    await axe();
    await next();
    await heading('Ihr Konto');
  });
  await step('a reload in the middle goes on at the same step', async () => {
    await page.reload();
    await heading('Ihr Konto');
  });
  await step('going back shows what was answered', async () => {
    await $('setup-back').click();
    await heading('Ihr Büro');
    equal([await $('office-name').inputValue(), await $('office-domain').inputValue()], ['Kanzlei Beispiel', domain], 'answers');
    await next();
    await heading('Ihr Konto');
  });
  await step('account: strength is shown, a weak password is refused with advice', async () => {
    await $('admin-name').fill('Anna Berger');
    await $('admin-local').fill(local);
    await $('admin-password').fill('passwort123');
    equal(await $('admin-strength').getAttribute('data-level'), 'weak', 'strength');
    await next();
    await until(async () => (await problem('admin-password')).includes('Wörter'), 'advice at the password');
    await shot('wizard-3-account-weak');
    await $('admin-password').fill(PASSWORD);
    equal(await $('admin-strength').getAttribute('data-level'), 'strong', 'strength');
    // Only the server finds this one, and the page says it in its own language.
    await $('admin-local').fill(`${'a'.repeat(70)}`);
    await next();
    await until(async () => (await problem('admin-local')).includes('Sie sieht so aus'), 'error of the server in German');
    await $('admin-local').fill(local);
    await axe();
    await shot('wizard-3-account');
    await next();
    await heading('Wie kommt E-Mail zu Ihnen?');
  });
  await step('the password is kept without being shown again', async () => {
    await $('setup-back').click();
    await heading('Ihr Konto');
    equal(await $('admin-password').inputValue(), '', 'field is empty');
    await next();
    await heading('Wie kommt E-Mail zu Ihnen?');
  });
  await step('inbound: nothing chosen is told', async () => {
    await next();
    await page.getByText('Bitte wählen Sie eine der Möglichkeiten.').waitFor();
    await shot('wizard-4-inbound');
    await axe();
  });
  await step('inbound: the provider fills in server and port, missing access is told at its fields', async () => {
    await $('inbound-collect').click();
    await $('collect-provider').selectOption('gmx');
    equal([await $('collect-host').inputValue(), await $('collect-port').inputValue()], ['imap.gmx.net', '993'], 'server');
    await $('collect-pop3').check();
    equal([await $('collect-host').inputValue(), await $('collect-port').inputValue()], ['pop.gmx.net', '995'], 'server for POP3');
    await $('collect-imap').check();
    await $('collect-test').click();
    await until(async () => (await problem('collect-user')) !== '' && (await problem('collect-password')) !== '', 'errors at user and password');
    await axe();
  });
  if (double) {
    await step('inbound: the login test shows progress, a refusal with reason, then success', async () => {
      await $('collect-user').fill(ADDRESS);
      await $('collect-password').fill('falsch');
      await $('collect-test').click();
      await page.getByText('Verbindung wird aufgebaut').waitFor();
      await shot('wizard-4-testing');
      await page.locator(`${hook('collect-result')}[data-ok=false]`).waitFor();
      expect((await $('collect-result').textContent()).includes('abgelehnt'), 'reason in words');
      await shot('wizard-4-refused');
      await $('collect-password').fill('richtig');
      await $('collect-test').click();
      await page.locator(`${hook('collect-result')}[data-ok=true]`).waitFor();
      await shot('wizard-4-tested');
      await next();
      await heading('Wie geht E-Mail hinaus?');
    });
    await step('outbound: the provider named before is already filled in', async () => {
      equal([await $('smarthost-host').inputValue(), await $('smarthost-port').inputValue(), await $('smarthost-user').inputValue()], ['mail.gmx.net', '465', ADDRESS], 'server');
      await $('smarthost-password').fill('richtig');
      await $('smarthost-test').click();
      await page.locator(`${hook('smarthost-result')}[data-ok=true]`).waitFor();
      await axe();
      await shot('wizard-5-outbound');
      await next();
      await heading('Wer arbeitet noch bei Ihnen?');
    });
  } else {
    await step('inbound and outbound: the access named for this run, or not yet', async () => {
      if (real) {
        if (real.protocol === 'pop3') await $('collect-pop3').check();
        await $('collect-host').fill(real.host);
        await $('collect-security').selectOption(real.security);
        await $('collect-port').fill(String(real.port));
        await $('collect-user').fill(real.user);
        await $('collect-password').fill(real.password);
        await $('collect-test').click();
        await page.locator(`${hook('collect-result')}[data-ok=true]`).waitFor({ timeout: 30_000 });
      } else await $('inbound-later').click();
      await next();
      await heading('Wie geht E-Mail hinaus?');
      await $('outbound-later').click();
      await next();
      await heading('Wer arbeitet noch bei Ihnen?');
    });
  }
  await step('people: a foreign address is told in its row', async () => {
    await $('people-add').click();
    await $('people-name').fill('Ben Kurz');
    await $('people-address').fill('ben@elsewhere.example');
    await next();
    await until(async () => (await problem('people-address')).includes(`@${domain}`), 'error at the address');
    await shot('wizard-6-people-error');
    await $('people-address').fill('ben');
    await $('people-name').focus();
    equal(await $('people-address').inputValue(), `ben@${domain}`, 'domain added');
  });
  await step('people: pasted lines become rows, lines without address are counted', async () => {
    await page.locator('summary').click();
    await $('people-paste').fill(`Lena Voß, lena@${domain}\nnur ein Name\ncarla@${domain}`);
    await $('people-take').click();
    equal(await $('people-row').count(), 3, 'rows');
    await page.getByText('In 1 Zeile haben wir keine Adresse').waitFor();
    await $('people-remove').nth(2).click();
    equal(await $('people-row').count(), 2, 'rows after removing one');
    equal(await page.locator('[aria-invalid=true]').count(), 0, 'corrected fields are no longer complained about');
    await axe();
    await shot('wizard-6-people');
    await next();
    await heading('Alles richtig?');
  });
  await step('the summary holds the answers, and each can be changed', async () => {
    const text = await $('setup-summary').textContent();
    for (const part of ['Kanzlei Beispiel', domain, 'Anna Berger', ADDRESS, '2 weitere Personen', 'Lena Voß']) expect(text.includes(part), `"${part}" in the summary`);
    await axe();
    await shot('wizard-7-finish');
    await page.setViewportSize({ width: 390, height: 844 });
    await shot('wizard-7-finish-phone');
    await $('setup-summary').getByRole('button').nth(2).click();
    await heading('Wie kommt E-Mail zu Ihnen?');
    await shot('wizard-4-phone');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForTimeout(300); // colours fade over
    await axe();
    await shot('wizard-4-phone-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await page.evaluate(() => document.querySelector('main').scrollWidth <= innerWidth), 'nothing wider than the phone');
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.reload();
    await heading('Alles richtig?');
  });
  const reopened = async () => {
    await page.reload();
    await $('setup-next').or($('setup-open')).waitFor();
  };
  await step('finishing creates the office', async () => {
    await $('setup-finish').click();
    if (double) return;
    await $('setup-certificate').waitFor({ timeout: 60_000 });
    await $('setup-created').waitFor();
  });
  if (!double) {
    await step('certificate: it can be asked for here, and left for later', async () => {
      await page.locator(hook('cert-source-own')).waitFor();
      equal(await $('setup-step-office').isDisabled(), true, 'what has been carried out is not gone back to');
      expect((await page.locator('aside').textContent()).includes('Schritt 8 von 11'), 'progress');
      await axe();
      await shot('wizard-8-certificate');
      await $('cert-change').click();
      await $('cert-names').waitFor();
      await axe();
      await $('cert-cancel').click();
      await next();
    });
    await step('rooms: a car is entered, and stays through going back and a reload', async () => {
      await $('setup-rooms').waitFor();
      await axe();
      await $('room-new').click();
      await $('room-kind').selectOption('equipment');
      await $('room-name').fill('Kombi');
      await $('room-save').click();
      await $('room-row').waitFor();
      await shot('wizard-9-rooms');
      await $('setup-back').click();
      await $('setup-certificate').waitFor();
      await $('setup-step-rooms').click();
      await $('setup-rooms').waitFor();
      await reopened();
      await $('setup-rooms').waitFor();
      expect((await $('room-row').textContent()).includes('Kombi'), 'the car is still there');
      await next();
    });
    await step('backup: what is named is backed up to at once, and the key can be kept', async () => {
      await $('setup-backup').waitFor();
      await axe();
      await $('backup-new').click();
      await $('backup-folder').fill(process.env.HAUSPOST_PLACE);
      await $('backup-save').click();
      await until(async () => /Zuletzt|Letzte/.test((await $('backup-last').textContent()) ?? ''), 'the first backup is done', 60_000);
      await shot('wizard-10-backup');
      await $('key-show').click();
      expect((await $('key-text').textContent()).length > 30, 'the key');
      await axe();
      const saved = page.waitForEvent('download');
      await $('key-save').click();
      await saved;
      await page.keyboard.press('Escape');
      await next();
    });
    await step('trial: a wrong address is told, one message is seen to arrive', async () => {
      await $('setup-mail').waitFor();
      await $('trial-to').fill('niemand');
      await $('trial-save').click();
      await until(async () => (await problem('trial-to')) !== '', 'error at the address');
      await $('trial-to').fill(ADDRESS);
      await $('trial-save').click();
      await $('trial-back').waitFor({ timeout: 30_000 });
      await axe();
      await shot('wizard-11-trial');
      await reopened();
      await $('trial-back').waitFor({ timeout: 30_000 });
    });
    await step('trial: what waits to leave the house is said to wait, and an answer from outside is seen to come', async () => {
      await $('trial-later').waitFor();
      await $('trial-to').fill('lena@other.test');
      await $('trial-save').click();
      await $('trial-waits').waitFor({ timeout: 30_000 });
      equal(await $('trial-back').count(), 0, 'no answer yet');
      const { code: word } = await page.evaluate(async () => (await (await fetch('/api/admin/setup')).json()).trial);
      await answer(`AW: Probe (${word})`);
      await $('trial-back').waitFor({ timeout: 30_000 });
      expect((await $('trial-back').textContent()).includes('Antwort'), 'it is called an answer');
    });
    await step('it looks right on a phone, in the dark and in English', async () => {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.waitForTimeout(300); // colours fade over
      for (const name of ['backup', 'rooms', 'certificate']) {
        await $('setup-back').click();
        await $(`setup-${name}`).waitFor();
        await axe();
        expect(await page.evaluate(() => document.querySelector('main').scrollWidth <= innerWidth), `nothing wider than the phone: ${name}`);
        await shot(`wizard-${name}-phone-dark`);
      }
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.getByRole('button', { name: 'English' }).click();
      await heading('So that devices trust this server');
      await axe();
      await shot('wizard-8-certificate-en');
      await page.getByRole('button', { name: 'Deutsch' }).click();
      await heading('Damit Geräte diesem Server vertrauen');
    });
    await step('left for later it does not come by itself, and can be gone on with in any browser', async () => {
      await $('setup-later').click();
      await page.locator(hook('folder-inbox')).waitFor();
      const other = await page.context().browser().newContext({ viewport: { width: 1440, height: 900 }, locale: 'de-DE', ignoreHTTPSErrors: true, serviceWorkers: 'block' });
      const second = await other.newPage();
      await enter(second, base, ADDRESS, PASSWORD);
      await second.goto(`${base}/#/admin/overview`);
      await second.locator(hook('setup-resume')).waitFor();
      await axe(second);
      await second.locator(hook('setup-resume')).click();
      await second.locator(hook('setup-certificate')).waitFor();
      await second.locator(hook('setup-step-mail')).click();
      await second.locator(hook('setup-mail')).waitFor();
      await other.close();
    });
    await step('the end says what is open and what others see', async () => {
      await reopened();
      await $('setup-mail').waitFor();
      await next();
      await $('setup-done').waitFor();
      await $('done-outboundLater').waitFor();
      equal(await page.locator('aside [aria-current]').count(), 0, 'no step is the current one any more');
      await page.locator(hook('checks-run')).waitFor();
      await until(async () => !(await $('checks-run').isDisabled()), 'the checks are done', 60_000);
      await axe();
      await shot('wizard-12-done');
      await $('setup-open').click();
    });
  }
  await step('the way leads into the inbox, signed in', async () => {
    await page.locator(hook('folder-inbox')).waitFor();
    await until(async () => (await page.title()).includes('Posteingang'), 'title of the inbox');
    await shot('wizard-13-inbox');
  });
  await step('it is over: a reload opens the inbox', async () => {
    await page.reload();
    await page.locator(hook('folder-inbox')).waitFor();
  });
  await step('afterwards the set-up is closed', async () => {
    await page.context().clearCookies();
    await page.goto(base);
    await page.locator(hook('login-address')).waitFor();
  });
});
