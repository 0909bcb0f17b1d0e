//! The notice that a message stays at the provider because it is too large.

use crate::base::Result;
use crate::delivery::PostRoom;
use crate::delivery::notice::tell;
use crate::formats::mime::field::fields;
use crate::formats::mime::text::decode_text;
use crate::model::collect::CollectSource;

/// A message that is not fetched.
pub struct TooLarge<'a> {
    pub unique_id: &'a str,
    pub size_bytes: u64,
    /// Its header, as far as it can be had.
    pub header: &'a [u8],
}

/// Tells the one whose collection account it is, once.
pub async fn tell_too_large(room: &PostRoom, source: &CollectSource, what: TooLarge<'_>) -> Result<()> {
    let id = source.account_id;
    let Some(owner) = room.store.directory().read(move |d| d.account(id)).await? else {
        return Ok(());
    };
    let words = match owner.language.as_str() {
        "de" => german(room, source, &what),
        _ => english(room, source, &what),
    };
    tell(
        room,
        &owner,
        format!("collect-large:{}:{}", source.id, what.unique_id),
        words,
    )
    .await
}

/// A field of the message; empty where it has none.
fn field(what: &TooLarge<'_>, name: &str) -> String {
    fields(what.header)
        .find(|f| f.name.eq_ignore_ascii_case(name.as_bytes()))
        .map(|f| decode_text(f.value).trim().to_owned())
        .unwrap_or_default()
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

fn german(room: &PostRoom, source: &CollectSource, what: &TooLarge<'_>) -> (String, String) {
    let (from, about) = (field(what, "From"), field(what, "Subject"));
    let (size, most) = (
        megabytes(what.size_bytes),
        megabytes(room.options.max_collected_bytes),
    );
    let (user, host) = (&source.server.user, &source.server.host);
    (
        "Nicht abgeholt: eine Nachricht ist zu groß".into(),
        format!(
            "Beim Anbieter liegt eine Nachricht, die zu groß ist, um abgeholt zu werden.\n\n\
             Von:     {from}\nBetreff: {about}\nGröße:   {size} MB (abgeholt wird bis {most} MB)\n\
             Postfach: {user} bei {host}\n\n\
             Sie bleibt dort liegen und geht nicht verloren. Sie können sie auf der Seite des Anbieters lesen,\n\
             oder die Verwaltung erhöht die Grenze (hauspost serve --max-collected-size).\n"
        ),
    )
}

fn english(room: &PostRoom, source: &CollectSource, what: &TooLarge<'_>) -> (String, String) {
    let (from, about) = (field(what, "From"), field(what, "Subject"));
    let (size, most) = (
        megabytes(what.size_bytes),
        megabytes(room.options.max_collected_bytes),
    );
    let (user, host) = (&source.server.user, &source.server.host);
    (
        "Not collected: a message is too large".into(),
        format!(
            "A message at your provider is too large to be collected.\n\n\
             From:    {from}\nSubject: {about}\nSize:    {size} MB (up to {most} MB are collected)\n\
             Mailbox: {user} at {host}\n\n\
             It stays there and is not lost. You can read it on the provider's page, or the administrator raises\n\
             the limit (hauspost serve --max-collected-size).\n"
        ),
    )
}
