// Answers for: what another reader of Outlook's data files finds in one, as JSON: folders, and of each message its subject, text,
// recipients and attachments with their hashes.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
const { PSTFile } = createRequire(import.meta.url)('pst-extractor');

function bytesOf(attachment) {
  const stream = attachment.fileInputStream;
  const pieces = [];
  const piece = Buffer.alloc(8176);
  for (;;) {
    const n = stream?.read(piece) ?? 0;
    if (n <= 0) return Buffer.concat(pieces);
    pieces.push(Buffer.from(piece.subarray(0, n)));
  }
}

function attachmentOf(message, at) {
  const attachment = message.getAttachment(at);
  const inner = attachment.embeddedPSTMessage;
  const name = attachment.longFilename || attachment.filename || attachment.displayName;
  const sha256 = inner ? null : createHash('sha256').update(bytesOf(attachment)).digest('hex');
  return { name, inner: inner?.subject ?? null, innerAttachments: inner?.numberOfAttachments ?? 0, sha256 };
}

function messagesIn(folder) {
  const out = [];
  for (let item = folder.getNextChild(); item; item = folder.getNextChild()) {
    const attachments = Array.from({ length: item.numberOfAttachments }, (_, at) => attachmentOf(item, at));
    out.push({
      class: item.messageClass, subject: item.subject, body: item.body, isRead: item.isRead,
      recipients: item.numberOfRecipients, messageId: item.internetMessageId, attachments,
    });
  }
  return out;
}

const all = {};
function walk(folder, path) {
  if (folder.contentCount > 0) all[path] = messagesIn(folder);
  for (const child of folder.hasSubfolders ? folder.getSubFolders() : []) {
    walk(child, path ? `${path}/${child.displayName}` : child.displayName);
  }
}
walk(new PSTFile(process.argv[2]).getRootFolder(), '');
process.stdout.write(JSON.stringify(all));
