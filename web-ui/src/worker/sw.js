// Answers for: the page opening while the server or the line is away. It keeps the page's own files, of one version, and nothing
// of anybody's: what is in a mailbox is never kept here. `scripts/worker.mjs` writes the names of the files into it.
const VERSION = '__VERSION__';
const FILES = __FILES__;
const NAME = `hauspost-${VERSION}`;
const root = new URL(self.registration.scope);

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES.map((file) => new Request(new URL(file, root), { cache: 'no-cache' })))));
});

// This version begins when no tab of the one before is open any more, which therefore needs its files no longer.
self.addEventListener('activate', (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((n) => n.startsWith('hauspost-') && n !== NAME).map((n) => caches.delete(n)))));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== root.origin) return;
  // The page itself comes from the server as long as there is one, so that a new version is seen at once.
  if (request.mode === 'navigate') {
    if (url.pathname === root.pathname) event.respondWith(fetch(request).catch(() => kept(root)));
    return;
  }
  // Names of assets change with their contents.
  if (url.pathname.startsWith(`${root.pathname}assets/`)) event.respondWith(kept(request).then((found) => found ?? fetch(request)));
});

const kept = (what) => caches.match(what, { ignoreVary: true });
