// Answers for: what all end-to-end specs share: browser, watching for policy breaches and console errors, steps, screenshots.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const SHOTS = process.env.SHOTS;
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

export const hook = (name) => `[data-test="${name}"]`;
export function expect(truth, what) {
  if (!truth) throw new Error(`Expected: ${what}`);
}
export const equal = (got, want, what) => expect(JSON.stringify(got) === JSON.stringify(want), `${what}: ${JSON.stringify(want)}, got ${JSON.stringify(got)}`);
/** What stands in a field for text, plain or formatted. */
export const textOf = (field) => field.evaluate((e) => (e.value ?? e.innerText.replace(/\n$/, '').replace(/\n{3,}/g, '\n\n').replaceAll('\u00a0', ' ')));
export async function until(check, what, ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    if (await check().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`Waited ${ms} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Runs the steps of one spec; ends the process with 0 or 1. `fake` starts the test double when no server is named. */
export async function run(name, { fake, context = {}, flags = [] }, body) {
  const double = process.env.HAUSPOST_URL ? null : await fake();
  const base = (process.env.HAUSPOST_URL ?? double.url).replace(/\/$/, '');
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  expect(existsSync(executablePath), `a browser at ${executablePath} (set CHROMIUM)`);
  const browser = await chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
  const breaches = [];
  let failed = false;
  let page;
  const open = async (options = {}) => {
    const ctx = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'de-DE', colorScheme: 'light', ignoreHTTPSErrors: true, serviceWorkers: 'block', ...context, ...options });
    const made = await ctx.newPage();
    made.setDefaultTimeout(15_000);
    watch(made, breaches);
    if (process.env.HAUSPOST_ANSWERS) keepAnswers(made, process.env.HAUSPOST_ANSWERS);
    return made;
  };
  const step = async (what, act) => {
    const start = Date.now();
    await act();
    console.log(`  ok    ${what} (${Date.now() - start} ms)`);
  };
  console.log(`${name} against ${base}${double ? ' (test double)' : ''}`);
  try {
    page = await open();
    await body({ page, base, step, open, double, axe: (p = page) => axe(p), shot: (file, p = page) => shot(p, file), tolerate: (pattern) => breaches.tolerated.push(pattern) });
    equal(breaches, [], 'no console error and no breach of the content policy');
    console.log('  ok    no console error, no breach of the content policy');
  } catch (error) {
    failed = true;
    console.error(`  FAIL  ${error.message}`);
    for (const breach of breaches) console.error(`        seen: ${breach}`);
    if (page) await shot(page, `${name}-failed`).catch(() => {});
  }
  await browser.close();
  await double?.close();
  console.log(failed ? `${name}: FAILED` : `${name}: passed`);
  process.exit(failed ? 1 : 0);
}

function watch(page, breaches) {
  // Browsers log every refused request as an error, also those a spec provokes: signing in wrongly, a wrong code.
  breaches.tolerated ??= [/status of 401/];
  const note = (text) => {
    if (!breaches.tolerated.some((pattern) => pattern.test(text))) breaches.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error') note(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => note(`exception: ${error.message}`));
}

/** Every Graph answer that the page gets, one a line, for the one who has the schema. */
function keepAnswers(page, file) {
  page.on('response', async (response) => {
    const [request, type] = [response.request(), response.headers()['content-type'] ?? ''];
    if (!response.url().includes('/v1.0/') || !type.startsWith('application/json')) return;
    // What the page has left behind meanwhile is gone.
    const text = await response.text().catch(() => '');
    if (text) appendFileSync(file, `${JSON.stringify({ address: `${request.method()} ${response.url()}`, status: response.status(), body: JSON.parse(text) })}\n`);
  });
}

export async function shot(page, file) {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${file}.png` });
}
async function axe(page) {
  await page.evaluate(axeSource);
  // What comes or goes is half transparent for a moment; what goes on for ever (a spinner) is not waited for.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished.catch(() => null))));
  const found = await page.evaluate(async () => (await globalThis.axe.run({ exclude: ['iframe'] }, { iframes: false })).violations
    .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.any[0]?.message ?? ''}`).join(' | ')}`));
  equal(found, [], `no accessibility violations on ${page.url()}`);
}

/** Signs in at the page, up to the inbox. */
export async function enter(page, base, address, password) {
  await page.goto(base);
  await page.locator(hook('login-address')).fill(address);
  await page.locator(hook('login-password')).fill(password);
  await page.locator(hook('login-submit')).click();
  await page.locator(hook('folder-inbox')).waitFor();
}
