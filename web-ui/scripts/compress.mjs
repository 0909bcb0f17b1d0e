// Answers for: `packed/`, what the program embeds of `dist/`: each larger file packed only. The program serves it like that
// to browsers, which all take it, and unpacks it for whoever does not.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const packed = new URL('../packed/', import.meta.url).pathname;
rmSync(packed, { recursive: true, force: true });
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const target = join(packed, relative(dist, path));
  mkdirSync(dirname(target), { recursive: true });
  const bytes = readFileSync(path);
  // The page itself is changed as it is sent, when it lies below a path.
  if (!/\.(js|css|svg|txt)$/.test(entry.name) || bytes.length < 1000) {
    copyFileSync(path, target);
    continue;
  }
  writeFileSync(`${target}.gz`, gzipSync(bytes, { level: 9 }));
}
