//! What is in a collection: lists with ETags, and objects, fifty at a time.

use super::client::{Ask, Client};
use super::collections::{Remote, href, last_part, property, propfind};
use crate::base::text::percent_decoded;
use crate::base::{Error, Kind, Result};
use crate::contacts::put::as_stored;
use crate::formats::xml::{CALDAV, CARDDAV, DAV, NAMESPACES, text};
use crate::model::FolderKind;
use std::collections::HashMap;
use url::Url;

/// Objects that one request asks for.
pub const BATCH: usize = 50;

#[derive(Clone, Debug)]
pub struct Entry {
    pub url: Url,
    /// The last part of its address.
    pub name: String,
    pub etag: String,
}

fn components(kind: FolderKind) -> &'static [&'static str] {
    match kind {
        FolderKind::TaskList => &["VTODO"],
        _ => &["VEVENT", "VJOURNAL"],
    }
}

/// Everything of one kind.
pub async fn list_entries(client: &mut Client, remote: &Remote, kind: FolderKind) -> Result<Vec<Entry>> {
    if kind == FolderKind::AddressBook {
        return list_all(client, remote).await;
    }
    let mut out: Vec<Entry> = Vec::new();
    for component in components(kind) {
        let body = format!(
            "<?xml version=\"1.0\"?><C:calendar-query {NAMESPACES}><D:prop><D:getetag/></D:prop><C:filter>\
             <C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"{component}\"/></C:comp-filter></C:filter></C:calendar-query>"
        );
        let reply = client.send(&remote.url, &Ask::xml("REPORT", "1", body)).await?;
        match reply.check() {
            Ok(reply) => out.extend(read_entries(&reply, &remote.url)?),
            // A calendar that knows no journals need not answer for them.
            Err(e) if *component == "VJOURNAL" && !matches!(e.kind(), Kind::Unavailable) => {}
            Err(e) => return Err(e),
        }
    }
    out.sort_by(|a, b| a.url.cmp(&b.url));
    out.dedup_by(|a, b| a.url == b.url);
    Ok(out)
}

async fn list_all(client: &mut Client, remote: &Remote) -> Result<Vec<Entry>> {
    let reply = propfind(client, &remote.url, "1", "<D:getetag/><D:resourcetype/>")
        .await?
        .check()?;
    read_entries(&reply, &remote.url)
}

fn read_entries(reply: &super::client::Reply, collection: &Url) -> Result<Vec<Entry>> {
    let mut out = Vec::new();
    for response in reply.responses()? {
        let is_folder =
            property(&response, DAV, "resourcetype").is_some_and(|t| t.child(DAV, "collection").is_some());
        let (Some(href), Some(etag)) = (href(&response), property(&response, DAV, "getetag")) else {
            continue;
        };
        let url = collection
            .join(href)
            .map_err(|e| Error::unavailable(format!("»{href}« is no address: {e}")))?;
        if is_folder || url.path().trim_end_matches('/') == collection.path().trim_end_matches('/') {
            continue;
        }
        out.push(Entry {
            name: last_part(&url),
            etag: etag.text.trim().to_owned(),
            url,
        });
    }
    Ok(out)
}

/// The bytes of some, by their paths; what has gone is left out.
pub async fn read_objects(
    client: &mut Client,
    remote: &Remote,
    kind: FolderKind,
    wanted: &[Url],
) -> Result<HashMap<String, Vec<u8>>> {
    let hrefs: String = wanted
        .iter()
        .map(|u| format!("<D:href>{}</D:href>", text(u.path())))
        .collect();
    let (root, data, ns, name) = match kind {
        FolderKind::AddressBook => (
            "A:addressbook-multiget",
            "<A:address-data/>",
            CARDDAV,
            "address-data",
        ),
        _ => (
            "C:calendar-multiget",
            "<C:calendar-data/>",
            CALDAV,
            "calendar-data",
        ),
    };
    let body = format!(
        "<?xml version=\"1.0\"?><{root} {NAMESPACES}><D:prop><D:getetag/>{data}</D:prop>{hrefs}</{root}>"
    );
    let reply = client
        .send(&remote.url, &Ask::xml("REPORT", "1", body))
        .await?
        .check()?;
    let mut out = HashMap::new();
    for response in reply.responses()? {
        if let (Some(href), Some(data)) = (href(&response), property(&response, ns, name))
            && let Ok(url) = remote.url.join(href)
        {
            out.insert(decoded(&url), as_ours(&data.text));
        }
    }
    // A server may write an address in another way, or leave something out.
    let missing: Vec<&Url> = wanted.iter().filter(|u| !out.contains_key(&decoded(u))).collect();
    for url in missing {
        match client.send(url, &Ask::plain("GET")).await?.check() {
            Ok(reply) => {
                out.insert(decoded(url), as_ours(&String::from_utf8_lossy(&reply.body)));
            }
            Err(e) if e.kind() == Kind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(out)
}

/// The path as it is meant, however it is escaped.
pub fn decoded(url: &Url) -> String {
    percent_decoded(url.path())
}

/// The bytes that we would keep.
fn as_ours(text: &str) -> Vec<u8> {
    let whole = with_crlf(text);
    as_stored(whole.clone()).unwrap_or(whole)
}

/// XML makes one line feed of every line's end; iCalendar and vCard want both (RFC 5545 §3.1).
fn with_crlf(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 30);
    let mut last = 0;
    for b in text.trim_start().bytes() {
        if b == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(b);
        last = b;
    }
    if !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_come_back() {
        assert_eq!(with_crlf("\na\nb\r\nc"), b"a\r\nb\r\nc\r\n");
    }
}
