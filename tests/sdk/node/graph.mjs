// MSAL for Node and Microsoft's Graph client, as released, against a server of ours. Each step says what it does and stops
// at the first surprise.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import graph from "@microsoft/microsoft-graph-client";
import * as openid from "openid-client";

const { BASE, WORK } = process.env;
const host = new URL(BASE).host;
const secret = JSON.parse(fs.readFileSync(`${WORK}/secret.json`)).secret;
const me = "/users/anna@example.test";
const told = (...what) => console.log("ok ", ...what);

const app = new ConfidentialClientApplication({
  auth: {
    clientId: "secret",
    clientSecret: secret,
    authority: `${BASE}/example.test`,
    knownAuthorities: [host],
  },
});
const signedIn = await app.acquireTokenByClientCredential({
  scopes: ["https://graph.microsoft.com/.default"],
});
assert.ok(signedIn.accessToken);
told("MSAL for Node: client secret");

const client = graph.Client.init({
  baseUrl: `${BASE}/`,
  defaultVersion: "v1.0",
  customHosts: new Set([new URL(BASE).hostname]),
  authProvider: (done) => done(null, signedIn.accessToken),
});

async function all(path) {
  const out = [];
  const iterator = new graph.PageIterator(client, await client.api(path).get(), (item) => {
    out.push(item);
    return true;
  });
  await iterator.iterate();
  return out;
}

async function fails(status, request) {
  await assert.rejects(request, (e) => e.statusCode === status);
}

async function mail() {
  for (let n = 0; n < 7; n++) {
    await client.api(`${me}/messages`).post({ subject: `node ${n}`, body: { contentType: "text", content: "x" } });
  }
  const listed = await all(`${me}/mailFolders/drafts/messages?$top=3&$select=subject`);
  assert.ok(listed.length >= 7);
  told("list with paging", listed.length);
  const draft = await client.api(`${me}/messages`).post({ subject: "files" });
  const path = `${me}/messages/${draft.id}`;
  await client.api(`${path}/attachments`).post({
    "@odata.type": "#microsoft.graph.fileAttachment",
    name: "a.txt",
    contentBytes: Buffer.from("hallo").toString("base64"),
  });
  const big = crypto.randomBytes(4_000_000);
  const session = await graph.LargeFileUploadTask.createUploadSession(
    client,
    `${path}/attachments/createUploadSession`,
    { AttachmentItem: { attachmentType: "file", name: "big.bin", size: big.length } },
  );
  const file = new graph.FileUpload(big.buffer.slice(big.byteOffset, big.byteOffset + big.length), "big.bin", big.length);
  await new graph.LargeFileUploadTask(client, file, session, { rangeSize: 1_310_720 }).upload();
  const files = await client.api(`${path}/attachments`).select("name,size").get();
  assert.deepEqual(files.value.map((f) => [f.name, f.size]), [["a.txt", 5], ["big.bin", 4_000_000]]);
  told("attachments, small and in ranges");
  await client.api(path).patch({ subject: "changed" });
  assert.equal((await client.api(path).select("subject").get()).subject, "changed");
  const [, begun] = await delta(`${me}/mailFolders/drafts/messages/delta?$select=subject`);
  await client.api(path).delete();
  const [gone] = await delta(begun);
  assert.deepEqual(gone.map((m) => [m.id, m["@removed"]?.reason]), [[draft.id, "deleted"]]);
  told("message changed and deleted, delta");
}

/** Follows a delta to its end; what was told and the link for the next time. */
async function delta(path) {
  const out = [];
  let link;
  for (let next = path; next; ) {
    const page = await client.api(next).get();
    out.push(...page.value);
    next = page["@odata.nextLink"];
    link = page["@odata.deltaLink"];
  }
  return [out, link];
}

