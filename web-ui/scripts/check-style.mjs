// Answers for: the rules of the sources a compiler does not know: design tokens only, no HTML from strings, short components,
// every file saying what it is for.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));
const problems = [];
const generated = /icon-names\.ts$/;

for (const file of readdirSync(src, { recursive: true }).filter((f) => /\.(svelte|ts|css)$/.test(f) && !generated.test(f))) {
  const text = readFileSync(join(src, file), 'utf8');
  const lines = text.split('\n');
  if (!/^(<!--|\/\/|\/\*) (Answers for|Proves):/.test(text)) problems.push(`${file}: does not open with what it answers for`);
  if (file.endsWith('.svelte') && lines.length > 250) problems.push(`${file}: ${lines.length} lines, 250 at most`);
  if (/\{@html|innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/.test(text)) problems.push(`${file}: builds HTML or code from strings`);
  if (/allow-scripts/.test(text)) problems.push(`${file}: lets a frame run scripts`);
  const style = file.endsWith('.css') ? text : (/<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '');
  if (file.endsWith('tokens.css')) continue;
  for (const line of style.replace(/\/\*[\s\S]*?\*\//g, '').split('\n')) {
    if (/#[0-9a-f]{3,8}\b|\b(rgba?|hsla?)\(|oklch\((?!var|from)/i.test(line)) problems.push(`${file}: raw colour: ${line.trim()}`);
    if (/\d(px|pt)\b/.test(line) && !/@media/.test(line)) problems.push(`${file}: raw size: ${line.trim()}`);
  }
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log('style: tokens only, no HTML from strings, components short');
