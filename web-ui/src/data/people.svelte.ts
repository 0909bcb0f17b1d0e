// Answers for: who there is in the office: people, rooms and shared mailboxes by name, for completing what is typed.
import { callAll } from '../api/client';

export interface Colleague {
  name: string;
  address: string;
  /** A room or a piece of equipment, which answers for itself. */
  isRoom: boolean;
  capacity: number | null;
}
interface GraphUser {
  displayName: string;
  mail: string | null;
}
interface GraphRoom {
  displayName: string;
  emailAddress: string;
  capacity: number | null;
}
const FRESH_MS = 60_000;

class Colleagues {
  list = $state.raw<Colleague[]>([]);
  #at = 0;

  /** Asked again after a minute; without an answer nothing is completed, and addresses can still be typed. */
  async load(): Promise<void> {
    if (Date.now() - this.#at < FRESH_MS) return;
    this.#at = Date.now();
    try {
      const [users, rooms] = await Promise.all([
        callAll<GraphUser>('/v1.0/users?$top=500&$select=displayName,mail'),
        callAll<GraphRoom>('/v1.0/places/microsoft.graph.room?$top=500&$select=displayName,emailAddress,capacity'),
      ]);
      const byRoom = new Map(rooms.map((r) => [r.emailAddress.toLowerCase(), r]));
      const people = users.flatMap((u): Colleague[] => {
        const room = u.mail ? byRoom.get(u.mail.toLowerCase()) : undefined;
        return u.mail ? [{ name: u.displayName, address: u.mail, isRoom: room !== undefined, capacity: room?.capacity ?? null }] : [];
      });
      const known = new Set(people.map((p) => p.address.toLowerCase()));
      const more = rooms.filter((r) => !known.has(r.emailAddress.toLowerCase())).map((r) => ({ name: r.displayName, address: r.emailAddress, isRoom: true, capacity: r.capacity }));
      this.list = [...people, ...more].toSorted((a, b) => a.name.localeCompare(b.name));
    } catch {
      this.#at = 0;
    }
  }
  find = (address: string): Colleague | undefined => this.list.find((p) => p.address.toLowerCase() === address.toLowerCase());
  /** Those whose name or address begins with what is typed, also with a later word of the name. */
  match(text: string, without: string[], most = 8): Colleague[] {
    const wanted = text.trim().toLowerCase();
    if (wanted === '') return [];
    const out = new Set(without.map((a) => a.toLowerCase()));
    const fits = (p: Colleague) => p.address.toLowerCase().startsWith(wanted) || p.name.toLowerCase().split(/[\s,.-]+/).some((w) => w.startsWith(wanted)) || p.name.toLowerCase().startsWith(wanted);
    return this.list.filter((p) => !out.has(p.address.toLowerCase()) && fits(p)).slice(0, most);
  }
}
export const colleagues = new Colleagues();
