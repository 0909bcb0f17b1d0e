//! Files of events and tasks: those that lie beside them (RFC 8607), and ATTACH with the bytes in it (RFC 5545
//! §3.8.1.1). What is only linked to is left alone.

use super::edit::edit;
use super::{Resource, id_of, read};
use crate::base::Error;
use crate::base::clock::rfc3339;
use crate::base::text::hex;
use crate::calendar::attach::{
    FileChange, Intake, MOST_INSIDE, NewFile, change_files_of, check_file, open_named, with_contents,
};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use crate::formats::ical::attachment::{content_type, file_name, managed_id};
use crate::formats::ical::read_object;
use crate::identity::Ctx;
use crate::mail::stored_part::StoredPart;
use crate::mail::upload::{Upload, UploadTarget, open_upload};
use crate::model::object::{Object, ObjectKind};
use crate::objects::get::get_object;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::attachment::upload_session;
use crate::protocols::graph::attachment::view::PROPERTIES;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::event::stamp;
use crate::protocols::graph::query::{MAX_TOP, Query};
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::graph::sending::wanted;
use crate::protocols::http::ids;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// Tasks have files of a kind of their own, which knows less.
const OF_TASKS: Properties = Properties {
    resource: "taskFileAttachment",
    usual: &[
        "id",
        "lastModifiedDateTime",
        "name",
        "contentType",
        "size",
        "contentBytes",
    ],
    further: &[],
};

/// Where the files of a request are.
pub struct Place<'c> {
    call: &'c Call,
    /// The id of the object.
    object: &'c str,
    /// `events('E5')/attachments`
    path: String,
}

impl<'c> Place<'c> {
    pub fn new(call: &'c Call, object: &'c str, path: String) -> Place<'c> {
        Place { call, object, path }
    }

    async fn read<R: Resource>(&self) -> Result<(Object, Vec<u8>), GraphError> {
        read::<R>(self.call, self.object).await
    }
}

fn properties(kind: ObjectKind) -> &'static Properties {
    match kind {
        ObjectKind::Task => &OF_TASKS,
        _ => &PROPERTIES,
    }
}

/// One file as it lies in the object.
struct File<'c> {
    property: &'c Property,
    id: String,
}

impl File<'_> {
    fn bytes(&self) -> Vec<u8> {
        let packed: String = self.property.value.split_ascii_whitespace().collect();
        STANDARD.decode(packed).unwrap_or_default()
    }

    /// As the line says of a file that lies beside.
    fn size(&self) -> Option<u64> {
        match is_inside(self.property) {
            true => None,
            false => self.property.param("SIZE")?.trim().parse().ok(),
        }
    }
}

fn is_inside(property: &Property) -> bool {
    property
        .param("VALUE")
        .is_some_and(|v| v.eq_ignore_ascii_case("BINARY"))
}

fn files(component: &Component) -> Vec<File<'_>> {
    let is_file = |p: &&Property| is_inside(p) || managed_id(p).is_some();
    let mut out: Vec<File<'_>> = Vec::new();
    for property in component.all("ATTACH").filter(is_file) {
        if let Some(id) = managed_id(property) {
            let id = print_held(id);
            out.push(File { property, id });
            continue;
        }
        let hash = blake3::hash(property.value.as_bytes());
        let id = format!("D{}", hex(&hash.as_bytes()[..8]));
        let twins = out.iter().filter(|f| f.id.starts_with(&id)).count();
        let id = if twins == 0 { id } else { format!("{id}-{twins}") };
        out.push(File { property, id });
    }
    out
}

/// The id of a file that lies beside; it is told from those inside by its first letter.
fn print_held(managed_id: &str) -> String {
    format!("M{managed_id}")
}

/// With the contents of the files that lie beside, or of one. Those that are too many for one answer have none.
pub async fn filled(call: &Call, raw: Vec<u8>, only: Option<String>) -> Result<Vec<u8>, GraphError> {
    Ok(with_contents(call.ctx(), call.account, raw, only, MOST_INSIDE).await?)
}

