// Proves: a calendar's colour leads to its hue, and none or grey to one of the ten.
import { expect, it } from 'vitest';
import { hueOf } from './colour';

it('finds the hue of a colour', () => {
  expect(hueOf('#FF0000', 0)).toBe(29);
  expect(hueOf('#00FF00', 0)).toBe(142);
  expect(hueOf('#0000FF', 0)).toBe(264);
});
it('has one for every calendar without a colour', () => {
  expect(hueOf('', 0)).toBe(195);
  expect(hueOf('#C0C0C0', 1)).toBe(285);
  expect(hueOf('nonsense', 11)).toBe(285);
});
