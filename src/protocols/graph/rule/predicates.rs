//! Conditions and exceptions: the table of their names, to the room's tests and back.

use crate::mail::category::{from_keyword, to_keyword};
use crate::model::rule::{ActionFlag, Person, Place, Sensitivity, Side, Test, Trait};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::sending::wanted::mailboxes;
use serde_json::{Map, Value, json};

/// What a predicate is made of.
#[derive(Clone, Copy)]
enum Shape {
    Words(Place),
    People(Side),
    Is(Trait),
    Importance,
    Sensitivity,
    Flag,
    Categories,
    Size,
    /// We cannot tell.
    Unknown,
}

const TABLE: &[(&str, Shape)] = &[
    ("bodyContains", Shape::Words(Place::Body)),
    ("bodyOrSubjectContains", Shape::Words(Place::BodyOrSubject)),
    ("categories", Shape::Categories),
    ("fromAddresses", Shape::People(Side::From)),
    ("hasAttachments", Shape::Is(Trait::HasAttachments)),
    ("headerContains", Shape::Words(Place::Header)),
    ("importance", Shape::Importance),
    ("isApprovalRequest", Shape::Unknown),
    ("isAutomaticForward", Shape::Is(Trait::AutomaticForward)),
    ("isAutomaticReply", Shape::Is(Trait::AutomaticReply)),
    ("isEncrypted", Shape::Is(Trait::Encrypted)),
    ("isMeetingRequest", Shape::Is(Trait::MeetingRequest)),
    ("isMeetingResponse", Shape::Is(Trait::MeetingResponse)),
    ("isNonDeliveryReport", Shape::Is(Trait::NonDeliveryReport)),
    ("isPermissionControlled", Shape::Is(Trait::PermissionControlled)),
    ("isReadReceipt", Shape::Is(Trait::ReadReceipt)),
    ("isSigned", Shape::Is(Trait::Signed)),
    ("isVoicemail", Shape::Is(Trait::Voicemail)),
    ("messageActionFlag", Shape::Flag),
    ("notSentToMe", Shape::Is(Trait::NotSentToMe)),
    ("recipientContains", Shape::Words(Place::Recipient)),
    ("senderContains", Shape::Words(Place::Sender)),
    ("sensitivity", Shape::Sensitivity),
    ("sentCcMe", Shape::Is(Trait::SentCcMe)),
    ("sentOnlyToMe", Shape::Is(Trait::SentOnlyToMe)),
    ("sentToAddresses", Shape::People(Side::To)),
    ("sentToMe", Shape::Is(Trait::SentToMe)),
    ("sentToOrCcMe", Shape::Is(Trait::SentToOrCcMe)),
    ("subjectContains", Shape::Words(Place::Subject)),
    ("withinSizeRange", Shape::Size),
];

pub const LEVELS: [&str; 3] = ["low", "normal", "high"];
const SENSITIVITIES: [(&str, Sensitivity); 4] = [
    ("normal", Sensitivity::Normal),
    ("personal", Sensitivity::Personal),
    ("private", Sensitivity::Private),
    ("confidential", Sensitivity::Confidential),
];
const FLAGS: [(&str, Option<ActionFlag>); 11] = [
    ("any", None),
    ("call", Some(ActionFlag::Call)),
    ("doNotForward", Some(ActionFlag::DoNotForward)),
    ("followUp", Some(ActionFlag::FollowUp)),
    ("fyi", Some(ActionFlag::Fyi)),
    ("forward", Some(ActionFlag::Forward)),
    ("noResponseNecessary", Some(ActionFlag::NoResponseNecessary)),
    ("read", Some(ActionFlag::Read)),
    ("reply", Some(ActionFlag::Reply)),
    ("replyToAll", Some(ActionFlag::ReplyToAll)),
    ("review", Some(ActionFlag::Review)),
];

/// Errors: 400, naming what is not known, and what this server cannot tell.
pub fn read(given: &Value) -> Result<Vec<Test>, GraphError> {
    let given_names = given
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, v)| !v.is_null());
    for (name, _) in given_names.filter(|(n, _)| !n.starts_with('@')) {
        if !TABLE.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Err(unknown(name, "messageRulePredicates"));
        }
    }
    let tests = TABLE.iter().map(|(name, shape)| read_one(given, name, *shape));
    Ok(tests
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

pub fn unknown(name: &str, kind: &str) -> GraphError {
    let name = crate::base::text::one_line(name);
    GraphError::request(format!(
        "The property '{name}' does not exist on type 'microsoft.graph.{kind}'."
    ))
}

fn read_one(given: &Value, name: &'static str, shape: Shape) -> Result<Option<Test>, GraphError> {
    Ok(match shape {
        Shape::Words(place) => words(given, name)?.map(|w| Test::Contains(place, w)),
        Shape::People(side) => people(given, name)?.map(|p| Test::People(side, p)),
        Shape::Is(kind) => json::boolean(given, name)?.map(|wanted| Test::Is(kind, wanted)),
        Shape::Importance => json::text(given, name)?
            .map(importance)
            .transpose()?
            .map(Test::Importance),
        Shape::Sensitivity => json::text(given, name)?
            .map(|w| one_of(w, name, &SENSITIVITIES))
            .transpose()?
            .map(Test::Sensitivity),
        Shape::Flag => json::text(given, name)?
            .map(|w| one_of(w, name, &FLAGS))
            .transpose()?
            .map(Test::ActionFlag),
        Shape::Categories => keywords(given, name)?.map(Test::Keywords),
        Shape::Size => size(given, name)?,
        Shape::Unknown => match json::boolean(given, name)? {
            Some(true) => {
                return Err(GraphError::bad(
                    "ErrorNotSupported",
                    format!("this server cannot tell »{name}« of a message; nothing was changed"),
                ));
            }
            _ => None,
        },
    })
}

/// Errors: 400 for what is no level.
pub fn importance(word: &str) -> Result<u8, GraphError> {
    one_of(word, "importance", &[("low", 0), ("normal", 1), ("high", 2)])
}

fn one_of<T: Copy>(word: &str, name: &str, all: &[(&str, T)]) -> Result<T, GraphError> {
    let found = all.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
        let word = crate::base::text::one_line(word);
        GraphError::request(format!(
            "»{word}« is no value of »{name}«; known: {}",
            known.join(", ")
        ))
    })
}

