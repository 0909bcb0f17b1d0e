//! Storage that speaks Amazon's S3 protocol, whoever runs it: signature version 4, buckets in the path, four verbs.

use super::address::{Bucket, SAFE, SAFE_PATH};
use super::remote::RemoteStore;
use crate::base::clock::rfc3339;
use crate::base::text::hex;
use crate::base::{Clock, Error, Result, SystemClock};
use crate::delivery::HttpClient;
use crate::delivery::http_client::{Ask, Content, parts, place, refusal};
use crate::formats::xml;
use hmac::{Hmac, Mac};
use hyper::StatusCode;
use percent_encoding::utf8_percent_encode;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;
use url::Url;

pub struct S3 {
    bucket: Bucket,
    secret: String,
}

impl S3 {
    pub fn new(bucket: Bucket, secret: String) -> S3 {
        S3 { bucket, secret }
    }

    fn key(&self, name: &str) -> String {
        match self.bucket.prefix.is_empty() {
            true => name.to_owned(),
            false => format!("{}/{name}", self.bucket.prefix),
        }
    }

    /// `query`: names and values, in the order of their names.
    fn ask(
        &self,
        method: &'static str,
        key: &str,
        query: &[(&str, &str)],
        content: Content,
    ) -> Result<Ask<'static>> {
        let path = format!(
            "/{}/{}",
            utf8_percent_encode(&self.bucket.bucket, SAFE),
            utf8_percent_encode(key, SAFE_PATH)
        );
        let query = canonical_query(query);
        let mut url = self.bucket.endpoint.clone();
        url.set_path(&path);
        url.set_query((!query.is_empty()).then_some(&query));
        let hash = hash_of(&content)?;
        let stamp = stamp(SystemClock.now_ms());
        let headers = [
            ("host", place(&url)),
            ("x-amz-content-sha256", hash.clone()),
            ("x-amz-date", stamp.clone()),
        ];
        let signed = Signing {
            method,
            path: &path,
            query: &query,
            headers: &headers,
            payload: &hash,
            stamp: &stamp,
            region: &self.bucket.region,
        };
        let authorization = signed.authorization(&self.bucket.access_key, &self.secret);
        Ok(Ask {
            method,
            url,
            headers: vec![
                ("x-amz-content-sha256", hash),
                ("x-amz-date", stamp),
                ("authorization", authorization),
            ],
            content,
        })
    }
}

impl RemoteStore for S3 {
    async fn put(&mut self, http: &mut HttpClient, file: &Path, name: &str) -> Result<()> {
        let content = Content::File(file.to_path_buf(), file.metadata()?.len());
        let ask = self.ask("PUT", &self.key(name), &[], content)?;
        match parts(http.send(&ask).await?) {
            // The server has compared the bytes with the hash that was signed.
            (status, _) if status.is_success() => Ok(()),
            (status, said) => Err(refusal("storing", &ask.url, status, &said)),
        }
    }

    async fn fetch(&mut self, http: &mut HttpClient, name: &str, to: &Path) -> Result<()> {
        let ask = self.ask("GET", &self.key(name), &[], Content::None)?;
        match http.fetch(&ask, to).await? {
            (status, _) if status.is_success() => Ok(()),
            (StatusCode::NOT_FOUND, _) => Err(Error::not_found(format!("{name} is missing from the backup"))),
            (status, said) => Err(refusal("reading", &ask.url, status, &said)),
        }
    }

    async fn list(&mut self, http: &mut HttpClient, folder: &str) -> Result<Vec<(String, u64)>> {
        let prefix = self.key(&format!("{folder}/"));
        let mut out = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut query = vec![("list-type", "2"), ("prefix", prefix.as_str())];
            if let Some(token) = &next {
                query.insert(0, ("continuation-token", token));
            }
            let ask = self.ask("GET", "", &query, Content::None)?;
            let (status, said) = parts(http.send(&ask).await?);
            if !status.is_success() {
                return Err(refusal("listing", &ask.url, status, &said));
            }
            let page = Listing::read(&said, &ask.url)?;
            let own = self.key("");
            out.extend(
                page.files
                    .into_iter()
                    .filter_map(|(key, size)| Some((key.strip_prefix(&own)?.to_owned(), size))),
            );
            next = page.next;
            if next.is_none() {
                return Ok(out);
            }
        }
    }

    async fn remove(&mut self, http: &mut HttpClient, name: &str) -> Result<()> {
        let ask = self.ask("DELETE", &self.key(name), &[], Content::None)?;
        match parts(http.send(&ask).await?) {
            (status, _) if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            (status, said) => Err(refusal("removing", &ask.url, status, &said)),
        }
    }
}

