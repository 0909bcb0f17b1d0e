// Answers for: a contact as the form holds it, and what of it the server is told. Pure.
import type { Contact, ContactBody, PostalAddress } from '../api/contacts';

export type PhoneKind = 'business' | 'mobile' | 'home';
type Place = Required<PostalAddress>;
export interface Form {
  givenName: string;
  surname: string;
  companyName: string;
  jobTitle: string;
  emails: string[];
  phones: { kind: PhoneKind; number: string }[];
  businessAddress: Place;
  homeAddress: Place;
  businessHomePage: string;
  birthday: string;
  personalNotes: string;
}
const place = (a: PostalAddress | undefined): Place =>
  ({ street: a?.street ?? '', city: a?.city ?? '', state: a?.state ?? '', postalCode: a?.postalCode ?? '', countryOrRegion: a?.countryOrRegion ?? '' });
const orOne = <T>(list: T[], one: T): T[] => (list.length > 0 ? list : [one]);

export function formOf(c: Contact | null): Form {
  return {
    // A card with only a shown name would lose it when its parts are written.
    givenName: c?.givenName ?? (c?.surname || c?.companyName ? '' : (c?.displayName ?? '')), surname: c?.surname ?? '', companyName: c?.companyName ?? '', jobTitle: c?.jobTitle ?? '',
    emails: orOne((c?.emailAddresses ?? []).map((e) => e.address), ''),
    phones: orOne([
      ...(c?.businessPhones ?? []).map((number) => ({ kind: 'business' as const, number })),
      ...(c?.mobilePhone ? [{ kind: 'mobile' as const, number: c.mobilePhone }] : []),
      ...(c?.homePhones ?? []).map((number) => ({ kind: 'home' as const, number })),
    ], { kind: c ? 'business' : 'mobile', number: '' }),
    businessAddress: place(c?.businessAddress), homeAddress: place(c?.homeAddress), businessHomePage: c?.businessHomePage ?? '',
    birthday: (c?.birthday ?? '').slice(0, 10), personalNotes: c?.personalNotes ?? '',
  };
}

function whole(form: Form, before: Contact | null): Partial<ContactBody> {
  const text = (value: string) => value.trim() || null;
  const numbers = (kind: PhoneKind) => form.phones.filter((p) => p.kind === kind && p.number.trim() !== '').map((p) => p.number.trim());
  const known = new Map((before?.emailAddresses ?? []).map((e) => [e.address, e]));
  return {
    givenName: text(form.givenName), surname: text(form.surname), companyName: text(form.companyName), jobTitle: text(form.jobTitle),
    emailAddresses: form.emails.map((e) => e.trim()).filter(Boolean).map((address) => known.get(address) ?? { address }),
    businessPhones: numbers('business'), mobilePhone: numbers('mobile')[0] ?? null, homePhones: numbers('home'),
    businessAddress: { ...form.businessAddress }, homeAddress: { ...form.homeAddress }, businessHomePage: text(form.businessHomePage),
    birthday: form.birthday ? `${form.birthday}T00:00:00Z` : null, personalNotes: text(form.personalNotes),
  };
}
/** What has changed since `before`: what nobody touched is left as another program wrote it. */
export function bodyOf(form: Form, before: Contact | null): Partial<ContactBody> {
  const now = whole(form, before);
  if (!before) return Object.fromEntries(Object.entries(now).filter(([, v]) => v !== null && JSON.stringify(v) !== '[]'));
  const was = whole(formOf(before), before);
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(was[name as keyof ContactBody])));
}
