//! What an issuer says of itself (OpenID Connect Discovery 1.0), its keys (RFC 7517), and what it signs (RFC 7519).

use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::delivery::http_client::{Ask, Content, HttpClient, basic, parts, refusal};
use crate::delivery::webhook::parse_url;
use crate::model::directory::OidcSettings;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// Of an answer; sets of keys have some thousand.
const MOST_BYTES: usize = 256 << 10;
/// For all that one sign-in asks.
const WITHIN: Duration = Duration::from_secs(20);
/// Never with a secret that both sides know, and never none at all.
const SIGNED_BY: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// What the issuer says of a person. Words of a stranger until it is checked what they may mean here.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Claims {
    pub sub: String,
    pub nonce: Option<String>,
    pub azp: Option<String>,
    pub email: Option<String>,
    /// `true`, or as Cognito writes it `"true"`.
    #[serde(default)]
    email_verified: serde_json::Value,
    pub preferred_username: Option<String>,
    pub name: Option<String>,
}

impl Claims {
    pub fn is_verified(&self) -> bool {
        self.email_verified == true || self.email_verified == "true"
    }
}

/// An issuer that has said where it is asked what.
pub struct Issuer<'a> {
    settings: &'a OidcSettings,
    client: HttpClient,
    pub authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    takes_basic: bool,
}

