// Proves: links in mails open the window for writing with what they say, and nothing hidden.
import { expect, test } from 'vitest';
import { parseMailto } from './mailto';

test('address, subject and text are taken over, a plus stays a plus', () => {
  expect(parseMailto('mailto:a+b@x.test,c@x.test?subject=Termin%20am%203.&cc=d@x.test&body=Guten%20Tag%2C%0D%0AAnna')).toEqual({
    to: [{ address: 'a+b@x.test' }, { address: 'c@x.test' }], cc: [{ address: 'd@x.test' }], subject: 'Termin am 3.', body: 'Guten Tag,\nAnna',
  });
});

test('hidden copies, attachments and broken escapes do no harm; other links are not ours', () => {
  expect(parseMailto('MAILTO:a@x.test?bcc=spy@x.test&attach=/etc/passwd&subject=100%')).toEqual({ to: [{ address: 'a@x.test' }], cc: [], subject: '100%', body: '' });
  expect(parseMailto('https://x.test/')).toBeNull();
});
