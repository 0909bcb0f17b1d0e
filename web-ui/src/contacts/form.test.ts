// Proves: what nobody touched is not written, and what was typed arrives where the server has a place for it.
import { expect, it } from 'vitest';
import type { Contact } from '../api/contacts';
import { bodyOf, formOf } from './form';

const anna: Contact = {
  id: 'c1', displayName: 'Anna Berger', givenName: 'Anna', surname: 'Berger', companyName: null, jobTitle: null, department: 'Einkauf',
  emailAddresses: [{ name: 'Anna B.', address: 'anna@example.test' }], businessPhones: ['+49 30 1'], mobilePhone: '+49 170 2', homePhones: [],
  businessAddress: { city: 'Berlin' }, homeAddress: {}, businessHomePage: null, birthday: '1980-05-01T00:00:00Z', personalNotes: null,
};
it('says nothing when nothing was changed', () => {
  expect(bodyOf(formOf(anna), anna)).toEqual({});
});
it('says what was changed and no more', () => {
  const form = formOf(anna);
  form.emails.push(' zwei@example.test ');
  form.phones.push({ kind: 'home', number: '+49 30 9' });
  expect(bodyOf(form, anna)).toEqual({
    emailAddresses: [{ name: 'Anna B.', address: 'anna@example.test' }, { address: 'zwei@example.test' }], homePhones: ['+49 30 9'],
  });
});
it('takes away what was emptied', () => {
  const form = formOf(anna);
  form.phones = form.phones.filter((p) => p.kind !== 'mobile');
  form.birthday = '';
  expect(bodyOf(form, anna)).toEqual({ mobilePhone: null, birthday: null });
});
it('makes a new one of what there is', () => {
  const form = { ...formOf(null), givenName: 'Ben', emails: ['ben@example.test', ''] };
  expect(bodyOf(form, null)).toMatchObject({ givenName: 'Ben', emailAddresses: [{ address: 'ben@example.test' }] });
  expect(bodyOf(form, null)).not.toHaveProperty('mobilePhone');
});
