// Keeps every Graph answer that the libraries get, one a line: {"address", "status", "body"}. They are held against the
// schema afterwards.
import fs from "node:fs";

const { RECORD } = process.env;
const plain = globalThis.fetch;

globalThis.fetch = async (input, options) => {
  const reply = await plain(input, options);
  const address = input.url ?? String(input);
  if (address.includes("/v1.0") && (reply.headers.get("content-type") ?? "").startsWith("application/json")) {
    const text = await reply.clone().text();
    if (text) {
      const method = options?.method ?? input.method ?? "GET";
      const line = { address: `${method} ${address}`, status: reply.status, body: JSON.parse(text) };
      fs.appendFileSync(RECORD, `${JSON.stringify(line)}\n`);
    }
  }
  return reply;
};
