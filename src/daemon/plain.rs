//! Plain HTTP on the one port from whom nobody trusts: the same address under https; the health check, which is
//! answered as it is, for what watches a container or a service asks without TLS; and the word that a certificate
//! authority asks for.

use crate::appliance::health::tell_health;
use crate::base::{Error, Result};
use crate::protocols::House;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

const MAX_HEAD: usize = 8192;

/// Answers one request.
pub async fn answer(house: &House, mut stream: TcpStream) -> Result<()> {
    let longest = house.options.patience.handshake;
    let head = timeout_at(Instant::now() + longest, read_head(&mut stream)).await;
    let head = head.map_err(|_| Error::unavailable("the request is not finished"))??;
    let (status, body) = match path(&head) {
        "/healthz" => health(house).await,
        path => match house.tls.answers.word(path) {
            Some(word) => ("200 OK".into(), word),
            None => redirect(&head, path),
        },
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let said = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    };
    let said = timeout(longest, said).await;
    Ok(said.map_err(|_| Error::unavailable("the answer is not read"))??)
}

async fn read_head(stream: &mut TcpStream) -> Result<String> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|w| w == b"\r\n\r\n") && head.len() < MAX_HEAD {
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn path(head: &str) -> &str {
    let first = head.split("\r\n").next().unwrap_or_default();
    first.split(' ').nth(1).unwrap_or("/")
}

async fn health(house: &House) -> (String, String) {
    let (is_well, said) = tell_health(&house.doorkeeper.system()).await;
    let status = if is_well {
        "200 OK"
    } else {
        "503 Service Unavailable"
    };
    (status.into(), said)
}

/// Only what can be a host, a port and a path goes into the answer.
fn redirect(head: &str, path: &str) -> (String, String) {
    let body = "This server speaks HTTPS.\n".to_owned();
    let host = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim())
    });
    let is_clean = |s: &str, more: &str| s.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    match host {
        Some(host)
            if !host.is_empty()
                && path.starts_with('/')
                && is_clean(host, ".:-[]")
                && is_clean(path, "/?&=%.,;:@~_-+!$'()*") =>
        {
            let to = format!("308 Permanent Redirect\r\nLocation: https://{host}{path}");
            (to, body)
        }
        _ => ("400 Bad Request".into(), body),
    }
}
