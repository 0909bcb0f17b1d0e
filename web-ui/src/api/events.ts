// Answers for: the one live line to the server, and getting it back when it breaks.
import { at } from './base';
import { inMailbox } from './place';
export interface Change {
  modseq: number;
  /** Whose it is; null: one's own. */
  mailbox: string | null;
  folders: string[];
}
export interface Listener {
  change: (change: Change) => void;
  /** The line is up. `again` when it had been lost: what happened meanwhile is unknown. */
  up: (again: boolean, version: string) => void;
  down: () => void;
}

const FIRST = 1000;
const LONGEST = 30_000;
/** The server's keep-alive comments do not reach scripts, so a line without news is simply renewed now and then. */
const RENEW = 10 * 60_000;

const listeners = new Set<Listener>();
let hangUp: (() => void) | null = null;

/** However many listen, there is one line: a browser has six to a server, and every tab keeps one of them. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  hangUp ??= connect({
    change: (change) => listeners.forEach((l) => l.change(change)),
    up: (again, version) => listeners.forEach((l) => l.up(again, version)),
    down: () => listeners.forEach((l) => l.down()),
  });
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    hangUp?.();
    hangUp = null;
  };
}

function connect(listener: Listener): () => void {
  let source: EventSource | null = null;
  let wait = FIRST;
  let was = false;
  let ended = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let watch: ReturnType<typeof setTimeout> | undefined;

  const parse = (event: Event): Record<string, unknown> | null => {
    try {
      return JSON.parse((event as MessageEvent<string>).data) as Record<string, unknown>;
    } catch {
      return null;
    }
  };
  const alive = () => {
    clearTimeout(watch);
    watch = setTimeout(open, RENEW);
  };

  function open() {
    clearTimeout(retry);
    source?.close();
    if (ended) return;
    source = new EventSource(at('/api/events'));
    source.addEventListener('hello', (event) => {
      wait = FIRST;
      alive();
      listener.up(was, String(parse(event)?.version ?? ''));
      was = true;
    });
    source.addEventListener('change', (event) => {
      alive();
      const data = parse(event);
      if (!data) return;
      const mailbox = typeof data.mailbox === 'string' ? data.mailbox : null;
      listener.change({ modseq: Number(data.modseq), mailbox, folders: Array.isArray(data.folders) ? data.folders.map((f) => inMailbox(mailbox, String(f))) : [] });
    });
    source.onerror = () => {
      source?.close();
      if (ended) return;
      listener.down();
      clearTimeout(retry);
      // Some spread, so that a restarted server is not met by the whole office in the same second.
      retry = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST);
    };
  }

  const now = () => {
    if (source?.readyState === EventSource.CLOSED && document.visibilityState === 'visible') open();
  };
  window.addEventListener('online', now);
  document.addEventListener('visibilitychange', now);
  open();
  return () => {
    ended = true;
    clearTimeout(retry);
    clearTimeout(watch);
    source?.close();
    window.removeEventListener('online', now);
    document.removeEventListener('visibilitychange', now);
  };
}