impl<'a> Issuer<'a> {
    /// Errors: Invalid, when it names itself otherwise, or addresses that are none; Unavailable.
    pub async fn discover(room: &PostRoom, settings: &'a OidcSettings) -> Result<Issuer<'a>> {
        let client = HttpClient::new(room.dialer.clone(), MOST_BYTES).trusting(settings.ca_pem.clone());
        let address = format!(
            "{}/.well-known/openid-configuration",
            settings.issuer.trim_end_matches('/')
        );
        let mut asking = Asking(client);
        let found: Metadata = asking.get(&parse_url("issuer", &address)?, Vec::new()).await?;
        if found.issuer != settings.issuer {
            return Err(Error::invalid(format!(
                "the issuer at {} calls itself {}; give it that name here too",
                settings.issuer,
                crate::base::text::one_line(&found.issuer)
            )));
        }
        let methods = &found.token_endpoint_auth_methods_supported;
        let has = |word: &str| methods.iter().any(|m| m == word);
        Ok(Issuer {
            settings,
            client: asking.0,
            authorization_endpoint: parse_url("authorization_endpoint", &found.authorization_endpoint)?,
            token_endpoint: parse_url("token_endpoint", &found.token_endpoint)?,
            jwks_uri: parse_url("jwks_uri", &found.jwks_uri)?,
            userinfo_endpoint: found
                .userinfo_endpoint
                .map(|u| parse_url("userinfo_endpoint", &u))
                .transpose()?,
            // What is meant when nothing is said (OpenID Connect Discovery §3).
            takes_basic: has("client_secret_basic") || !has("client_secret_post"),
        })
    }

    /// How many keys it signs with. Errors: Unavailable.
    pub async fn count_keys(self) -> Result<usize> {
        let keys: JwkSet = Asking(self.client).get(&self.jwks_uri, Vec::new()).await?;
        Ok(keys.keys.len())
    }

    /// Exchanges the code for what the issuer says of the person, checked. Errors: NotAuthenticated; Unavailable.
    pub async fn redeem(self, code: &str, redirect_uri: &str, verifier: &str) -> Result<Claims> {
        let within = tokio::time::timeout(WITHIN, self.redeem_unhurried(code, redirect_uri, verifier)).await;
        within.map_err(|_| Error::unavailable("the issuer takes too long"))?
    }

    async fn redeem_unhurried(self, code: &str, redirect_uri: &str, verifier: &str) -> Result<Claims> {
        let s = self.settings;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("client_id", &s.client_id)
            .append_pair("code_verifier", verifier);
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        if !s.client_secret.is_empty() && self.takes_basic {
            // Both are form-encoded first (RFC 6749 §2.3.1).
            let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let login = basic(&encode(&s.client_id), &encode(&s.client_secret));
            headers.push(("authorization", login));
        } else if !s.client_secret.is_empty() {
            form.append_pair("client_secret", &s.client_secret);
        }
        let mut asking = Asking(self.client);
        let body = form.finish().into_bytes();
        let tokens: Tokens = asking.post(&self.token_endpoint, headers, body).await?;
        let keys: JwkSet = asking.get(&self.jwks_uri, Vec::new()).await?;
        let mut claims = verify(&tokens.id_token, &keys, s)?;
        if let (None, None, Some(url), Some(token)) = (
            &claims.email,
            &claims.preferred_username,
            &self.userinfo_endpoint,
            &tokens.access_token,
        ) {
            let bearer = vec![("authorization", format!("Bearer {token}"))];
            let more: Claims = asking.get(url, bearer).await?;
            // Another person's words are no words of this one (OpenID Connect Core §5.3.2).
            if more.sub == claims.sub {
                claims = Claims {
                    nonce: claims.nonce,
                    azp: claims.azp,
                    ..more
                };
            }
        }
        Ok(claims)
    }
}

struct Asking(HttpClient);

impl Asking {
    async fn get<T: DeserializeOwned>(
        &mut self,
        url: &Url,
        headers: Vec<(&'static str, String)>,
    ) -> Result<T> {
        self.ask("GET", url, headers, Content::None).await
    }

    async fn post<T: DeserializeOwned>(
        &mut self,
        url: &Url,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<T> {
        self.ask("POST", url, headers, Content::Bytes(body)).await
    }

    async fn ask<T: DeserializeOwned>(
        &mut self,
        method: &str,
        url: &Url,
        mut headers: Vec<(&'static str, String)>,
        content: Content,
    ) -> Result<T> {
        headers.push(("accept", "application/json".to_owned()));
        let ask = Ask {
            method,
            url: url.clone(),
            headers,
            content,
        };
        let (status, body) = parts(self.0.send(&ask).await?);
        if !status.is_success() {
            let refused = refusal("a question of the sign-in", url, status, &body);
            // A code that has ended, a wrong secret: the person cannot be signed in, and that is all that they are told.
            return Err(Error::not_authenticated("the issuer did not confirm the sign-in").caused_by(refused));
        }
        serde_json::from_slice(&body)
            .map_err(|e| Error::unavailable("the issuer says what cannot be understood").caused_by(e))
    }
}

/// OpenID Connect Core §3.1.3.7. Errors: NotAuthenticated.
fn verify(token: &str, keys: &JwkSet, settings: &OidcSettings) -> Result<Claims> {
    let refused =
        |why: &str| Error::not_authenticated(format!("the issuer's statement does not count: {why}"));
    let header = jsonwebtoken::decode_header(token).map_err(|e| refused("it is no token").caused_by(e))?;
    if !SIGNED_BY.contains(&header.alg) {
        return Err(refused("it is signed in a way that proves nothing"));
    }
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[&settings.client_id]);
    validation.set_issuer(&[&settings.issuer]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.validate_nbf = true;
    let fits = |key: &&Jwk| {
        let named = match (&header.kid, &key.common.key_id) {
            (Some(wanted), Some(id)) => wanted == id,
            (Some(_), None) => false,
            (None, _) => true,
        };
        named && key.common.public_key_use != Some(PublicKeyUse::Encryption)
    };
    let mut last = refused("none of its keys has signed it");
    // Without a name any of the few may be the one.
    for key in keys.keys.iter().filter(fits).take(16) {
        let Ok(decoding) = DecodingKey::from_jwk(key) else {
            continue;
        };
        match jsonwebtoken::decode::<Claims>(token, &decoding, &validation) {
            Ok(found) => {
                let claims = found.claims;
                return match &claims.azp {
                    Some(other) if *other != settings.client_id => Err(refused("it is for another program")),
                    _ => Ok(claims),
                };
            }
            Err(e) => last = refused("it cannot be confirmed").caused_by(e),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::directory::{MatchBy, Unknown};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    fn settings() -> OidcSettings {
        OidcSettings {
            issuer: "https://login.test".into(),
            client_id: "office".into(),
            client_secret: String::new(),
            name: String::new(),
            ca_pem: None,
            match_by: MatchBy::VerifiedEmail,
            unknown: Unknown::Refuse,
        }
    }

    /// A key, and as the issuer shows it.
    fn key(kid: &str) -> (EncodingKey, Value) {
        let pair = rcgen::KeyPair::generate().unwrap();
        let point = pair.public_key_raw();
        let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        let shown = json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": part(1..33), "y": part(33..65)});
        (EncodingKey::from_ec_der(&pair.serialize_der()), shown)
    }

    fn signed(key: &EncodingKey, kid: &str, change: Value) -> String {
        let soon = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap() + 300;
        let mut claims = json!({"iss": "https://login.test", "aud": "office", "sub": "1", "exp": soon});
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = Header {
            kid: Some(kid.into()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &claims, key).unwrap()
    }

    #[test]
    fn only_what_the_issuer_has_signed_for_us_counts() {
        let ((own, shown), (other, _)) = (key("a"), key("b"));
        let keys: JwkSet = serde_json::from_value(
            json!({"keys": [shown, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}),
        )
        .unwrap();
        let read = |token: &str| verify(token, &keys, &settings());
        let good = signed(
            &own,
            "a",
            json!({"email": "a@t", "email_verified": "true", "aud": ["office", "x"], "azp": "office"}),
        );
        assert!(read(&good).unwrap().is_verified());
        for (what, change) in [
            ("for another program", json!({"aud": "other"})),
            (
                "through another program",
                json!({"aud": ["office", "x"], "azp": "x"}),
            ),
            ("of another issuer", json!({"iss": "https://evil.test"})),
            ("too old", json!({"exp": 1000})),
            ("not yet", json!({"nbf": 99_999_999_999u64})),
            ("of nobody", json!({"sub": null})),
        ] {
            assert!(read(&signed(&own, "a", change)).is_err(), "{what}");
        }
        assert!(read(&signed(&other, "a", json!({}))).is_err(), "another key");
        assert!(
            read(&signed(&own, "c", json!({}))).is_err(),
            "a key that is not shown"
        );
        let (head, rest) = good.split_once('.').unwrap();
        let body = rest.split_once('.').unwrap().0;
        for algorithm in ["none", "HS256"] {
            let head = URL_SAFE_NO_PAD.encode(json!({"alg": algorithm, "kid": "a"}).to_string());
            assert!(read(&format!("{head}.{body}.")).is_err(), "{algorithm}");
        }
        assert!(read(&format!("{head}.{body}.AAAA")).is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn addresses_that_nobody_has_verified_are_no_proof() {
        let claims = |verified: Value| -> Claims {
            serde_json::from_value(json!({"sub": "1", "email_verified": verified})).unwrap()
        };
        assert!(claims(json!(true)).is_verified() && claims(json!("true")).is_verified());
        for no in [json!(false), json!(null), json!("false"), json!(1)] {
            assert!(!claims(no).is_verified());
        }
    }
}
