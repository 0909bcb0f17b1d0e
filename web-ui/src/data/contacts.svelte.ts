// Answers for: the contacts as the screen sees them: all of them, in order, kept fresh.
import { getContacts, type Contact } from '../api/contacts';
import { listen } from '../api/events';
import { locale } from '../i18n/index.svelte';
import { mailbox } from './mailbox.svelte';

export const nameOf = (c: Contact): string =>
  c.displayName?.trim() || [c.givenName, c.surname].filter(Boolean).join(' ') || c.companyName?.trim() || c.emailAddresses[0]?.address || '';
/** By family name, as telephone books do; companies by theirs. */
export const sortName = (c: Contact): string => (c.surname?.trim() ? `${c.surname} ${c.givenName ?? ''}` : nameOf(c)).trim();
export function letterOf(c: Contact): string {
  const letter = sortName(c).normalize('NFD').charAt(0).toUpperCase();
  return /\p{L}/u.test(letter) ? letter : '#';
}

class Contacts {
  list = $state.raw<Contact[]>([]);
  loaded = $state(false);
  problem = $state.raw<unknown>(null);
  #settle: ReturnType<typeof setTimeout> | undefined;

  find = (id: string | undefined): Contact | undefined => this.list.find((c) => c.id === id);
  async load(): Promise<void> {
    try {
      const order = new Intl.Collator(locale());
      this.list = (await getContacts()).sort((a, b) => order.compare(sortName(a), sortName(b)));
      this.loaded = true;
      this.problem = null;
    } catch (error) {
      this.problem = error;
    }
  }
  /** Every word somewhere in what is known of somebody. */
  search(text: string): Contact[] {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return this.list;
    return this.list.filter((c) => {
      const all = [nameOf(c), c.givenName, c.surname, c.companyName, c.department, c.jobTitle, c.mobilePhone, ...c.businessPhones, ...c.homePhones, ...c.emailAddresses.map((e) => e.address),
        c.businessAddress.city, c.homeAddress.city, c.personalNotes].join(' ').toLowerCase();
      return words.every((word) => all.includes(word));
    });
  }
  listen(): () => void {
    const soon = () => {
      clearTimeout(this.#settle);
      this.#settle = setTimeout(() => void this.load(), 200);
    };
    return listen({
      change: ({ folders }) => { if (folders.length === 0 || folders.some((f) => !mailbox.find(f))) soon(); },
      up: (again) => again && soon(),
      down: () => {},
    });
  }
}
export const contacts = new Contacts();
