//! Passkeys where people sign in for a program: a form of its own beside that of the password, which a script of ours fills with what
//! the device answers. Where scripts are off, or the browser knows no passkeys, it stays hidden.

use super::form::Form;
use super::page::Html;
use super::site::Site;
use super::words::Words;
use crate::identity::passkeys::Shown;
use crate::protocols::http::passkey::{Given, is_possible, place_of};

const FIELD: &str = "passkey";

pub const SCRIPT: &str = "(()=>{const f=document.getElementById('by-passkey');if(!f||!window.PublicKeyCredential)return;f.hidden=false;\
const un=s=>Uint8Array.from(atob(s.replaceAll('-','+').replaceAll('_','/')),c=>c.charCodeAt(0)),\
pk=b=>btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll('+','-').replaceAll('/','_').replaceAll('=','');\
f.querySelector('button').addEventListener('click',async()=>{try{const s=await navigator.credentials.get({publicKey:\
{challenge:un(f.dataset.challenge),rpId:f.dataset.place,userVerification:'required'}}),r=s.response;\
f.elements.passkey.value=JSON.stringify({credential:pk(s.rawId),clientData:pk(r.clientDataJSON),\
authenticatorData:pk(r.authenticatorData),signature:pk(r.signature)});f.submit()}catch{const p=f.querySelector('p');p.setAttribute('role','alert');p.hidden=false}})})()";

/// What the device has answered; Some(None): something else came in its place.
pub fn given(form: &Form) -> Option<Option<Shown>> {
    let text = form.get(FIELD)?;
    let given: Option<Given> = serde_json::from_str(text).ok();
    Some(given.and_then(|g| g.read().ok()))
}

/// The form; nothing where there can be no passkeys. `fields`: what it carries along.
pub fn offer<'v>(
    html: Html,
    site: &Site,
    words: &Words,
    fields: impl IntoIterator<Item = (&'v str, &'v str)>,
) -> Html {
    let place = place_of(&site.origin).ok().filter(is_possible);
    let asked = place.and_then(|p| Some((site.house.doorkeeper.ask_for_passkey(&p).ok()?, p.name)));
    let Some((challenge, name)) = asked else {
        return html;
    };
    html.raw("<form id=\"by-passkey\" method=\"post\" action=\"?\" hidden data-challenge=\"")
        .text(&challenge)
        .raw("\" data-place=\"")
        .text(&name)
        .raw("\">\n")
        .hidden(FIELD, "")
        .hidden_all(fields)
        .raw("<button type=\"button\" class=\"other\">")
        .text(words.passkey)
        .raw("</button>\n<p hidden>")
        .text(words.passkey_failed)
        .raw("</p>\n</form>\n")
}