fn view(object: &Object, file: &File, select: &Select) -> Map<String, Value> {
    let size = file.size();
    let bytes = size.is_none().then(|| file.bytes());
    let mut out: Map<String, Value> = select
        .names()
        .map(|name| {
            let value: Value = match name {
                "id" => file.id.clone().into(),
                "lastModifiedDateTime" => rfc3339(object.item.received_at_ms).into(),
                "name" => file_name(file.property).into(),
                "contentType" => content_type(file.property).into(),
                "size" => size.or(bytes.as_ref().map(|b| b.len() as u64)).into(),
                "isInline" => false.into(),
                "contentBytes" => bytes.as_ref().map(|b| STANDARD.encode(b)).into(),
                _ => Value::Null,
            };
            (name.to_owned(), value)
        })
        .collect();
    let kind = match object.kind {
        ObjectKind::Task => "#microsoft.graph.taskFileAttachment",
        _ => "#microsoft.graph.fileAttachment",
    };
    out.insert("@odata.type".into(), kind.into());
    out
}

pub fn has_any(component: &Component) -> bool {
    !files(component).is_empty()
}

/// For `$expand`.
pub fn all(object: &Object, component: &Component, options: &Query) -> Result<Value, GraphError> {
    let select = Select::of(options, properties(object.kind))?;
    let all = files(component);
    Ok(all
        .iter()
        .map(|f| Value::from(view(object, f, &select)))
        .collect())
}

fn missing() -> GraphError {
    Error::not_found("there is no such attachment").into()
}

/// What is stored could be read once. Errors: Internal.
fn main_component(raw: &[u8]) -> Result<Component, GraphError> {
    let object =
        read_object(raw).map_err(|e| Error::internal("what is stored cannot be read").caused_by(e))?;
    let at = object.parts[0].component;
    let mut parts = object.calendar.parts;
    Ok(parts.swap_remove(at))
}

pub async fn list<R: Resource>(place: &Place<'_>) -> Result {
    let call = place.call;
    let select = Select::of(&call.query, properties(R::KIND))?;
    let (skip, top) = call.query.page(MAX_TOP)?;
    let (object, raw) = place.read::<R>().await?;
    let raw = match select.names().any(|n| n == "contentBytes") {
        true => filled(call, raw, None).await?,
        false => raw,
    };
    let component = main_component(&raw)?;
    let all = files(&component);
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let page = all.iter().skip(from).take(top as usize);
    let items = page.map(|f| view(&object, f, &select).into()).collect();
    let total = all.len() as u64;
    let page = PageOf::of_all(place.path.clone(), items, skip, total);
    collection(call, &select, page)
}

pub async fn get<R: Resource>(place: &Place<'_>, id: &str) -> Result {
    let select = Select::of(&place.call.query, properties(R::KIND))?;
    Ok(Answer::json(shown::<R>(place, id, &select).await?))
}

async fn shown<R: Resource>(place: &Place<'_>, id: &str, select: &Select) -> Result<Value, GraphError> {
    let (object, raw) = place.read::<R>().await?;
    let raw = match id.strip_prefix('M') {
        Some(held) => filled(place.call, raw, Some(held.to_owned())).await?,
        None => raw,
    };
    let component = main_component(&raw)?;
    let all = files(&component);
    let file = all.iter().find(|f| f.id == id).ok_or_else(missing)?;
    let shown = view(&object, file, select);
    Ok(entity(place.call, &place.path, select, shown))
}

pub async fn value<R: Resource>(place: &Place<'_>, id: &str) -> Result {
    let (_, raw) = place.read::<R>().await?;
    let component = main_component(&raw)?;
    let all = files(&component);
    let file = all.iter().find(|f| f.id == id).ok_or_else(missing)?;
    let kind = content_type(file.property);
    // It becomes a header of the answer.
    let is_sane = kind.is_ascii() && !kind.contains(|c: char| c.is_control());
    let kind = if is_sane { kind } else { "application/octet-stream" };
    let Some(held) = id.strip_prefix('M') else {
        return Ok(Answer::bytes(kind, file.bytes()));
    };
    let of = (id_of::<R>(place.object)?, R::KIND);
    let body = open_named(place.call.ctx(), place.call.account, of, held).await?;
    Answer::stored(kind, StoredPart::whole(body)).await
}

