// Answers for: the calls of contacts.
import { call, callAll, request } from './client';
import type { EmailAddress } from './types';

export interface PostalAddress {
  street?: string;
  city?: string;
  state?: string;
  postalCode?: string;
  countryOrRegion?: string;
}
export interface Contact {
  id: string;
  displayName: string | null;
  givenName: string | null;
  surname: string | null;
  companyName: string | null;
  jobTitle: string | null;
  department: string | null;
  emailAddresses: EmailAddress[];
  businessPhones: string[];
  mobilePhone: string | null;
  homePhones: string[];
  businessAddress: PostalAddress;
  homeAddress: PostalAddress;
  businessHomePage: string | null;
  birthday: string | null;
  personalNotes: string | null;
  /** Null: no picture. The tag changes with the picture. */
  photo?: { '@odata.mediaEtag': string } | null;
}
export type ContactBody = Omit<Contact, 'id' | 'photo'>;

const FIELDS = 'id,displayName,givenName,surname,companyName,jobTitle,department,emailAddresses,businessPhones,mobilePhone,homePhones,businessAddress,homeAddress,businessHomePage,birthday,personalNotes';
const path = (id: string) => `/v1.0/me/contacts/${encodeURIComponent(id)}`;

export const getContacts = () => callAll<Contact>(`/v1.0/me/contacts?$top=500&$select=${FIELDS}&$expand=photo`);
export const createContact = (body: Partial<ContactBody>) => call<Contact>('POST', '/v1.0/me/contacts', { body });
export const changeContact = (id: string, body: Partial<ContactBody>) => call<Contact>('PATCH', path(id), { body });
export const deleteContact = (id: string) => call<null>('DELETE', path(id));
export const putPhoto = (id: string, file: Blob) => request('PUT', `${path(id)}/photo/$value`, { body: file, timeout: 60_000 });
export const deletePhoto = (id: string) => request('DELETE', `${path(id)}/photo/$value`);
/** The tag makes it another address when it is another picture. */
export const photoUrl = (contact: Contact): string | null =>
  contact.photo ? `${path(contact.id)}/photo/$value?v=${encodeURIComponent(contact.photo['@odata.mediaEtag'].replace(/"/g, ''))}` : null;
