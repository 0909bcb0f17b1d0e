// Answers for: a stand-in for the server while the page is tested alone. It follows docs/web-api.md, keeps everything in memory,
// serves dist/ with the policy the real server sends, and is never shipped.
import { createReadStream, existsSync, statSync } from 'node:fs';
import http from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeMessages, recipient } from './data.mjs';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html dompurify hauspost-worker";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const STEPS = ['language', 'office', 'admin', 'inbound', 'outbound', 'people', 'finish'];
const WELL = { inbox: 'Inbox', drafts: 'Drafts', sentitems: 'Sent Items', archive: 'Archive', junkemail: 'Junk', deleteditems: 'Deleted Items' };
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

class Failure extends Error {
  constructor(status, code, message, field) { super(message); Object.assign(this, { status, code, field }); }
}

export async function startFake({ port = 0, messages = 60, finished = true, code = 'ABCD-EFGH-JKLM', delay = 0 } = {}) {
  const state = { claimed: finished, finished, cookie: null, answers: {}, secrets: {}, reached: 0, fail: {}, delay, tries: 0, requests: [] };
  const accounts = new Map();
  const streams = new Set();
  let modseq = 1;
  let nextId = 1;

  function addAccount(name, address, password, count = 0) {
    const me = { name, address };
    const folders = Object.fromEntries(Object.keys(WELL).map((w) => [w, []]));
    folders['F-projekte'] = [];
    folders['F-haus-b'] = [];
    folders.inbox = makeMessages(count, 'inbox', me);
    if (count) {
      folders.junkemail = makeMessages(3, 'junkemail', me);
      folders.sentitems = makeMessages(4, 'sentitems', me).map((m) => ({ ...m, isRead: true, from: recipient(name, address), toRecipients: [m.from] }));
    }
    accounts.set(address, { name, address, password, oid: `oid-${address}`, language: 'de', isAdmin: accounts.size === 0, folders });
  }
  if (finished) { addAccount('Anna Berger', 'anna@example.test', 'kiesel-turm-regen', messages); addAccount('Lena Voß', 'lena@example.test', 'lampe-wiese-fluss', 3); }

  const changed = (account, folders) => {
    const data = `event: change\ndata: ${JSON.stringify({ modseq: ++modseq, folders })}\n\n`;
    for (const stream of streams) if (stream.account === account) stream.res.write(data);
  };
  function deliver(to, message) {
    const account = accounts.get(to);
    if (!account) return;
    account.folders.inbox.unshift({ ...message, id: `new-${nextId++}=`, isRead: false, parentFolderId: 'inbox', receivedDateTime: new Date().toISOString() });
    changed(account, ['inbox']);
  }
  const setupView = (mine) => ({
    claimed: state.claimed, finished: state.finished, mine, version: '0.1.0', language: state.answers.language ?? null,
    ...(mine ? { step: STEPS[state.reached], answers: state.answers } : {}),
  });
  const stored = ({ password, ...rest }, old) => ({ ...rest, hasPassword: Boolean(password) || Boolean(old?.hasPassword) });

  function putStep(step, body) {
    const a = state.answers;
    if (step === 'language') a.language = body.language;
    if (step === 'office') { if (body.domain === 'taken.example') throw new Failure(409, 'Exists', 'Diese Domain ist hier schon vergeben.', 'domain'); Object.assign(a, body); }
    if (step === 'admin') {
      if (!body.password && !a.admin?.hasPassword) throw new Failure(400, 'Invalid', 'Passwort fehlt.', 'password');
      state.secrets.admin = body.password ?? state.secrets.admin;
      a.admin = stored(body, a.admin);
    }
    if (step === 'inbound') a.inbound = body.collect ? { mode: body.mode, collect: stored(body.collect, a.inbound?.collect) } : { mode: body.mode };
    if (step === 'outbound') a.outbound = body.smarthost ? { mode: body.mode, smarthost: stored(body.smarthost, a.outbound?.smarthost) } : { mode: body.mode };
    if (step === 'people') {
      state.secrets.people = Object.fromEntries(body.people.map((p) => [p.address, p.password ?? state.secrets.people?.[p.address]]));
      a.people = body.people.map((p) => stored(p, a.people?.find((o) => o.address === p.address)));
    }
    state.reached = Math.max(state.reached, STEPS.indexOf(step) + 1);
  }

  async function setup(req, path, body, cookies, res) {
    const mine = state.cookie !== null && cookies.setup === state.cookie;
    if (path === '' && req.method === 'GET') return setupView(mine && !state.finished);
    if (state.finished) throw new Failure(409, 'SetupFinished', 'Fertig.');
    if (path === '/claim') {
      if (++state.tries > 50) throw new Failure(429, 'Busy', 'Zu viele Versuche.');
      if (body.code !== code) throw new Failure(403, 'SetupCodeWrong', 'Der Code stimmt nicht.', 'code');
      state.claimed = true;
      state.cookie ??= Math.random().toString(36).slice(2);
      res.setHeader('Set-Cookie', `setup=${state.cookie}; HttpOnly; SameSite=Strict; Path=/`);
      return setupView(true);
    }
    if (!mine) throw new Failure(403, 'SetupNotClaimed', 'Bitte den Code eingeben.');
    if (path.startsWith('/check/')) {
      await wait(1500);
      if (!body.password && !body.host) throw new Failure(400, 'Invalid', 'Server fehlt.', 'host');
      if (/nirgends/.test(body.host)) return { ok: false, reason: 'name', detail: `${body.host}: kein Eintrag` };
      if (/falsch/.test(body.password ?? '')) return { ok: false, reason: 'login', detail: '535 Authentication failed' };
      return { ok: true, detail: path.endsWith('collect') ? '312 Nachrichten gefunden.' : '' };
    }
    if (path === '/finish') {
      await wait(1200);
      const { admin, people = [] } = state.answers;
      addAccount(admin.name, admin.address, state.secrets.admin);
      for (const p of people) addAccount(p.name, p.address, state.secrets.people[p.address]);
      state.finished = true;
      res.setHeader('Set-Cookie', `session=${encodeURIComponent(admin.address)}; HttpOnly; SameSite=Strict; Path=/`);
      return session({ method: 'GET' }, {}, accounts.get(admin.address), res);
    }
    putStep(path.slice(1), body);
    return setupView(true);
  }

  function session(req, body, account, res) {
    if (req.method === 'POST') {
      const found = accounts.get(body.address);
      if (!found || found.password !== body.password) throw new Failure(401, 'NotAuthenticated', 'Falsch.');
      res.setHeader('Set-Cookie', `session=${encodeURIComponent(found.address)}; HttpOnly; SameSite=Strict; Path=/`);
      account = found;
    }
    if (!account) throw new Failure(401, 'NotAuthenticated', 'Nicht angemeldet.');
    if (req.method === 'DELETE') { res.setHeader('Set-Cookie', 'session=; Max-Age=0; Path=/'); return null; }
    if (req.method === 'PATCH') account.language = body.language;
    const { address, name, oid, language, isAdmin } = account;
    return { address, aliases: [], name, oid, language, isAdmin, officeName: state.answers.officeName ?? 'Kanzlei Berger', isSettingUp: false };
  }

  const folderView = (account, id) => ({
    id, displayName: WELL[id] ?? { 'F-projekte': 'Projekte', 'F-haus-b': 'Haus B' }[id], parentFolderId: id === 'F-haus-b' ? 'F-projekte' : 'root',
    childFolderCount: id === 'F-projekte' ? 1 : 0, totalItemCount: account.folders[id].length, unreadItemCount: account.folders[id].filter((m) => !m.isRead).length,
    wellKnownName: WELL[id] ? id : null, isHidden: false,
  });
  function locate(account, id) {
    for (const [folder, list] of Object.entries(account.folders)) {
      const index = list.findIndex((m) => m.id === id);
      if (index >= 0) return { folder, list, index, message: list[index] };
    }
    throw new Failure(404, 'ErrorItemNotFound', 'Diese Nachricht gibt es nicht.');
  }
  function move(account, id, to) {
    const { folder, list, index, message } = locate(account, id);
    if (!account.folders[to]) throw new Failure(404, 'ErrorItemNotFound', 'Dieser Ordner fehlt.');
    list.splice(index, 1);
    // A new id on purpose: the contract allows it, so the page must cope.
    const moved = { ...message, id: `moved-${nextId++}=`, parentFolderId: to };
    const target = account.folders[to];
    const place = target.findIndex((m) => m.receivedDateTime < moved.receivedDateTime);
    target.splice(place < 0 ? target.length : place, 0, moved);
    changed(account, [folder, to]);
    return moved;
  }
  function send(account, message) {
    if (state.fail.send) throw new Failure(state.fail.send, 'Unavailable', 'Gerade nicht.');
    const content = message.body.contentType === 'html' ? message.body.content.replace(/<[^>]*>/g, ' ') : message.body.content;
    const full = {
      ...message, bodyPreview: content.trim().slice(0, 120), hasAttachments: false, from: recipient(account.name, account.address), flag: { flagStatus: 'notFlagged' },
      importance: 'normal', isDraft: false, ccRecipients: message.ccRecipients ?? [], remote: (message.body.content.match(/<img[^>]+https?:/g) ?? []).length,
    };
    account.folders.sentitems.unshift({ ...full, id: `sent-${nextId++}=`, isRead: true, parentFolderId: 'sentitems', receivedDateTime: new Date().toISOString() });
    changed(account, ['sentitems']);
    const to = [...message.toRecipients, ...(message.ccRecipients ?? []), ...(message.bccRecipients ?? [])];
    setTimeout(() => new Set(to.map((r) => r.emailAddress.address)).forEach((address) => deliver(address, full)), 300);
  }
  function preferences(body, account) {
    if (!account) throw new Failure(401, 'NotAuthenticated', 'Nicht angemeldet.');
    account.preferences = { theme: null, firstDayOfWeek: null, timeFormat: null, signatures: {}, ...account.preferences, ...body };
    return account.preferences;
  }
  function graph(req, path, query, body, account) {
    if (!account) throw new Failure(401, 'InvalidAuthenticationToken', 'Nicht angemeldet.');
    const part = path.split('/').map(decodeURIComponent);
    if (path === 'sendMail') return send(account, body.message);
    if (part[0] === 'mailFolders') {
      if (part.length === 1) return { value: Object.keys(account.folders).filter((f) => f !== 'F-haus-b').map((f) => folderView(account, f)) };
      if (!account.folders[part[1]]) throw new Failure(404, 'ErrorItemNotFound', 'Diesen Ordner gibt es nicht.');
      if (part[2] === 'childFolders') return { value: part[1] === 'F-projekte' ? [folderView(account, 'F-haus-b')] : [] };
      const list = account.folders[part[1]];
      const skip = Number(query.get('$skip') ?? 0);
      return { '@odata.count': list.length, value: list.slice(skip, skip + Number(query.get('$top') ?? 10)).map(({ body: _, ...m }) => m) };
    }
    const isNew = req.method === 'POST' && path === 'messages';
    if (isNew || /^create(Reply|ReplyAll|Forward)$/.test(part[2] ?? '')) {
      const given = isNew ? body : body.message;
      const draft = { ...given, id: `draft-${nextId++}=`, isDraft: true, isRead: true, parentFolderId: 'drafts', receivedDateTime: new Date().toISOString(), bodyPreview: given.body.content.slice(0, 120), hasAttachments: false, from: recipient(account.name, account.address), flag: { flagStatus: 'notFlagged' }, importance: 'normal', remote: 0 };
      account.folders.drafts.unshift(draft);
      changed(account, ['drafts']);
      return draft;
    }
    const { folder, message } = locate(account, part[1]);
    if (part[2] === 'send') {
      send(account, message);
      account.folders.drafts = account.folders.drafts.filter((m) => m.id !== part[1]);
      return changed(account, ['drafts']);
    }
    if (part[2] === 'move') return move(account, part[1], body.destinationId);
    if (part[2] === 'attachments') return { value: message.hasAttachments ? [{ id: 'A1=', name: 'Angebot_2026-118.pdf', contentType: 'application/pdf', size: 284_000, isInline: false }] : [] };
    if (req.method === 'PATCH') {
      if (state.fail.patch) throw new Failure(state.fail.patch, 'Internal', '');
      Object.assign(message, body);
      changed(account, [folder]);
    }
    if (req.method === 'DELETE') {
      const { list, index } = locate(account, part[1]);
      if (folder !== 'deleteditems') move(account, part[1], 'deleteditems');
      else { list.splice(index, 1); changed(account, [folder]); }
      return null;
    }
    return message;
  }
  function render(req, path, query, account, res) {
    const { message } = locate(account, decodeURIComponent(path));
    const images = query.get('images') === '1';
    let html = message.body.contentType === 'html' ? message.body.content : `<pre style="white-space:pre-wrap;font:inherit">${message.body.content.replace(/[&<]/g, (c) => (c === '&' ? '&amp;' : '&lt;'))}</pre>`;
    html = html.replace(/<script[\s\S]*?<\/script>/g, '').replace(/ on\w+="[^"]*"/g, '').replace(/src="https?:[^"]*"/g, images ? 'src="/ui/part/x/1"' : '');
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.setHeader('X-Remote-Images', images ? 0 : message.remote);
    res.setHeader('Content-Security-Policy', "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox");
    res.end(req.method === 'HEAD' ? '' : `<!doctype html><html><head><meta charset="utf-8"><style>body{margin:0;font:15px/1.5 Arial,sans-serif;color:#000;overflow-wrap:break-word}td,th{border:1px solid #bbb;padding:4px 6px}</style></head><body>${html}</body></html>`);
  }
  function file(path, res) {
    const wanted = normalize(join(DIST, path));
    const found = wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(DIST, 'index.html');
    res.setHeader('Content-Type', TYPES[extname(found)] ?? 'application/octet-stream');
    if (path.startsWith('/assets/')) res.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    if (found.endsWith('.html')) res.setHeader('Content-Security-Policy', CSP);
    createReadStream(found).pipe(res);
  }

  const server = http.createServer(async (req, res) => {
    const url = new URL(req.url, 'http://fake');
    const path = url.pathname;
    const cookies = Object.fromEntries((req.headers.cookie ?? '').split(/;\s*/).map((c) => c.split('=').map(decodeURIComponent)));
    const account = accounts.get(cookies.session);
    state.requests.push(`${req.method} ${path}${url.search}`);
    try {
      if (path === '/ui/part/x/1') { res.setHeader('Content-Type', 'image/svg+xml'); return res.end('<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30"><rect width="60" height="30" fill="#c33"/></svg>'); }
      if (path.startsWith('/ui/render/')) return render(req, path.slice(11), url.searchParams, account, res);
      if (path === '/api/events') {
        if (!account || state.fail.events) throw new Failure(account ? 503 : 401, 'NotAuthenticated', '');
        res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        res.write(`event: hello\ndata: ${JSON.stringify({ modseq, version: '0.1.0' })}\n\n`);
        const stream = { res, account };
        streams.add(stream);
        return req.on('close', () => streams.delete(stream));
      }
      if (!path.startsWith('/api/') && !path.startsWith('/v1.0/')) return file(path, res);
      if (req.method !== 'GET' && (req.headers['sec-fetch-site'] ?? 'same-origin') !== 'same-origin') throw new Failure(403, 'Forbidden', 'Fremde Herkunft.');
      let text = '';
      for await (const chunk of req) text += chunk;
      const body = text === '' ? {} : JSON.parse(text);
      if (state.delay) await wait(state.delay);
      const answer = path.startsWith('/api/setup') ? await setup(req, path.slice(10), body, cookies, res)
        : path === '/api/admin/setup' ? { step: null } // The second half of the wizard needs the program itself.
        : path === '/api/session' ? session(req, body, account, res)
        : path === '/api/preferences' ? preferences(body, account) : /^\/v1\.0\/(users|places)\b/.test(path) ? { value: [] } : graph(req, path.slice('/v1.0/me/'.length), url.searchParams, body, account);
      res.statusCode = answer === null ? 204 : answer === undefined ? 202 : 200;
      res.setHeader('Content-Type', 'application/json');
      res.end(answer ? JSON.stringify(answer) : undefined);
    } catch (error) {
      if (!(error instanceof Failure)) console.error(error);
      res.writeHead(error.status ?? 500, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ error: { code: error.code ?? 'Internal', message: error.message, ...(error.field ? { field: error.field } : {}) } }));
    }
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`, state, deliver, code,
    dropStreams: () => streams.forEach((s) => s.res.destroy()),
    close: () => { server.closeAllConnections(); return new Promise((done) => server.close(done)); },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const fake = await startFake({ port: Number(process.env.PORT ?? 8099), messages: Number(process.env.MESSAGES ?? 100_000), finished: process.env.SETUP !== '1' });
  console.log(`Test double on ${fake.url} (anna@example.test / kiesel-turm-regen, set-up code ${fake.code})`);
}
