// Proves: the strength shown is not flattery.
import { expect, test } from 'vitest';
import { strength, suggestPassword } from './password';

test('short, common and personal passwords are called what they are', () => {
  expect(strength('Ab1!xy')).toBe('short');
  for (const bad of ['passwort123', 'Sommer20262026', 'aaaaaaaaaaaa', '1234512345']) expect(strength(bad)).toBe('weak');
  expect(strength('annaberger2026', ['Anna', 'Berger'])).toBe('weak');
});

test('long phrases and suggested passwords are strong', () => {
  expect(strength('kiesel turm regen lampe')).toBe('strong');
  for (let i = 0; i < 50; i++) expect(strength(suggestPassword())).toBe('strong');
});
