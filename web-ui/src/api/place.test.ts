// Proves: ids of other mailboxes lead to the right place, and come apart again, whatever stands in an address.
import { expect, it } from 'vitest';
import { apart, folderPath, inMailbox, messagePath, whose } from './place';

it('comes apart as it was put together', () => {
  for (const mailbox of [null, 'info@example.test', 'a~b@example.test']) expect(apart(inMailbox(mailbox, 'M1f'))).toEqual({ mailbox, bare: 'M1f' });
});
it('leads into the mailbox', () => {
  expect(messagePath('M1')).toBe('/v1.0/me/messages/M1');
  expect(messagePath('info@example.test~M1')).toBe('/v1.0/users/info%40example.test/messages/M1');
  expect(folderPath('info@example.test~inbox')).toBe('/v1.0/users/info%40example.test/mailFolders/inbox');
  expect(whose('info@example.test', '?')).toBe('?mailbox=info%40example.test');
  expect(whose(null, '?')).toBe('');
});
