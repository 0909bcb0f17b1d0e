// Answers for: `packed/`, what the program embeds of `dist/`: each larger file in its two packed forms only. The program
// serves them to browsers that take them, and unpacks one for whoever takes neither.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

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
  writeFileSync(`${target}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
