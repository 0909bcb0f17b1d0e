// Answers for: the address of what is on screen, so that back, reload and a copied link do what people expect.
// Behind the # on purpose: the server needs no rule for it, and message ids stay out of its logs.
export interface Route {
  folder: string;
  message: string | null;
}

function read(): Route {
  const [, , folder, message] = location.hash.split('/');
  const plain = (part: string | undefined) => {
    try {
      return decodeURIComponent(part ?? '');
    } catch {
      return '';
    }
  };
  return { folder: plain(folder) || 'inbox', message: plain(message) || null };
}
const write = (to: Route) => `#/mail/${encodeURIComponent(to.folder)}${to.message ? `/${encodeURIComponent(to.message)}` : ''}`;

class Router {
  route = $state.raw<Route>(read());

  constructor() {
    addEventListener('popstate', () => (this.route = read()));
  }
  /** From message to message nothing is put on the pile: back leads to the list, not through all that was read. */
  go(to: Route): void {
    const step = this.route.message !== null && to.message !== null && to.folder === this.route.folder ? 'replaceState' : 'pushState';
    if (write(to) !== location.hash) history[step]({ inside: true }, '', write(to));
    this.route = to;
  }
  /** Back to the list, as the back button would, when it was entered from there. */
  closeMessage(): void {
    if ((history.state as { inside?: boolean } | null)?.inside) history.back();
    else this.go({ folder: this.route.folder, message: null });
  }
  replace(to: Route): void {
    history.replaceState({ inside: true }, '', write(to));
    this.route = to;
  }
}
export const router = new Router();