/// A page of ListObjectsV2.
struct Listing {
    files: Vec<(String, u64)>,
    next: Option<String>,
}

impl Listing {
    fn read(raw: &[u8], url: &Url) -> Result<Listing> {
        let wrong = || Error::unavailable(format!("{} gives no list of its files", place(url)));
        let root = xml::read(raw).map_err(|e| wrong().caused_by(e))?;
        // Some servers name the namespace, some do not.
        let text = |e: &xml::Element, name: &str| {
            let found = e.children.iter().find(|c| c.name == name);
            found.map(|c| c.text.trim().to_owned())
        };
        let contents = root.children.iter().filter(|c| c.name == "Contents");
        let files = contents.map(|c| Some((text(c, "Key")?, text(c, "Size")?.parse().ok()?)));
        let next = text(&root, "NextContinuationToken").filter(|t| !t.is_empty());
        Ok(Listing {
            files: files.collect::<Option<_>>().ok_or_else(wrong)?,
            next: next.filter(|_| text(&root, "IsTruncated").as_deref() == Some("true")),
        })
    }
}

/// As hex. Blocks for the time of reading a file.
fn hash_of(content: &Content) -> Result<String> {
    let mut hasher = Sha256::new();
    match content {
        Content::None => {}
        Content::Bytes(bytes) => hasher.update(bytes),
        Content::File(path, _) => {
            let mut file = std::fs::File::open(path)?;
            let mut piece = vec![0; 256 << 10];
            loop {
                match file.read(&mut piece)? {
                    0 => break,
                    n => hasher.update(&piece[..n]),
                }
            }
        }
    }
    Ok(hex(&hasher.finalize()))
}

fn canonical_query(query: &[(&str, &str)]) -> String {
    let each = query.iter().map(|(n, v)| {
        format!(
            "{}={}",
            utf8_percent_encode(n, SAFE),
            utf8_percent_encode(v, SAFE)
        )
    });
    each.collect::<Vec<_>>().join("&")
}

/// `20261123T100000Z`
fn stamp(now_ms: i64) -> String {
    let text = rfc3339(now_ms / 1000 * 1000).replace(['-', ':'], "");
    format!("{}Z", text.split(['.', 'Z']).next().unwrap_or_default())
}

/// What a signature is made of (AWS Signature Version 4).
struct Signing<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    /// Names in lower case and in their order.
    headers: &'a [(&'a str, String)],
    /// Hash of the content.
    payload: &'a str,
    stamp: &'a str,
    region: &'a str,
}

impl Signing<'_> {
    fn authorization(&self, access_key: &str, secret: &str) -> String {
        let day = self.stamp.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let headers: String = self
            .headers
            .iter()
            .map(|(n, v)| format!("{n}:{}\n", v.trim()))
            .collect();
        let names = self.headers.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(";");
        let canonical = format!(
            "{}\n{}\n{}\n{headers}\n{names}\n{}",
            self.method, self.path, self.query, self.payload
        );
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
            self.stamp,
            hex(&Sha256::digest(canonical.as_bytes()))
        );
        let steps = [day, self.region, "s3", "aws4_request", &to_sign];
        let signature = steps
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, step| hmac(&key, step));
        format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={}",
            hex(&signature)
        )
    }
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    // A key of any length fits.
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap_or_else(|_| unreachable!("any key fits HMAC"));
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Amazon's documentation (GET Object).
    #[test]
    fn a_request_is_signed_as_the_documentation_has_it() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com".to_owned()),
            ("range", "bytes=0-9".to_owned()),
            ("x-amz-content-sha256", empty.to_owned()),
            ("x-amz-date", "20130524T000000Z".to_owned()),
        ];
        let signing = Signing {
            method: "GET",
            path: "/test.txt",
            query: "",
            headers: &headers,
            payload: empty,
            stamp: "20130524T000000Z",
            region: "us-east-1",
        };
        let said = signing.authorization("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        assert_eq!(
            said,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        assert_eq!(hash_of(&Content::None).unwrap(), empty);
        assert_eq!(stamp(1_369_353_600_123), "20130524T000000Z");
    }

    #[test]
    fn a_list_is_read_page_by_page() {
        let url = Url::parse("https://h.test/").unwrap();
        let page = b"<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>true</IsTruncated>\
            <NextContinuationToken>a/b=</NextContinuationToken><Contents><Key>p/data/ab</Key><Size>12</Size></Contents></ListBucketResult>";
        let page = Listing::read(page, &url).unwrap();
        assert_eq!(
            (page.files, page.next.as_deref()),
            (vec![("p/data/ab".to_owned(), 12)], Some("a/b="))
        );
        assert!(Listing::read(b"<html>", &url).is_err());
    }
}
