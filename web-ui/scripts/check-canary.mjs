// Answers for: knowing that the type check still sees errors. Some version pairs have silently reported none.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = spawnSync(process.execPath, ['node_modules/svelte-check/bin/svelte-check', '--workspace', 'tests/canary', '--tsconfig', './tsconfig.json', '--output', 'machine'], { cwd: root, encoding: 'utf8' });
if (run.status === 0 || !/Canary\.svelte.*not assignable/.test(run.stdout)) {
  console.error(`The type check did not report the error planted in tests/canary:\n${run.stdout}${run.stderr}`);
  process.exit(1);
}
console.log('canary: the type check sees errors');
