// Answers for: one sprite holding exactly the icons the page uses, and the type that names them.
// A sprite file instead of inline markup, because the page's policy forbids building HTML from strings.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = `archive arrow-left arrow-right check chevron-down chevron-right circle-alert circle-check circle-x clock copy
download eye eye-off file file-archive file-image file-text folder forward globe house image-off inbox info key-round
languages loader-circle log-out mail mail-open menu moon paperclip pencil plus refresh-cw reply reply-all search send server
shield-alert shield-check star sun trash-2 undo-2 user user-plus users wifi-off x minus maximize-2 monitor contrast building-2 calendar square-check-big
chevron-left map-pin repeat bell phone list bell-off circle flag camera circle-question-mark clipboard-list text-align-start settings signature plane list-filter share-2 lock database door-open network mails hard-drive layout-grid
scroll-text car arrow-up arrow-down play printer users-round calendar-plus calendar-x calendar-clock sliders-horizontal laptop bold italic underline list-ordered text-quote link remove-formatting type folder-input bookmark messages-square`
  .split(/\s+/);

// Lines and fill are left to the page's styles, so that a star can be filled where it is set.
const symbols = names.map((name) => {
  const svg = readFileSync(`${root}node_modules/lucide-static/icons/${name}.svg`, 'utf8');
  const inner = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>')).replace(/\s*\n\s*/g, '');
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
});
mkdirSync(`${root}src/components`, { recursive: true });
writeFileSync(`${root}src/components/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`);
writeFileSync(`${root}src/components/icon-names.ts`, `export type IconName = ${names.map((n) => `'${n}'`).join(' | ')};\n`);
