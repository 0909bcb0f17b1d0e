// Proves: what somebody writes comes back as it was, and what programs write is readable.
import { expect, it } from 'vitest';
import { htmlToPlain, plainToHtml } from './plain';

it('keeps lines, signs and letters', () => {
  for (const text of ['Bin weg.\n\nGrüße,\nAnna <anna@x.test> & "Co"', '1 < 2', '']) expect(htmlToPlain(plainToHtml(text))).toBe(text);
});
it('reads what other programs write', () => {
  expect(htmlToPlain('<html><head><style>p{}</style></head><body><p>Guten&nbsp;Tag,</p>\n<p>bin&#32;weg&#x2e;</p></body></html>')).toBe('Guten Tag,\nbin weg.');
  expect(htmlToPlain('nur Text\nzwei Zeilen')).toBe('nur Text\nzwei Zeilen');
  expect(plainToHtml('<script>')).toBe('<div>&lt;script&gt;</div>');
});
