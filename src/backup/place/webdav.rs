//! A folder on a WebDAV server (RFC 4918): Nextcloud, a NAS, a hosting provider. Files are written beside their place and
//! moved into it, so that half of one is never taken for it.

use super::address::Share;
use super::remote::RemoteStore;
use crate::base::text::percent_decoded;
use crate::base::{Error, Result, random};
use crate::delivery::HttpClient;
use crate::delivery::http_client::{Ask, Content, basic, parts, place, refusal};
use crate::formats::xml::{self, DAV};
use hyper::StatusCode;
use std::collections::HashSet;
use std::path::Path;
use url::Url;

const PROPERTIES: &str = "<?xml version=\"1.0\"?><d:propfind xmlns:d=\"DAV:\"><d:prop><d:resourcetype/><d:getcontentlength/></d:prop></d:propfind>";
/// No place of ours is deeper.
const DEEPEST: usize = 6;

pub struct WebDav {
    share: Share,
    authorization: String,
    /// Folders that are there.
    made: HashSet<String>,
}

impl WebDav {
    pub fn new(share: Share, password: String) -> WebDav {
        WebDav {
            authorization: basic(&share.user, &password),
            share,
            made: HashSet::new(),
        }
    }

    fn url(&self, name: &str) -> Result<Url> {
        let joined = self.share.folder.join(name);
        joined.map_err(|e| Error::internal("a name that is no address").caused_by(e))
    }

    fn ask(&self, method: &'static str, url: Url, content: Content) -> Ask<'static> {
        Ask {
            method,
            url,
            headers: vec![("authorization", self.authorization.clone())],
            content,
        }
    }

    /// The folders above a name.
    async fn make_folders(&mut self, http: &mut HttpClient, name: &str) -> Result<()> {
        let mut at = 0;
        while let Some(slash) = name[at..].find('/') {
            at += slash + 1;
            let folder = &name[..at];
            if self.made.contains(folder) {
                continue;
            }
            let ask = self.ask("MKCOL", self.url(folder)?, Content::None);
            match parts(http.send(&ask).await?) {
                // 405: it is there (RFC 4918 §9.3.1).
                (status, _) if status.is_success() || status == StatusCode::METHOD_NOT_ALLOWED => {}
                (status, said) => return Err(refusal("making a folder", &ask.url, status, &said)),
            }
            self.made.insert(folder.to_owned());
        }
        Ok(())
    }

    async fn files_in(
        &self,
        http: &mut HttpClient,
        folder: &str,
        depth: usize,
        out: &mut Vec<(String, u64)>,
    ) -> Result<()> {
        let mut ask = self.ask("PROPFIND", self.url(folder)?, Content::Bytes(PROPERTIES.into()));
        ask.headers.push(("depth", "1".to_owned()));
        ask.headers.push(("content-type", "application/xml".to_owned()));
        let (status, said) = parts(http.send(&ask).await?);
        match status {
            StatusCode::MULTI_STATUS => {}
            StatusCode::NOT_FOUND => return Ok(()),
            _ => return Err(refusal("listing", &ask.url, status, &said)),
        }
        let wrong = || Error::unavailable(format!("{} gives no list of its files", place(&ask.url)));
        let root = xml::read(&said).map_err(|e| wrong().caused_by(e))?;
        let own = percent_decoded(self.share.folder.path());
        for response in root.children.iter().filter(|c| c.is(DAV, "response")) {
            let href = response
                .child(DAV, "href")
                .ok_or_else(wrong)?
                .text
                .trim()
                .to_owned();
            // Some give the path, some the whole address.
            let path = ask.url.join(&href).map_err(|e| wrong().caused_by(e))?;
            let path = percent_decoded(path.path());
            let Some(name) = path.strip_prefix(&own) else {
                continue;
            };
            match size(response) {
                Some(size) => out.push((name.to_owned(), size)),
                None if name.trim_end_matches('/') == folder.trim_end_matches('/') => {}
                None if depth < DEEPEST => {
                    let below = format!("{}/", name.trim_end_matches('/'));
                    Box::pin(self.files_in(http, &below, depth + 1, out)).await?;
                }
                None => return Err(wrong()),
            }
        }
        Ok(())
    }
}

/// None: a folder.
fn size(response: &xml::Element) -> Option<u64> {
    let found = response.children.iter().filter(|c| c.is(DAV, "propstat"));
    let props: Vec<_> = found.filter_map(|p| p.child(DAV, "prop")).collect();
    let is_folder = props
        .iter()
        .filter_map(|p| p.child(DAV, "resourcetype"))
        .any(|t| t.child(DAV, "collection").is_some());
    let length = props.iter().find_map(|p| p.child(DAV, "getcontentlength"));
    (!is_folder).then(|| length.and_then(|l| l.text.trim().parse().ok()).unwrap_or(0))
}

impl RemoteStore for WebDav {
    async fn put(&mut self, http: &mut HttpClient, file: &Path, name: &str) -> Result<()> {
        let size = file.metadata()?.len();
        let beside = format!("unfinished/{}", random::short_id());
        self.make_folders(http, &beside).await?;
        self.make_folders(http, name).await?;
        let ask = self.ask("PUT", self.url(&beside)?, Content::File(file.to_path_buf(), size));
        let (status, said) = parts(http.send(&ask).await?);
        if !status.is_success() {
            return Err(refusal("storing", &ask.url, status, &said));
        }
        // A full disk behind some servers shows only here.
        let mut there = Vec::new();
        self.files_in(http, &beside, DEEPEST, &mut there).await?;
        if there.first().map(|(_, size)| *size) != Some(size) {
            return Err(Error::unavailable(format!(
                "{} has not kept all of what it was given; is it full?",
                place(&ask.url)
            )));
        }
        let mut ask = self.ask("MOVE", self.url(&beside)?, Content::None);
        ask.headers.push(("destination", self.url(name)?.to_string()));
        ask.headers.push(("overwrite", "T".to_owned()));
        match parts(http.send(&ask).await?) {
            (status, _) if status.is_success() => Ok(()),
            (status, said) => Err(refusal("storing", &ask.url, status, &said)),
        }
    }

    async fn fetch(&mut self, http: &mut HttpClient, name: &str, to: &Path) -> Result<()> {
        let ask = self.ask("GET", self.url(name)?, Content::None);
        match http.fetch(&ask, to).await? {
            (status, _) if status.is_success() => Ok(()),
            (StatusCode::NOT_FOUND, _) => Err(Error::not_found(format!("{name} is missing from the backup"))),
            (status, said) => Err(refusal("reading", &ask.url, status, &said)),
        }
    }

    async fn list(&mut self, http: &mut HttpClient, folder: &str) -> Result<Vec<(String, u64)>> {
        let mut out = Vec::new();
        self.files_in(http, &format!("{folder}/"), 0, &mut out).await?;
        Ok(out)
    }

    async fn remove(&mut self, http: &mut HttpClient, name: &str) -> Result<()> {
        let ask = self.ask("DELETE", self.url(name)?, Content::None);
        match parts(http.send(&ask).await?) {
            (status, _) if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            (status, said) => Err(refusal("removing", &ask.url, status, &said)),
        }
    }
}
