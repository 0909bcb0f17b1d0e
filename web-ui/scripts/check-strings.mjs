// Answers for: German and English saying the same things with the same values, and no text that nobody shows.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));
const table = (lang, area) => JSON.parse(readFileSync(join(src, 'i18n', lang, area), 'utf8'));
const values = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join(',');
const problems = [];

const code = readdirSync(src, { recursive: true }).filter((f) => /\.(svelte|ts)$/.test(f) && !/\.test\.ts$/.test(f)).map((f) => readFileSync(join(src, f), 'utf8')).join('\n');
const literal = new Set([...code.matchAll(/['"`]((?:admin|common|mail|compose|invite|settings|setup|calendar|contacts|tasks)\.[\w.]+)['"`]/g)].map((m) => m[1]));
// `setup.step.${step}` stands for every key with that beginning; the type check has made sure that each exists.
const stems = [...code.matchAll(/`((?:admin|common|mail|compose|invite|settings|setup|calendar|contacts|tasks)\.[\w.]*)\$\{/g)].map((m) => m[1]);

const areas = readdirSync(join(src, 'i18n/de'));
if (areas.join() !== readdirSync(join(src, 'i18n/en')).join()) problems.push('the two languages have different areas');
for (const area of areas) {
  const [de, en] = [table('de', area), table('en', area)];
  const name = area.replace('.json', '');
  for (const key of new Set([...Object.keys(de), ...Object.keys(en)])) {
    const full = `${name}.${key}`;
    if (!(key in de)) problems.push(`${full}: missing in German`);
    else if (!(key in en)) problems.push(`${full}: missing in English`);
    else if (values(de[key]) !== values(en[key])) problems.push(`${full}: different values`);
    if ([de[key], en[key]].some((text) => text !== undefined && text.trim() === '')) problems.push(`${full}: empty`);
    const base = full.replace(/#\w+$/, '');
    if (!literal.has(base) && !stems.some((stem) => base.startsWith(stem))) problems.push(`${full}: used nowhere`);
  }
  for (const key of Object.keys(de)) if (/\b(du|dein|deine|deinen|dir|dich)\b/i.test(de[key])) problems.push(`${name}.${key}: not formal`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`strings: ${areas.length} areas, German and English match, none unused`);
