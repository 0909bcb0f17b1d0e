// Proves: a signature comes in once, before the quote, and is exchanged for another without touching what was written.
import { expect, it } from 'vitest';
import { swapSignature } from './signature';

const quote = '\n\nAm Montag schrieb Ben:\n> Hallo\n';
it('stands at the end of a new message', () => {
  expect(swapSignature('', '', 'Anna', '')).toBe('\n\n-- \nAnna');
});
it('stands before what is quoted', () => {
  expect(swapSignature(quote, '', 'Anna\nKanzlei', quote)).toBe('\n\n-- \nAnna\nKanzlei\n\nAm Montag schrieb Ben:\n> Hallo\n');
});
it('is exchanged, not added', () => {
  const first = swapSignature(quote, '', 'Anna', quote);
  const written = `Guten Tag${first}`;
  const second = swapSignature(written, 'Anna', 'info@', quote);
  expect(second).toBe('Guten Tag\n\n-- \ninfo@\n\nAm Montag schrieb Ben:\n> Hallo\n');
  expect(swapSignature(second, 'info@', '', quote)).toBe(`Guten Tag${quote}`);
  expect(swapSignature(second, 'info@', 'info@', quote)).toBe(second);
});
it('leaves what somebody has changed by hand', () => {
  expect(swapSignature('x\n\n-- \nAnna B.', 'Anna C.', 'info@', '')).toBe('x\n\n-- \nAnna B.');
});
it('takes the last one, not the one of a quoted message', () => {
  expect(swapSignature('-- \nAnna\n\n-- \nAnna', 'Anna', 'B', '')).toBe('-- \nAnna\n\n-- \nB');
});
