//! Notifications with contents (`includeResourceData`): what the program would get if it asked, sealed for it; and the
//! token that shows that we have sent it.

use super::notice::path_of;
use crate::base::{Kind, Result, TimeMs};
use crate::formats::sealed::{read_certificate, seal, thumbprint};
use crate::identity::clients::find_client;
use crate::model::subscription::{Sealed, Subject, Subscription};
use crate::protocols::graph::answer::Content;
use crate::protocols::graph::call::{Asked, Caller, Who};
use crate::protocols::graph::door::answer_one;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::query::{Opt, Query};
use crate::protocols::graph::rights::Granted;
use crate::protocols::graph::site::Site;
use crate::protocols::http::HouseData;
use crate::sync::news::Piece;
use actix_web::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

const MAX_NAME_CHARS: usize = 128;
/// Microsoft's own program that sends notifications: receivers compare it.
const CHANGE_TRACKING: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
/// As long as an access token.
const TOKEN_S: i64 = 3600;

/// What a body says about contents. None: it wants none. `query`: of its resource. Errors: 400 that says what is missing.
pub fn read(body: &Value, query: &str, site: &Site) -> Result<Option<Sealed>, GraphError> {
    let options = Query::parse(query)?;
    options.check(&[Opt::Select])?;
    if json::boolean(body, "includeResourceData")? != Some(true) {
        if !query.is_empty() {
            return Err(GraphError::request(
                "query options in »resource« say what notifications are to contain; without »includeResourceData« there is nothing to say",
            ));
        }
        return Ok(None);
    }
    let certificate = json::required_text(body, "encryptionCertificate")?;
    let certificate = read_certificate(certificate)
        .map_err(|e| GraphError::request(format!("»encryptionCertificate«: {}", e.message())))?;
    let certificate_id = json::required_text(body, "encryptionCertificateId")?;
    if certificate_id.is_empty() || certificate_id.chars().count() > MAX_NAME_CHARS {
        return Err(GraphError::request(format!(
            "»encryptionCertificateId« is to have 1 to {MAX_NAME_CHARS} characters"
        )));
    }
    Ok(Some(Sealed {
        certificate,
        certificate_id: certificate_id.to_owned(),
        select: options.get(Opt::Select).unwrap_or_default().to_owned(),
        origin: site.origin().to_owned(),
    }))
}

/// Asks for one that is not there: what is wrong with the properties that are wanted is said before that it is not.
pub async fn check_select(caller: &Arc<Caller>, s: &Subscription, oid: &str) -> Result<(), GraphError> {
    let Some(sealed) = s.sealed.as_ref().filter(|s| !s.select.is_empty()) else {
        return Ok(());
    };
    let nothing = match s.subject {
        Subject::Messages => "M0",
        Subject::MailFolders => "Ffff0",
        Subject::Contacts => "K0",
        Subject::Tasks => "T0",
        Subject::Events => "E0",
    };
    let answer = answer_one(caller, question(path_of(s, oid, nothing), &sealed.select)).await;
    match (answer.status, answer.content) {
        (StatusCode::BAD_REQUEST, Content::Json(body)) => {
            let message = body["error"]["message"].as_str().unwrap_or_default();
            Err(GraphError::request(format!("»resource«: {message}")))
        }
        _ => Ok(()),
    }
}

fn question(path: String, select: &str) -> Asked {
    let query = match select {
        "" => String::new(),
        select => format!(
            "$select={}",
            percent_encoding::utf8_percent_encode(select, percent_encoding::NON_ALPHANUMERIC)
        ),
    };
    Asked {
        method: Method::GET,
        path,
        query,
        ..Asked::default()
    }
}

/// As whom the contents are read: as who has asked for them, with what they may read now. None: they are gone.
pub async fn reader(house: &HouseData, s: &Subscription) -> Result<Option<Arc<Caller>>> {
    let doorkeeper = &house.doorkeeper;
    let who = match (s.actor, &s.client) {
        (Some(actor), _) => match doorkeeper.current(actor).await {
            Ok(account) => Some(Who::Person(doorkeeper.ctx(account))),
            Err(e) if e.kind() == Kind::NotAuthenticated => None,
            Err(e) => return Err(e),
        },
        (None, Some(client)) => {
            let found = find_client(&doorkeeper.system(), client).await?;
            found.map(|c| Who::Program(Arc::new(c)))
        }
        (None, None) => None,
    };
    let origin = s.sealed.as_ref().map(|s| s.origin.clone()).unwrap_or_default();
    Ok(who.map(|who| {
        Arc::new(Caller {
            house: house.clone(),
            who,
            // The permission was asked for with the subscription, and is looked at again before each call.
            granted: Granted::Everything,
            program: None,
            site: Site::at(origin),
            request_id: s.id.clone(),
            client_request_id: s.id.clone(),
        })
    }))
}

/// `encryptedContent` of one thing. None: it is not there any more.
pub async fn contents(
    caller: &Arc<Caller>,
    s: &Subscription,
    oid: &str,
    piece: &Piece,
) -> Result<Option<Value>> {
    let Some(sealed) = &s.sealed else { return Ok(None) };
    let path = path_of(s, oid, &super::notice::id_of(piece));
    let answer = answer_one(caller, question(path, &sealed.select)).await;
    let Content::Json(body) = answer.content else {
        return Ok(None);
    };
    if answer.status != StatusCode::OK {
        return Ok(None);
    }
    let (certificate, plain) = (sealed.certificate.clone(), body.to_string());
    let content = tokio::task::spawn_blocking(move || seal(&certificate, plain.as_bytes()))
        .await
        .map_err(|e| crate::base::Error::internal("sealing was broken off").caused_by(e))??;
    Ok(Some(json!({
        "data": content.data,
        "dataSignature": content.signature,
        "dataKey": content.key,
        "encryptionCertificateId": sealed.certificate_id,
        "encryptionCertificateThumbprint": thumbprint(&sealed.certificate),
    })))
}

/// The JWT by which the program knows who has called (`validationTokens`).
pub async fn validation_token(
    house: &HouseData,
    s: &Subscription,
    tenant: &str,
    now_ms: TimeMs,
) -> Result<String> {
    let origin = s.sealed.as_ref().map_or("", |s| &s.origin);
    let now_s = now_ms / 1000;
    let claims = json!({
        "aud": s.client,
        "iss": format!("{origin}/{tenant}/v2.0"),
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s + TOKEN_S,
        // Both versions of Microsoft's tokens, by one name each.
        "appid": CHANGE_TRACKING,
        "azp": CHANGE_TRACKING,
        "oid": CHANGE_TRACKING,
        "sub": CHANGE_TRACKING,
        "tid": tenant,
        "ver": "2.0",
    });
    house.doorkeeper.keys.get(now_s * 1000).await?.sign(&claims)
}