async function calendar() {
  const start = { dateTime: "2026-11-23T09:00:00", timeZone: "W. Europe Standard Time" };
  const end = { dateTime: "2026-11-23T10:00:00", timeZone: "W. Europe Standard Time" };
  const [, begun] = await delta(`${me}/calendarView/delta?startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z`);
  const series = await client.api(`${me}/events`).post({
    subject: "series",
    start,
    end,
    recurrence: {
      pattern: { type: "weekly", interval: 1, daysOfWeek: ["monday"] },
      range: { type: "numbered", startDate: "2026-11-23", numberOfOccurrences: 4 },
    },
  });
  const view = `${me}/calendarView?startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z&$orderby=start/dateTime&$top=3`;
  const seen = await all(view);
  assert.deepEqual(seen.map((e) => e.start.dateTime.slice(0, 16)), [
    "2026-11-23T08:00", "2026-11-30T08:00", "2026-12-07T08:00", "2026-12-14T08:00"]);
  told("calendar view of a series, in pages");
  await client.api(`${me}/events/${seen[1].id}`).patch({ subject: "one" });
  await client.api(`${me}/events/${seen[2].id}`).delete();
  const left = await all(view);
  assert.deepEqual(left.map((e) => [e.subject, e.type]), [
    ["series", "occurrence"], ["one", "exception"], ["series", "occurrence"]]);
  told("one of a series changed, one removed");
  const [changes] = await delta(begun);
  assert.ok(changes.some((e) => e.id === series.id) && changes.some((e) => e["@removed"]));
  told("delta of the view");
  const shown = await client.api(`${me}/events/${series.id}`).header("Prefer", 'outlook.timezone="Europe/Berlin"').get();
  assert.deepEqual(shown.start, { dateTime: "2026-11-23T09:00:00.0000000", timeZone: "Europe/Berlin" });
  const busy = await client.api(`${me}/calendar/getSchedule`).post({
    schedules: ["anna@example.test"], startTime: start, endTime: end, availabilityViewInterval: 60 });
  assert.equal(busy.value[0].availabilityView, "2");
  await client.api(`${me}/events/${series.id}`).delete();
  await fails(404, () => client.api(`${me}/events/${series.id}`).get());
  told("zones, schedule, delete");
}

async function contacts() {
  const made = await client.api(`${me}/contacts`).post({
    givenName: "Node", surname: "Js", emailAddresses: [{ address: "n@other.test", name: "N" }] });
  await client.api(`${me}/contacts/${made.id}`).patch({ mobilePhone: "1" });
  const found = await client.api(`${me}/contacts`)
    .filter("emailAddresses/any(a:a/address eq 'n@other.test')").select("displayName,mobilePhone").get();
  assert.deepEqual([found.value[0].displayName, found.value[0].mobilePhone], ["Node Js", "1"]);
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAADElEQVR4nGNgIBoAAAA8AAEGaHxEAAAAAElFTkSuQmCC", "base64");
  await client.api(`${me}/contacts/${made.id}/photo/$value`).header("Content-Type", "image/png").put(png);
  assert.equal((await client.api(`${me}/contacts/${made.id}/photo`).get()).width, 2);
  await client.api(`${me}/contacts/${made.id}`).delete();
  told("contacts");
}

async function tasks() {
  const list = await client.api(`${me}/todo/lists`).post({ displayName: "node" });
  const path = `${me}/todo/lists/${list.id}/tasks`;
  const task = await client.api(path).post({ title: "t", dueDateTime: { dateTime: "2026-11-30T00:00:00", timeZone: "UTC" } });
  await client.api(`${path}/${task.id}/checklistItems`).post({ displayName: "step" });
  const done = await client.api(`${path}/${task.id}`).patch({ status: "completed" });
  assert.ok(done.completedDateTime);
  assert.equal((await client.api(`${path}?$expand=checklistItems`).get()).value[0].checklistItems.length, 1);
  await client.api(`${me}/todo/lists/${list.id}`).delete();
  told("tasks");
}

async function batch() {
  const content = new graph.BatchRequestContent([
    { id: "a", request: new Request(`${BASE}/v1.0${me}/events?$top=1`, { method: "GET" }) },
    {
      id: "b",
      request: new Request(`${BASE}/v1.0${me}/events`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ subject: "batch", start: { dateTime: "2026-12-01T09:00:00" }, end: { dateTime: "2026-12-01T10:00:00" } }),
      }),
    },
  ]);
  const answer = new graph.BatchResponseContent(await client.api("/$batch").post(await content.getContent()));
  const b = answer.getResponseById("b");
  assert.equal(b.status, 201);
  assert.equal((await b.json()).subject, "batch");
  told("batch");
}

