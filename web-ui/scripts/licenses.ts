// Answers for: the licences of everything that ends up in the page: written beside it, and the build fails on one we cannot ship.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const ALLOWED = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause'];
/** Where there is a choice, this is ours. */
const CHOSEN: Record<string, string> = { '(MPL-2.0 OR Apache-2.0)': 'Apache-2.0' };
/** Its icons come in through our own sprite, so the bundler does not see the package. */
const UNSEEN = ['node_modules/lucide-static'];

export function licenses(): Plugin {
  return {
    name: 'licenses',
    apply: 'build',
    generateBundle(_, bundle) {
      const found = new Set(UNSEEN);
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue;
        for (const id of chunk.moduleIds) {
          const at = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id.replaceAll('\\', '/'));
          if (at?.[1]) found.add(`node_modules/${at[1]}`);
        }
      }
      const texts = [...found].sort().map((folder) => {
        const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string };
        about.license = CHOSEN[about.license ?? ''] ?? about.license;
        if (!about.license || !ALLOWED.includes(about.license)) this.error(`${about.name}: licence ${about.license ?? 'unknown'} cannot be shipped`);
        const file = readdirSync(folder).find((name) => /^licen[cs]e(\.|$)/i.test(name));
        const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : '';
        return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
      });
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: texts.join('\n----------------------------------------\n\n') });
    },
  };
}
