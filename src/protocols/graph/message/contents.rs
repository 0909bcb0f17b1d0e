//! What a draft says, changed by PATCH: the fields and the text that are named, and nothing else.

use crate::base::Kind;
use crate::formats::mime::compose::{Outgoing, compose};
use crate::formats::mime::digest::{Digest, digest};
use crate::formats::mime::edit::{bcc_field, replace_fields, replace_text};
use crate::formats::mime::readable::displayed_parts;
use crate::mail::abridged::AbridgedMessage;
use crate::mail::draft::{max_draft_bytes, read_draft, replace_draft};
use crate::mail::index::text_of;
use crate::model::{ItemId, Modseq};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::sending::dispatch::run;
use crate::protocols::graph::sending::wanted::{Wanted, set_body};

/// Times that a change is made again because somebody else was faster.
const TRIES: usize = 5;

/// Puts what was given over a draft. Errors: ErrorItemNotFound; ErrorInvalidRequest when it is no draft; 412.
pub async fn change_contents(
    call: &Call,
    id: ItemId,
    wanted: Wanted,
    unchanged: Option<Modseq>,
) -> Result<(), GraphError> {
    edit_draft(call, id, unchanged, move |draft| {
        Ok(apply(&draft.short.bytes, wanted.clone()))
    })
    .await
}

/// Replaces a draft's bytes by what `edit` makes of those at hand; again, when somebody else has changed it meanwhile.
pub async fn edit_draft(
    call: &Call,
    id: ItemId,
    unchanged: Option<Modseq>,
    edit: impl Fn(&mut AbridgedMessage) -> Result<Vec<u8>, GraphError> + Clone + Send + 'static,
) -> Result<(), GraphError> {
    let mut tries = 0;
    loop {
        let read = read_draft(call.ctx(), call.account, id, unchanged).await;
        let mut draft = read.map_err(GraphError::of_condition)?;
        let (before, edit) = (draft.item.body_id, edit.clone());
        let edited = run(move || {
            let made = edit(&mut draft)?;
            let text = text_of(&made);
            Ok::<_, GraphError>((draft, made, text))
        });
        let (draft, made, text) = edited.await??;
        let max_bytes = max_draft_bytes(call.house().options.max_message_bytes);
        let prepared = draft.prepare_made(call.ctx(), made, max_bytes).await?;
        tries += 1;
        match replace_draft(call.ctx(), call.account, id, before, prepared, text).await {
            Err(e) if e.kind() == Kind::Conflict && unchanged.is_none() && tries < TRIES => {}
            other => return other.map(drop).map_err(GraphError::of_condition),
        }
    }
}

/// A draft as the composer knows it, as far as its fields go.
fn outgoing_of(d: Digest) -> Outgoing {
    let sender = d.sender.into_iter().next();
    Outgoing {
        sender: sender.filter(|s| !d.from.iter().any(|f| f.address == s.address)),
        from: d.from,
        reply_to: d.reply_to,
        to: d.to,
        cc: d.cc,
        bcc: d.bcc,
        subject: d.subject,
        message_id: d.message_id.unwrap_or_default(),
        importance: d.importance,
        ..Outgoing::default()
    }
}

fn apply(raw: &[u8], mut wanted: Wanted) -> Vec<u8> {
    let d = digest(raw);
    let shown = displayed_parts(&d.parts, true);
    let mut names: Vec<String> = Vec::new();
    let mut name = |is: bool, all: &[&str]| {
        if is {
            names.extend(all.iter().map(|n| (*n).to_owned()));
        }
    };
    name(wanted.subject.is_some(), &["subject"]);
    name(wanted.from.is_some(), &["from", "sender"]);
    name(wanted.to.is_some(), &["to"]);
    name(wanted.cc.is_some(), &["cc"]);
    name(wanted.bcc.is_some(), &["bcc"]);
    name(wanted.reply_to.is_some(), &["reply-to"]);
    name(
        wanted.importance.is_some(),
        &["importance", "x-priority", "priority"],
    );
    name(wanted.message_id.is_some(), &["message-id"]);
    for (header, _) in &wanted.headers {
        name(true, &[&header.to_ascii_lowercase()]);
    }
    let mut out = outgoing_of(d);
    let body = wanted.body.take();
    wanted.apply(&mut out);
    let mut composed = bcc_field(&out.bcc);
    composed.extend(compose(&out));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let changed = match names.is_empty() {
        true => raw.to_vec(),
        false => replace_fields(raw, &names, &composed),
    };
    match body {
        None => changed,
        Some(body) => {
            let mut text = Outgoing::default();
            set_body(&mut text, body);
            replace_text(&changed, &shown, text.text, text.html)
        }
    }
}
