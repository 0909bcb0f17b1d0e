// Answers for: how the row of a conversation names who takes part in it. Pure.
import type { Participant } from '../api/types';

export interface Named {
  name: string;
  isUnread: boolean;
  /** Others stand between the one before and this one, and are left out. */
  isAfterGap: boolean;
}
/** More do not fit into a row. */
const MOST = 3;

/** "Berger, Anna" and "Anna Berger" are both Anna; of an address it is what stands before the @. */
function short({ name, address }: Participant): string {
  const whole = name?.trim() ?? '';
  if (whole === '' || whole.includes('@')) return (whole || address).split('@')[0] ?? address;
  const [last = '', first = ''] = whole.split(',').map((part) => part.trim());
  return (first || last).split(/\s+/)[0] ?? whole;
}

/** One alone in full, several by their first names: who began and the last ones. `own`: one's own addresses, in lower case. */
export function peopleShown(people: Participant[], own: string[], me: string): Named[] {
  const named = people.map((p) => {
    const mine = own.includes(p.address.toLowerCase());
    const alone = p.name?.trim() || p.address;
    return { name: mine ? me : people.length === 1 ? alone : short(p), isUnread: p.isUnread, isAfterGap: false };
  });
  if (named.length <= MOST) return named;
  const last = named.slice(1 - MOST).map((one, i) => ({ ...one, isAfterGap: i === 0 }));
  // Whoever has not been read is not left out without a sign of it.
  const hidden = named.slice(1, 1 - MOST).some((one) => one.isUnread);
  return [named[0], ...last.map((one, i) => (i === 0 ? { ...one, isUnread: one.isUnread || hidden } : one))].filter((one) => one !== undefined);
}