/// `address`: of the list, below the version.
pub async fn create<R: Resource>(place: &Place<'_>, address: &str) -> Result {
    let call = place.call;
    let file = wanted::file(&call.json()?)?;
    let (id, ctx) = (id_of::<R>(place.object)?, call.ctx());
    let mut intake = Intake::new(ctx);
    intake.write(&file.content).map_err(too_large)?;
    let file = NewFile {
        name: file.name,
        content_type: file.content_type,
        content: intake.finish().await?,
    };
    let origin = call.site.origin();
    let change = FileChange::Add(file);
    let made = change_files_of(ctx, call.account, (id, R::KIND), &change, origin).await;
    let made = print_held(&made.map_err(too_large)?);
    let select = Select::usual(properties(R::KIND));
    let location = format!("{}/{address}/{made}", call.site.base());
    Ok(Answer::created(
        shown::<R>(place, &made, &select).await?,
        location,
    ))
}

/// A file that comes in pieces.
pub async fn begin_upload<R: Resource>(place: &Place<'_>) -> Result {
    let (call, id) = (place.call, id_of::<R>(place.object)?);
    let target = match R::KIND {
        ObjectKind::Task => UploadTarget::Task,
        _ => UploadTarget::Event,
    };
    let upload = upload_session::wanted(call, target, id)?;
    let checked = check_file(call.ctx(), call.account, (id, R::KIND), upload.size_bytes).await;
    let begun = match checked {
        Ok(()) => open_upload(call.ctx(), upload).await,
        Err(e) => Err(e),
    };
    upload_session::answer(call, begun)
}

fn too_large(error: Error) -> GraphError {
    GraphError::from(error).with_code_for_too_large("ErrorAttachmentSizeLimitExceeded")
}

/// All of it is here. Returns where it is now, below the mailbox.
pub async fn take(
    ctx: &Ctx,
    upload: &Upload,
    kind: ObjectKind,
    content: Intake,
    origin: &str,
) -> Result<String, GraphError> {
    let change = FileChange::Add(NewFile {
        name: upload.name.clone(),
        content_type: upload.content_type.clone(),
        content: content.finish().await?,
    });
    let of = (upload.item, kind);
    let made = change_files_of(ctx, upload.account, of, &change, origin).await;
    let made = print_held(&made.map_err(too_large)?);
    let (object, _) = get_object(ctx, upload.account, upload.item, kind).await?;
    let item = ids::print_object(kind, upload.item);
    let list = ids::print_folder(object.item.folder_id);
    Ok(match kind {
        ObjectKind::Task => format!("todo/lists/{list}/tasks/{item}/attachments/{made}"),
        _ => format!("events/{item}/attachments/{made}"),
    })
}

pub async fn remove<R: Resource>(place: &Place<'_>, id: &str) -> Result {
    let call = place.call;
    if let Some(held) = id.strip_prefix('M') {
        let change = FileChange::Remove(held.to_owned());
        let of = (id_of::<R>(place.object)?, R::KIND);
        change_files_of(call.ctx(), call.account, of, &change, call.site.origin()).await?;
        return Ok(Answer::no_content());
    }
    edit::<R>(call, id_of::<R>(place.object)?, None, |_, raw| {
        let component = main_component(raw)?;
        let all = files(&component);
        let line = all.iter().find(|f| f.id == id).ok_or_else(missing)?.property.line;
        change(call, raw, |object| object.properties.retain(|p| p.line != line)).map(Some)
    })
    .await?;
    Ok(Answer::no_content())
}

fn change(call: &Call, raw: &[u8], change: impl Fn(&mut Component)) -> Result<Vec<u8>, GraphError> {
    let read = read_object(raw).map_err(|e| Error::internal("what is stored cannot be read").caused_by(e))?;
    let mut calendar = read_component(raw)?;
    if let Some(object) = calendar.parts.get_mut(read.parts[0].component) {
        change(object);
        stamp(call, object, false);
    }
    Ok(print_component(&calendar).into_bytes())
}
