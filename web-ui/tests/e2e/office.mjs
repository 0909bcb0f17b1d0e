// Proves: calendar, contacts and tasks can be used on the page with mouse, keyboard and phone, in both languages and themes.
// HAUSPOST_URL, HAUSPOST_ADDRESS and HAUSPOST_PASSWORD name a server and an account; HAUSPOST_GUEST is another account of it
// with the same password, who is invited and answers.
import { enter, equal, expect, hook, run, until } from './kit.mjs';

const ADDRESS = process.env.HAUSPOST_ADDRESS ?? 'anna@example.test';
const PASSWORD = process.env.HAUSPOST_PASSWORD;
const GUEST = process.env.HAUSPOST_GUEST ?? 'ben@example.test';

const two = (n) => String(n).padStart(2, '0');
const printDay = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
// A week of its own, far from the changes of the clocks: it begins on Monday 7 June 2027.
const day = (n) => printDay(new Date(2027, 5, 7 + n));

await run('office', { fake: () => { throw new Error('set HAUSPOST_URL: this spec needs the program itself'); }, context: { timezoneId: 'Europe/Berlin' } }, async ({ page, base, step, shot, axe, open }) => {
  const $ = (name, p = page) => p.locator(hook(name));
  const toast = (text, p = page) => $('toast', p).filter({ hasText: text }).last().waitFor();
  const event = (text, p = page) => $('event', p).filter({ hasText: text });
  const signIn = (p, address) => enter(p, base, address, PASSWORD);
  /** Where on the screen an hour of a day is. */
  const spot = async (date, hour) => {
    const box = await $(`day-${date}`).boundingBox();
    return { x: box.x + box.width / 2, y: box.y + (box.height * hour) / 24 };
  };
  const week = (p = page, view = 'week') => p.goto(`${base}/#/calendar/${view}/${day(0)}`);
  const graph = (path, p = page) => p.evaluate(async (path) => (await fetch(path)).json(), path);
  const stored = async (subject) => (await graph(`/v1.0/me/events?$filter=subject eq '${subject}'&$select=subject,start,end,location,recurrence,attendees,isAllDay`)).value;

  await step('the strip leads to the calendar, which starts with this week', async () => {
    await signIn(page, ADDRESS);
    await $('area-calendar').click();
    await $('calendar-title').waitFor();
    await until(async () => (await $('now').count()) === 1, 'line of now');
    expect((await page.title()).startsWith('Kalender'), 'title');
    await until(async () => (await $('calendar-show').count()) >= 1, 'calendars');
    await axe();
    await week();
    await $(`day-${day(0)}`).waitFor();
  });
  await step('dragging over empty time makes an event of that length', async () => {
    await page.locator('.scroll').evaluate((n) => (n.scrollTop = n.scrollHeight / 4));
    const [from, to] = [await spot(day(1), 9.1), await spot(day(1), 10.6)];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 6 });
    await page.mouse.up();
    await $('event-form').waitFor();
    equal([await $('event-start-day').inputValue(), await $('event-start-time').inputValue(), await $('event-end-time').inputValue()], [day(1), '09:00', '10:45'], 'what was dragged');
    await $('event-title').fill('Jour fixe');
    await $('event-place').fill('Besprechung 1');
    await $('event-body').fill('Zahlen mitbringen.');
    await axe();
    await shot('cal-1-form');
    await $('event-save').click();
    await toast('angelegt');
    await event('Jour fixe').waitFor();
  });
  await step('a click opens it as a card, and what was said is there', async () => {
    await event('Jour fixe').click();
    await $('card-when').waitFor();
    expect((await $('card-when').textContent()).includes('09:00'), 'time');
    expect((await $('card-place').textContent()) === 'Besprechung 1', 'place');
    await page.getByText('Zahlen mitbringen.').waitFor();
    await axe();
    await shot('cal-2-card');
    await $('event-edit').click();
    await $('event-title').fill('Jour fixe Vertrieb');
    await $('event-save').click();
    await toast('geändert');
    await event('Jour fixe Vertrieb').waitFor();
  });
  await step('it is moved by the mouse and taken back', async () => {
    const box = await event('Jour fixe Vertrieb').boundingBox();
    const to = await spot(day(2), 13);
    await page.mouse.move(box.x + 20, box.y + 8);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 8 });
    await page.mouse.up();
    await toast('verschoben');
    await until(async () => (await stored('Jour fixe Vertrieb'))[0].start.dateTime.startsWith(`${day(2)}T1`), 'on Wednesday at the server');
    equal(await $('event-card').count(), 0, 'a drag opens nothing');
    await $('toast-action').last().click();
    await until(async () => (await stored('Jour fixe Vertrieb'))[0].start.dateTime === `${day(1)}T07:00:00.0000000`, 'back again');
  });
  await step('and by the keyboard: moved, made longer, focus kept', async () => {
    await event('Jour fixe Vertrieb').focus();
    await page.keyboard.press('Alt+ArrowRight');
    await until(async () => (await stored('Jour fixe Vertrieb'))[0].start.dateTime.startsWith(day(2)), 'a day later');
    await event('Jour fixe Vertrieb').focus();
    await page.keyboard.press('Alt+ArrowDown');
    await until(async () => (await stored('Jour fixe Vertrieb'))[0].start.dateTime === `${day(2)}T07:15:00.0000000`, 'a quarter of an hour later');
    await event('Jour fixe Vertrieb').focus();
    await page.keyboard.press('Alt+Shift+ArrowDown');
    await until(async () => (await stored('Jour fixe Vertrieb'))[0].end.dateTime === `${day(2)}T09:15:00.0000000`, 'longer');
  });
  await step('all day, and several days', async () => {
    await page.keyboard.press('c');
    await $('event-title').fill('Messe Köln');
    await $('event-all-day').check();
    await $('event-start-day').fill(day(3));
    await $('event-end-day').fill(day(4));
    await $('event-save').click();
    await toast('angelegt');
    await event('Messe Köln').waitFor();
    const [found] = await stored('Messe Köln');
    equal([found.isAllDay, found.start.dateTime.slice(0, 10), found.end.dateTime.slice(0, 10)], [true, day(3), day(5)], 'days');
  });
  await step('the end before the start is told, and nothing is lost', async () => {
    await page.keyboard.press('c');
    await $('event-title').fill('Rückwärts');
    await $('event-end-time').fill('00:05');
    await $('event-save').click();
    await $('event-problem').waitFor();
    equal(await $('event-title').inputValue(), 'Rückwärts', 'what was typed');
    await axe();
    await page.keyboard.press('Escape');
    await $('event-form').waitFor({ state: 'detached' });
    await $('toast-action').last().click();
    equal(await $('event-title').inputValue(), 'Rückwärts', 'closed by mistake, it is found again');
    await $('event-cancel').click();
    await $('event-form').waitFor({ state: 'detached' });
  });
  await step('a series: one of it is moved, all of it is renamed, one goes', async () => {
    const at = await spot(day(0), 14.2);
    await page.mouse.click(at.x, at.y);
    await $('event-title').fill('Standup');
    await $('event-repeat').selectOption('workdays');
    await shot('cal-3-repeat');
    await $('event-save').click();
    await until(async () => (await event('Standup').count()) === 5, 'five of them');
    await event('Standup').nth(1).focus();
    await page.keyboard.press('Alt+ArrowDown');
    await $('series-question').waitFor();
    await axe();
    await shot('cal-4-series');
    await $('series-one').click();
    await toast('verschoben');
    const times = async () => (await graph(`/v1.0/me/calendarView?startDateTime=${day(0)}T00:00:00Z&endDateTime=${day(5)}T00:00:00Z&$filter=subject eq 'Standup'&$top=50`)).value.filter((e) => /^Standup/.test(e.subject)).map((e) => e.start.dateTime.slice(11, 16)).join();
    await until(async () => (await times()).split(',').filter((x) => x === '12:15').length === 1, 'only one has moved');
    await event('Standup').first().click();
    await $('event-edit').click();
    await $('series-all').click();
    await $('event-title').fill('Standup Team');
    await $('event-save').click();
    await toast('geändert');
    await until(async () => (await event('Standup Team').count()) >= 4, 'all of them');
    await event('Standup').last().click();
    await $('event-delete').click();
    await $('series-one').click();
    await $('dialog-confirm').click();
    await until(async () => (await event('Standup').count()) === 4, 'four are left');
  });
  await step('a second calendar lies over the first, and can be hidden', async () => {
    await $('calendar-new').click();
    await $('calendar-name').fill('Urlaub');
    await $('calendar-add').click();
    await until(async () => (await $('calendar-show').count()) === 2, 'two calendars');
    await $('event-new').click();
    await $('event-title').fill('Urlaub Lena');
    await $('event-calendar').selectOption({ label: 'Urlaub' });
    await $('event-start-day').fill(day(2));
    await $('event-start-time').fill('09:00');
    await $('event-save').click();
    await event('Urlaub Lena').waitFor();
    await page.waitForTimeout(300);
    await axe();
    await shot('cal-5-week');
    await $('calendar-show').nth(1).uncheck();
    await until(async () => (await event('Urlaub Lena').count()) === 0, 'hidden');
    await $('calendar-show').nth(1).check();
    await event('Urlaub Lena').waitFor();
  });
  await step('every view, by key', async () => {
    for (const [key, view] of [['m', 'month'], ['a', 'agenda'], ['d', 'day'], ['x', 'workweek'], ['w', 'week']]) {
      await page.keyboard.press(key);
      await until(async () => page.url().includes(`/calendar/${view}/`), view);
      await page.waitForTimeout(250);
      await axe();
      await shot(`cal-6-${view}`);
    }
    await page.keyboard.press('ArrowRight');
    await until(async () => page.url().endsWith(day(7)), 'next week');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('?');
    await $('key-sheet').waitFor();
    await axe();
    await $('modal-close').click();
  });
  const ben = await open({ timezoneId: 'Europe/Berlin' });
  await step('an invitation reaches the guest, whose answer comes back by itself', async () => {
    await signIn(ben, GUEST);
    await week(ben);
    await $(`day-${day(0)}`, ben).waitFor();
    await event('Jour fixe Vertrieb').click();
    await $('event-edit').click();
    await $('event-guests').fill(GUEST);
    await $('event-save').click();
    await toast('Gäste');
    await event('Jour fixe Vertrieb', ben).waitFor({ timeout: 30_000 });
    await event('Jour fixe Vertrieb', ben).click();
    await $('answer-comment', ben).fill('Ich komme etwas später.');
    await axe(ben);
    await shot('cal-7-invited', ben);
    await $('answer-accept', ben).click();
    await toast('Zugesagt', ben);
    await until(async () => (await stored('Jour fixe Vertrieb'))[0].attendees[0].status.response === 'accepted', 'the organizer knows', 30_000);
    await event('Jour fixe Vertrieb').click();
    await page.getByText('zugesagt').first().waitFor();
    await $('modal-close').click();
  });
  await step('deleting asks first and says who is told; the guest has none left', async () => {
    await event('Jour fixe Vertrieb').click();
    await $('event-delete').click();
    await page.getByText('erhalten eine Absage').waitFor();
    await $('dialog-confirm').click();
    await until(async () => (await event('Jour fixe Vertrieb').count()) === 0, 'gone');
    await until(async () => (await stored('Jour fixe Vertrieb')).length === 0, 'gone at the server too');
    await until(async () => (await event('Jour fixe Vertrieb', ben).count()) === 0 || (await event('Jour fixe Vertrieb', ben).textContent()).includes('abgesagt'), 'the guest sees it is off', 30_000);
    await ben.close();
  });
  await step('contacts: made, found, changed, written to, deleted', async () => {
    await $('area-contacts').click();
    await $('contacts-empty').waitFor();
    for (const [given, surname, email] of [['Lena', 'Voß', 'lena@voss.test'], ['Jonas', 'Krüger', 'jonas@krueger.test'], ['Änne', 'Ammer', 'aenne@ammer.test']]) {
      await $('contact-new').click();
      await $('contact-given').fill(given);
      await $('contact-surname').fill(surname);
      await $('contact-email-field').first().fill(email);
      await $('contact-more-emails').click();
      await $('contact-email-field').nth(1).fill(`privat.${email}`);
      await $('contact-phone-field').first().fill('+49 30 1234567');
      await axe();
      await $('contact-save').click();
      await until(async () => (await $('contact-name').textContent().catch(() => '')) === `${given} ${surname}`, 'open');
    }
    equal((await $('contact-row').allTextContents()).map((x) => x.includes('Ammer') ? 'A' : x.includes('Krüger') ? 'K' : 'V'), ['A', 'K', 'V'], 'in order');
    equal(await $('contact-email').count(), 2, 'both addresses');
    await axe();
    await shot('contacts-1');
    await $('contact-edit').click();
    await $('contact-company').fill('Ammer & Söhne');
    await shot('contacts-2-form');
    await $('contact-save').click();
    await toast('geändert');
    await $('contact-search').fill('söhne');
    await until(async () => (await $('contact-row').count()) === 1, 'found by the company');
    await $('contact-search').fill('');
    await $('contact-edit').click();
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
    await $('contact-picture').setInputFiles({ name: 'p.png', mimeType: 'image/png', buffer: png });
    await page.locator('.face img').first().waitFor();
    await page.goBack();
    await $('contact-write').click();
    await $('composer').waitFor();
    expect((await $('composer').textContent()).includes('Änne Ammer'), 'composer is addressed');
    await $('compose-discard').click();
    await $('contact-delete').click();
    await $('dialog-confirm').click();
    await until(async () => (await $('contact-row').count()) === 2, 'deleted');
  });
  await step('tasks: made, dated, in steps, ticked off and back; lists made, renamed, deleted', async () => {
    await $('area-tasks').click();
    await $('tasks-empty').waitFor();
    for (const title of ['Angebot schreiben', 'Steuer vorbereiten', 'Drucker bestellen']) {
      await $('task-new').fill(title);
      await page.keyboard.press('Enter');
      await $('task-row').filter({ hasText: title }).waitFor();
    }
    await $('task-open').filter({ hasText: 'Steuer' }).click();
    await $('task-due').fill(printDay(new Date()));
    await $('task-row').filter({ hasText: 'Heute' }).waitFor();
    await $('task-reminder').fill(`${day(0)}T08:30`);
    await $('task-importance').selectOption('high');
    await $('step-new').fill('Belege sortieren');
    await page.keyboard.press('Enter');
    await $('step').waitFor();
    await $('step').locator('input').click();
    await $('task-body').fill('Ordner 2026');
    await $('task-title').focus();
    await $('task-row').filter({ hasText: '1 von 1' }).waitFor();
    await axe();
    await shot('tasks-1');
    await page.reload();
    equal([await $('task-title').inputValue(), await $('task-due').inputValue(), await $('task-reminder').inputValue(), await $('task-importance').inputValue(), await $('task-body').inputValue()],
      ['Steuer vorbereiten', printDay(new Date()), `${day(0)}T08:30`, 'high', 'Ordner 2026'], 'all of it stored');
    await $('task-row').filter({ hasText: 'Angebot' }).locator(hook('task-tick')).click();
    await toast('erledigt');
    await until(async () => (await $('tasks-open').locator('li').count()) === 2, 'off the list');
    await $('tasks-show-done').click();
    await $('tasks-done').getByText('Angebot').waitFor();
    await $('toast-action').last().click();
    await until(async () => (await $('tasks-open').locator('li').count()) === 3, 'back again');
    await $('task-delete').click();
    await $('dialog-confirm').click();
    await until(async () => (await $('task-row').count()) === 2, 'deleted');
    await $('list-new').click();
    await $('list-name').fill('Umzug');
    await page.keyboard.press('Enter');
    await until(async () => (await $('tasks-title').textContent()) === 'Umzug', 'new list is open');
    await $('list-rename').click();
    await $('list-name').fill('Umzug 2027');
    await page.keyboard.press('Enter');
    await until(async () => (await $('tasks-title').textContent()) === 'Umzug 2027', 'renamed');
    await $('list-delete').click();
    await $('dialog-confirm').click();
    await until(async () => (await $('list-row').count()) === 1, 'deleted');
  });
  await step('dark and English', async () => {
    await $('account-menu').click();
    await page.locator(`${hook('language-en')}:visible`).click();
    await page.locator(`${hook('theme-dark')}:visible`).click();
    await page.keyboard.press('Escape');
    for (const [where, name] of [[`calendar/week/${day(0)}`, 'week'], [`calendar/month/${day(0)}`, 'month'], ['contacts', 'contacts'], ['tasks', 'tasks']]) {
      await page.goto(`${base}/#/${where}`);
      await page.waitForTimeout(500);
      await axe();
      await shot(`dark-${name}`);
    }
    expect((await page.title()).startsWith('Tasks'), 'English title');
    await week();
    await event('Standup').first().click();
    await page.waitForTimeout(200);
    await axe();
    await shot('dark-card');
    await $('event-edit').click();
    await $('series-all').click();
    await $('event-title').waitFor();
    await axe();
    await shot('dark-form');
    await $('event-cancel').click();
  });
  await step('on a phone everything has room', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${base}/#/calendar/day/${day(2)}`);
    for (const [where, name] of [[`calendar/day/${day(2)}`, 'day'], [`calendar/month/${day(2)}`, 'month'], [`calendar/agenda/${day(0)}`, 'agenda'], [`calendar/week/${day(0)}`, 'week'], ['contacts', 'contacts'], ['tasks', 'tasks']]) {
      await page.goto(`${base}/#/${where}`);
      await page.waitForTimeout(500);
      await axe();
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} fits`);
      await shot(`phone-${name}`);
    }
    await $('bar-calendar').click();
    await $('event-new-bar').click();
    await $('event-title').waitFor();
    await axe();
    expect(await $('event-form').evaluate((n) => n.scrollWidth <= innerWidth), 'form fits');
    await shot('phone-form');
    await $('event-cancel').click();
  });
});
