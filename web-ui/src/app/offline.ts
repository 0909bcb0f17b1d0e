// Answers for: the page being there when the server is not (`worker/sw.js`). Browsers want a certificate that they trust for it; with
// the box's own authority unknown to them, the page needs the server to open, as before.
import { at } from '../api/base';

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL: (url: string) => string };
}

export function stayThere(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const url = at('/sw.js');
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  // The one address that a worker ever comes from.
  const trusted = types ? types.createPolicy('hauspost-worker', { createScriptURL: () => url }).createScriptURL(url) : url;
  // After everything that somebody waits for.
  const begin = () => setTimeout(() => void navigator.serviceWorker.register(trusted, { scope: at('/') }).catch(() => {}), 3000);
  if (document.readyState === 'complete') begin();
  else addEventListener('load', begin, { once: true });
}