async function subscription() {
  const notices = [];
  const receiver = https.createServer(
    { key: fs.readFileSync(`${WORK}/hook-key.pem`), cert: fs.readFileSync(`${WORK}/hook-cert.pem`) },
    (request, response) => {
      const token = new URL(request.url, "https://x").searchParams.get("validationToken");
      const pieces = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("end", () => {
        if (token) {
          response.writeHead(200, { "Content-Type": "text/plain" }).end(token);
        } else {
          notices.push(...JSON.parse(Buffer.concat(pieces)).value);
          response.writeHead(202).end();
        }
      });
    },
  );
  await new Promise((done) => receiver.listen(0, "127.0.0.1", done));
  const made = await client.api("/subscriptions").post({
    changeType: "created",
    notificationUrl: `https://localhost:${receiver.address().port}/`,
    resource: "users/anna@example.test/events",
    expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
    clientState: "s",
  });
  const event = await client.api(`${me}/events`).post({
    subject: "told", start: { dateTime: "2026-12-02T09:00:00" }, end: { dateTime: "2026-12-02T10:00:00" } });
  for (let n = 0; n < 100 && notices.length === 0; n++) {
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.equal(notices[0].resourceData.id, event.id);
  await client.api(`/subscriptions/${made.id}`).delete();
  receiver.closeAllConnections();
  receiver.close();
  told("subscription");
}

// What a person does in the browser: signs in, and agrees. Returns where the program is called back.
async function person(address) {
  let reply = await fetch(address);
  for (const typed of [{ username: "anna@example.test", password: "geheim-geheim" }, { agree: "yes" }]) {
    const page = await reply.text();
    const fields = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
    const plain = (text) =>
      text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
    const form = new URLSearchParams(fields.map(([, name, value]) => [name, plain(value)]));
    for (const [name, value] of Object.entries(typed)) {
      form.set(name, value);
    }
    const [cookie] = reply.headers.get("set-cookie").split(";");
    reply = await fetch(address.split("?")[0], { method: "POST", body: form, headers: { cookie }, redirect: "manual" });
  }
  assert.equal(reply.status, 303);
  return new URL(reply.headers.get("location"));
}

// A person signs in by code and PKCE, and the token is renewed silently.
async function delegated() {
  const desktop = new PublicClientApplication({
    auth: { clientId: "device", authority: `${BASE}/common`, knownAuthorities: [host] },
  });
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const asked = { scopes: ["User.Read", "Mail.ReadWrite"], redirectUri: "http://localhost:4711" };
  const address = await desktop.getAuthCodeUrl({ ...asked, codeChallenge: challenge, codeChallengeMethod: "S256" });
  const back = await person(address);
  const answer = await desktop.acquireTokenByCode({ ...asked, code: back.searchParams.get("code"), codeVerifier: verifier });
  assert.equal(answer.account.username, "anna@example.test");
  const mine = graph.Client.init({
    baseUrl: `${BASE}/`,
    defaultVersion: "v1.0",
    customHosts: new Set([new URL(BASE).hostname]),
    authProvider: (done) => done(null, answer.accessToken),
  });
  assert.equal((await mine.api("/me").get()).mail, "anna@example.test");
  const [account] = await desktop.getTokenCache().getAllAccounts();
  const again = await desktop.acquireTokenSilent({ account, scopes: ["Mail.ReadWrite"], forceRefresh: true });
  assert.notEqual(again.accessToken, answer.accessToken);
  told("MSAL for Node: a person by code and PKCE, and silently again");
}

// A certified library of plain OpenID Connect, against the issuer at the host itself.
async function plain() {
  const grafana = JSON.parse(fs.readFileSync(`${WORK}/grafana.json`)).secret;
  const config = await openid.discovery(new URL(BASE), "grafana", grafana);
  assert.equal(config.serverMetadata().issuer, BASE);
  const verifier = openid.randomPKCECodeVerifier();
  const [state, nonce] = [openid.randomState(), openid.randomNonce()];
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: "https://grafana.test/back",
    scope: "openid profile email groups offline_access",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    max_age: "600",
    state,
    nonce,
  });
  const back = await person(address.href);
  const tokens = await openid.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
    maxAge: 600,
  });
  assert.deepEqual(tokens.claims().groups, ["team@example.test"]);
  const who = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.deepEqual([who.email, who.email_verified, who.groups], ["anna@example.test", true, ["team@example.test"]]);
  const next = await openid.refreshTokenGrant(config, tokens.refresh_token);
  assert.ok(next.id_token);
  await openid.tokenRevocation(config, next.refresh_token);
  await assert.rejects(openid.refreshTokenGrant(config, next.refresh_token));
  await assert.rejects(openid.fetchUserInfo(config, next.access_token, tokens.claims().sub));
  assert.ok(openid.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }).href.startsWith(BASE));
  told("openid-client: discovery, code and PKCE, groups, user info, refresh, revocation");
}

await delegated();
await plain();
await mail();
await calendar();
await contacts();
await tasks();
await batch();
await subscription();
