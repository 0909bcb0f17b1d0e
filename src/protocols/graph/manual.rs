//! `docs/graph.md`, made from the table of routes; a test keeps it true. HAUSPOST_WRITE_DOCS=1 writes it.

use super::rights::Right;
use super::routes::{Row, rows};
use std::fmt::Write;

const BEFORE: &str = "\
# Microsoft Graph: what is served

Made from the table of routes (`HAUSPOST_WRITE_DOCS=1 cargo test --lib graph_manual` writes it anew).

Everything is below `/v1.0`, and the same below `/beta`. `/me` is also `/users/{id or address}` for those who may use that mailbox:
colleagues by `hauspost access set`, programs by themselves by `hauspost app add --app-permission ... --mailbox ...`. Paths, options and property
names come in any case, options with or without `$`, keys as `messages/{id}` or `messages('{id}')`; what lies in folders is reached through them as well
(`mailFolders/{id}/messages/{id}/...`). Ids stay when things move. Permissions are Microsoft's; a wider one is enough.

- **$filter** of messages: isRead, isDraft, hasAttachments, importance, flag/flagStatus, receivedDateTime, createdDateTime, sentDateTime, lastModifiedDateTime, subject,
  from and sender (emailAddress/address; from also emailAddress/name), internetMessageId, conversationId, parentFolderId, id, categories/any,
  singleValueExtendedProperties/any; `eq ne gt ge lt le in and or not ( ) contains startswith endswith`. Folders, users, events, contacts and tasks:
  every property they have; `start/dateTime` and `iCalUId` of events are found by an index, everything else by looking at what is there, some thousand a request.
- **$orderby** of messages: receivedDateTime; in one folder also sentDateTime and lastModifiedDateTime. Events: start/dateTime, subject, createdDateTime, lastModifiedDateTime;
  contacts: displayName and the two times; tasks: title and the two times; calendarView: start/dateTime. Anything else is a 400 that names it.
- **$count** under a filter that no index answers is a 400 `InefficientFilter`, not a guess.
- **A page** may be shorter than `$top` and still have a nextLink: no request looks at more than some thousand messages.
- **$search** of messages: words, `from: to: cc: bcc: participants: subject: body: attachment: hasAttachments: importance: isread: isflagged: category:
  received: sent: size: kind:`, AND, OR, NOT, minus, parentheses; newest first, and together with $filter.
- **delta**: tokens are enough by themselves; what is longer ago than the change log knows is 410 `SyncStateNotFound`.
- **Extended properties** of messages, folders, events and contacts: computed are 0xe08 0xe07 0xe23 0x1090 0x1080 0x1081 0x7d 0x1035 0x37 0x1a; of folders 0x3613 0x6751 0x3602 0x3603. All others are kept as given.
- **Events** are the iCalendar objects of the DAV door, contacts its cards, tasks its VTODOs: a change writes what it names and leaves the rest. One of a series has
  the id of the series with its place; changing it makes an exception, removing it a cancelled one. Times come in UTC or in the zone of `Prefer: outlook.timezone`,
  Windows' or IANA's name; a client that writes UTC leaves an event the zone that it has. `me/events` is the first calendar. Patterns that Graph has no
  word for are shown as near as possible. In calendarView/delta a series whose pattern has changed comes with its times of now, and those of before that are no more
  come as removed.
- **A recurring task** that is done leaves the next one.
- **What others share** stands in `me/calendars`, `me/contactFolders` and `me/todo/lists` beside one's own, with ids that begin with `S`, a number and a dot; whatever is
  in it has such ids too, and they go everywhere below `me`. The same is below `users/{id or address}`, with bare ids. `calendarPermissions` gives, changes and takes rights on a
  calendar: freeBusyRead, read, write, and delegateWithoutPrivateEventAccess or delegateWithPrivateEventAccess for those who get copies of invitations to the owner
  (`delegateMeetingMessageDeliveryOptions` of the mailbox settings says what the owner still gets; usual is both). delta of lists and folders names one's own.
  A program by itself sees below `users/{id or address}` what is shared with that mailbox too.
- **Files** of events and tasks lie beside them, each of at most 25 MB, and are the same that calendar programs see (RFC 8607); larger ones than 3 MB come by
  `createUploadSession` (for tasks also with `/content` behind the address). Lists and `$expand` have the contents of the first 32 MB; `$value` has each.