/// An empty list is none.
fn words(given: &Value, name: &str) -> Result<Option<Vec<String>>, GraphError> {
    let Some(list) = json::list(given, name)? else {
        return Ok(None);
    };
    let word = |v: &Value| {
        let text = v.as_str().map(str::to_owned).filter(|t| !t.is_empty());
        text.ok_or_else(|| GraphError::request(format!("»{name}« is a list of texts that are not empty")))
    };
    let words: Vec<String> = list.iter().map(word).collect::<Result<_, _>>()?;
    Ok(Some(words).filter(|w| !w.is_empty()))
}

/// Errors: ErrorInvalidRecipients.
pub fn people(given: &Value, name: &str) -> Result<Option<Vec<Person>>, GraphError> {
    let list = mailboxes(given, name)?.filter(|l| !l.is_empty());
    Ok(list.map(|l| {
        let person = |m: crate::formats::mime::address::Mailbox| Person {
            name: m.name,
            address: m.address,
        };
        l.into_iter().map(person).collect()
    }))
}

/// Categories as keywords. Errors: 400.
pub fn keywords(given: &Value, name: &str) -> Result<Option<Vec<String>>, GraphError> {
    let Some(list) = words(given, name)? else {
        return Ok(None);
    };
    let wrong = || GraphError::request("a category is a text of 1 to 255 bytes");
    let all = list.iter().map(|c| to_keyword(c).ok_or_else(wrong));
    Ok(Some(all.collect::<Result<_, _>>()?))
}

fn size(given: &Value, name: &str) -> Result<Option<Test>, GraphError> {
    let Some(range) = json::object(given, name)? else {
        return Ok(None);
    };
    let bound = |which: &str| match json::field(range, which) {
        None => Ok(None),
        Some(v) => v
            .as_i64()
            .and_then(|n| i32::try_from(n).ok())
            .filter(|n| *n >= 0)
            .map(Some)
            .ok_or_else(|| GraphError::request(format!("»{which}« is a number of kilobytes"))),
    };
    Ok(Some(Test::Size(bound("minimumSize")?, bound("maximumSize")?)))
}

/// As Graph writes them. None: there are none.
pub fn print(tests: &[Test]) -> Value {
    if tests.is_empty() {
        return Value::Null;
    }
    tests.iter().filter_map(print_one).collect::<Map<_, _>>().into()
}

fn print_one(test: &Test) -> Option<(String, Value)> {
    let (name, _) = TABLE.iter().find(|(_, shape)| fits(*shape, test))?;
    let value = match test {
        Test::Contains(_, words) => json!(words),
        Test::People(_, people) => print_people(people),
        Test::Is(_, wanted) => json!(wanted),
        Test::Importance(level) => print_importance(*level),
        Test::Sensitivity(s) => word_of(s, &SENSITIVITIES),
        Test::ActionFlag(flag) => word_of(flag, &FLAGS),
        Test::Keywords(words) => print_keywords(words),
        Test::Size(least, most) => json!({"minimumSize": least, "maximumSize": most}),
    };
    Some(((*name).to_owned(), value))
}

fn fits(shape: Shape, test: &Test) -> bool {
    match (shape, test) {
        (Shape::Words(a), Test::Contains(b, _)) => a == *b,
        (Shape::People(a), Test::People(b, _)) => a == *b,
        (Shape::Is(a), Test::Is(b, _)) => a == *b,
        (Shape::Importance, Test::Importance(_))
        | (Shape::Sensitivity, Test::Sensitivity(_))
        | (Shape::Flag, Test::ActionFlag(_))
        | (Shape::Categories, Test::Keywords(_))
        | (Shape::Size, Test::Size(..)) => true,
        _ => false,
    }
}

fn word_of<T: PartialEq>(value: &T, all: &[(&str, T)]) -> Value {
    all.iter().find(|(_, v)| v == value).map(|(word, _)| *word).into()
}

pub fn print_importance(level: u8) -> Value {
    LEVELS.get(usize::from(level)).copied().into()
}

pub fn print_people(people: &[Person]) -> Value {
    let one = |p: &Person| {
        let name = p.name.as_deref().unwrap_or(&p.address);
        json!({"emailAddress": {"name": name, "address": p.address}})
    };
    people.iter().map(one).collect()
}

pub fn print_keywords(words: &[String]) -> Value {
    words.iter().map(|w| from_keyword(w)).collect()
}
