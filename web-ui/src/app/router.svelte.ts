// Answers for: the address of what is on screen, so that back, reload and a copied link do what people expect.
// Behind the # on purpose: the server needs no rule for it, and message ids stay out of its logs.
import { BASE } from '../api/base';

export const AREAS = ['mail', 'calendar', 'contacts', 'tasks', 'settings', 'admin'] as const;
export type AreaName = (typeof AREAS)[number];

// `/admin` is how people write it down; what is shown stands behind the # all the same.
const path = location.pathname.slice(BASE.length);
if (AREAS.some((a) => a === path.split('/')[1]) && location.hash === '') history.replaceState(null, '', `${BASE}/#${path}`);

export interface Route {
  folder: string;
  message: string | null;
}

function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
/** `#/calendar/week/2026-11-23`: the area, and what of it is shown. */
function parts(): { area: AreaName; rest: string[] } {
  const [, first = '', ...rest] = location.hash.split('/');
  return { area: AREAS.find((a) => a === first) ?? 'mail', rest: rest.map(plain) };
}
const mailRoute = ([folder, message]: string[]): Route => ({ folder: folder || 'inbox', message: message || null });
const hash = (area: AreaName, rest: string[]) => `#/${[area, ...rest.map(encodeURIComponent)].join('/')}`;
const write = (to: Route) => hash('mail', to.message ? [to.folder, to.message] : [to.folder]);

class Router {
  area = $state<AreaName>(parts().area);
  /** What of the area is shown; mail has its own words for it in `route`. */
  rest = $state.raw<string[]>(parts().rest);
  /** Kept while another area is shown, so that mail is found again as it was left. */
  route = $state.raw<Route>(mailRoute(parts().area === 'mail' ? parts().rest : []));

  constructor() {
    addEventListener('popstate', () => this.#read());
  }
  #read(): void {
    const { area, rest } = parts();
    this.area = area;
    this.rest = rest;
    if (area === 'mail') this.route = mailRoute(rest);
  }
  /** The address by which an area is entered: mail where it was left, the others where they begin. */
  entrance = (area: AreaName): string => (area === 'mail' ? write({ folder: this.route.folder, message: null }) : hash(area, []));

  /** From message to message nothing is put on the pile: back leads to the list, not through all that was read. */
  go(to: Route): void {
    const step = this.route.message !== null && to.message !== null && to.folder === this.route.folder ? 'replaceState' : 'pushState';
    if (write(to) !== location.hash) history[step]({ inside: true }, '', write(to));
    this.#read();
  }
  /** Back to the list, as the back button would, when it was entered from there. */
  closeMessage(): void {
    if ((history.state as { inside?: boolean } | null)?.inside) history.back();
    else this.go({ folder: this.route.folder, message: null });
  }
  replace(to: Route): void {
    history.replaceState({ inside: true }, '', write(to));
    this.#read();
  }
  /** Shows something else of an area. `keep`: the step can be gone back. */
  show(area: AreaName, rest: string[], keep = true): void {
    const to = hash(area, rest);
    if (to !== location.hash) history[keep ? 'pushState' : 'replaceState']({ inside: true }, '', to);
    this.#read();
  }
}
export const router = new Router();