- **Reminders**: what was dismissed or snoozed stands in the event, as other programs understand it (RFC 9074), and `reminderView` goes by it.
- **proposedNewTime** of tentativelyAccept and decline goes to the organizer as a COUNTER (RFC 5546), who sees it beside the guest; another answer takes it back.
- **Room lists** are groups with rooms in them; groups hold people and rooms, no groups.
- **getSchedule**: everybody in the office sees when everybody is busy; with what, who may read the mailbox.
- **Sending later**: a draft with the extended property `SystemTime 0x3FEF` is held back until then by `send`, as Outlook has it; it stays a draft, and does not leave when it is
  changed, moved to the trash or removed before.
- **Limits**: 20 requests a batch; files of 150 MB in ranges and drafts of 210 MB, of which only those below
  `--max-message-size` are sent; `--max-requests` in ten minutes
  by program and mailbox, then 429 with Retry-After.
- **Subscriptions** to `me/messages`, `me/mailFolders/{id}/messages`, `me/mailFolders`, `me/events`, `me/calendars/{id}/events`, `me/contacts`,
  `me/contactFolders/{id}/contacts` and `me/todo/lists/{id}/tasks` (also below `users/{id or address}`), for 4230 minutes at most; single calendars,
  folders and lists that others share as well.
  The address is called once before, and has to give the `validationToken` back within ten seconds. Only https on the Internet is called; what is inside
  of a private network the administrator allows: `--notify-to`. What is not taken with a 2xx within 30 seconds is tried again, less and less often,
  for four hours, also after a restart; then the subscription ends. Notifications come at least once, several in one POST.
- **Notifications with contents** (includeResourceData) are for registered programs: `?$select=` behind the resource says what is in them, the key of encryptionCertificate
  (RSA, 2048 to 4096 bits) opens them, a token in validationTokens shows who has called; 1440 minutes at most. What is gone comes without contents.
- **messageRules** of the inbox are carried out when mail is stored, wherever it comes from. Conditions all have to hold, one exception is enough; false asks for
  nothing. The first rule that moves a message decides where it stays, later ones put copies. A rule whose folder is gone says hasError and rests. forwardTo sends the
  message on in the owner's name, Reply-To its author; redirectTo sends it as it is. What came back around (X-Loop) goes no further, and a mailbox sends on a
  thousand an hour at most. isApprovalRequest is refused: nothing here can tell it.
- **automaticRepliesSetting**: one reply to each address in seven days, or after a new setting; never to lists, programs, reports, or whoever has not written to the
  mailbox's own address. mailTips shows it to colleagues.
- **itemAttachment** as input holds a message, an event or a contact; events and contacts become files (`.ics`, `.vcf`), which are read back as such.
- **Not here**: filters of messages by recipients; referenceAttachment as input; search folders; open extensions; online meetings.

";

/// The page.
fn page() -> String {
    let mut all: Vec<&Row> = rows().collect();
    all.sort_by_key(|r| (r.path.to_lowercase(), r.method.as_str().to_owned()));
    let mut out = BEFORE.to_owned();
    out.push_str("| method | path | permission | options |\n|---|---|---|---|\n");
    for row in all {
        let mut keys = 0;
        let path: Vec<String> = row
            .path
            .split('/')
            .map(|step| match step {
                "{}" => {
                    keys += 1;
                    "{id}".to_owned()
                }
                word => word.to_owned(),
            })
            .collect();
        let permission = match row.right {
            Right::Nothing => "that of what is asked for",
            right => right.scopes().first().copied().unwrap_or_default(),
        };
        let options: Vec<String> = row.options.iter().map(|o| format!("${}", o.name())).collect();
        let _ = writeln!(
            out,
            "| {} | `/{}` | {permission} | {} |",
            row.method,
            path.join("/"),
            options.join(" ")
        );
    }
    out.push_str("| GET | `/$metadata` | nobody has to be signed in | |\n");
    out.push_str("| GET PUT DELETE | the `uploadUrl` of a session | the address itself | |\n");
    out
}

#[test]
fn graph_manual_is_current() {
    let path = format!("{}/docs/graph.md", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("HAUSPOST_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        written,
        page(),
        "write it anew: HAUSPOST_WRITE_DOCS=1 cargo test --lib graph_manual"
    );
}
