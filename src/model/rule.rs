//! Rules of a mailbox: what is looked at in a message that arrives, and what is done with it.

use super::FolderId;
use serde::{Deserialize, Serialize};

/// A rule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Never used twice in its account.
    pub id: i64,
    /// Smaller ones come first; equal ones as they were made.
    pub sequence: i32,
    pub is_enabled: bool,
    pub text: RuleText,
}

/// What a rule says, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RuleText {
    pub name: String,
    /// All have to hold; none: it is for every message.
    pub conditions: Vec<Test>,
    /// Any of them keeps the rule from being carried out.
    pub exceptions: Vec<Test>,
    pub actions: Actions,
}

/// A question about a message. Lists: one of them is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Test {
    /// Texts that stand somewhere, in any case.
    Contains(Place, Vec<String>),
    /// Whole addresses.
    People(Side, Vec<Person>),
    /// False asks for nothing; it is kept because programs write it.
    Is(Trait, bool),
    /// 0 low, 1 normal, 2 high.
    Importance(u8),
    Sensitivity(Sensitivity),
    /// What its sender asks for, as Outlook writes it (`Message-Flag`); None: anything.
    ActionFlag(Option<ActionFlag>),
    /// Keywords that rules before have given it.
    Keywords(Vec<String>),
    /// In kilobytes, both inclusive.
    Size(Option<i32>, Option<i32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    Subject,
    Body,
    BodyOrSubject,
    /// Name and address of the author and the sender.
    Sender,
    /// Names and addresses of To and Cc.
    Recipient,
    /// Any line of the header.
    Header,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    From,
    /// To and Cc.
    To,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    #[serde(default)]
    pub name: Option<String>,
    pub address: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trait {
    HasAttachments,
    MeetingRequest,
    MeetingResponse,
    AutomaticReply,
    AutomaticForward,
    Encrypted,
    Signed,
    PermissionControlled,
    ReadReceipt,
    NonDeliveryReport,
    Voicemail,
    /// The mailbox is in To.
    SentToMe,
    /// The mailbox is in To, and nobody else in To or Cc.
    SentOnlyToMe,
    SentCcMe,
    SentToOrCcMe,
    NotSentToMe,
}

/// RFC 2156 §5.3.4, and what Outlook calls the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sensitivity {
    #[default]
    Normal,
    Personal,
    Private,
    Confidential,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ActionFlag {
    Call,
    DoNotForward,
    FollowUp,
    Fyi,
    Forward,
    NoResponseNecessary,
    Read,
    Reply,
    ReplyToAll,
    Review,
}

/// What is done with a message that the rule is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Actions {
    pub move_to: Option<FolderId>,
    pub copy_to: Option<FolderId>,
    /// Into the folder for deleted mail.
    pub delete: bool,
    /// It is not kept at all.
    pub permanent_delete: bool,
    pub mark_as_read: bool,
    /// 0 low, 1 normal, 2 high.
    pub importance: Option<u8>,
    /// Categories, as keywords.
    pub keywords: Vec<String>,
    pub forward_to: Vec<Person>,
    pub forward_as_attachment_to: Vec<Person>,
    pub redirect_to: Vec<Person>,
    /// No rule after this one is looked at.
    pub stop: bool,
}

impl Actions {
    /// All to whom something is sent.
    pub fn recipients(&self) -> impl Iterator<Item = &Person> {
        let lists = [
            &self.forward_to,
            &self.forward_as_attachment_to,
            &self.redirect_to,
        ];
        lists.into_iter().flatten()
    }

    pub fn folders(&self) -> impl Iterator<Item = FolderId> {
        [self.move_to, self.copy_to].into_iter().flatten()
    }
}

/// Something that is sent because a message arrived; written with the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Reaction {
    #[serde(rename_all = "camelCase")]
    Forward {
        how: Forwarding,
        to: Vec<Person>,
        /// It came without a return path: what is sent has none either, so that nothing comes back.
        is_report: bool,
    },
    /// The automatic reply of the owner.
    #[serde(rename_all = "camelCase")]
    Reply { to: String, is_internal: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Forwarding {
    /// A message of the owner with the text and the files of this one.
    Inline,
    /// A message of the owner with this one in it.
    Attached,
    /// This message as it is, sent on.
    Redirected,
}
