//! Protocol lines and the values they mean.

use super::*;
use crate::formats::imap::command::*;
use crate::formats::imap::fetch_item::{FetchItem, Partial};
use crate::formats::imap::flag::Flag;
use crate::formats::imap::search_key::SearchKey;
use crate::formats::imap::sequence_set::SequenceSet;
use crate::formats::mime::section::{Section, What};

fn parse(line: &str) -> Command {
    let request = parse_command(line.as_bytes(), Names::Utf7).unwrap_or_else(|e| panic!("{line}: {e:?}"));
    assert_eq!(request.tag, "a");
    request.command
}

fn refuse(line: &str) -> String {
    match parse_command(line.as_bytes(), Names::Utf7) {
        Ok(request) => panic!("{line} was taken as {request:?}"),
        Err(e) => {
            assert!(
                e.message.is_ascii() && !e.message.contains(['\r', '\n']),
                "{}",
                e.message
            );
            e.message
        }
    }
}

fn set(text: &str) -> SequenceSet {
    SequenceSet::parse(text.as_bytes()).unwrap()
}

#[test]
fn simple_commands() {
    for (line, want) in [
        ("a CAPABILITY", Command::Capability),
        ("a noop ", Command::Noop),
        ("a LOGOUT", Command::Logout),
        ("a STARTTLS", Command::StartTls),
        ("a NAMESPACE", Command::Namespace),
        ("a IDLE", Command::Idle),
        ("a CLOSE", Command::Close),
        ("a UNSELECT", Command::Unselect),
        ("a CHECK", Command::Check),
        ("a EXPUNGE", Command::Expunge),
        ("a UID EXPUNGE 1:3", Command::UidExpunge(set("1:3"))),
        (
            "a ENABLE condstore QRESYNC",
            Command::Enable(vec!["CONDSTORE".into(), "QRESYNC".into()]),
        ),
        ("a ID NIL", Command::Id(vec![])),
        (
            "a ID (\"name\" \"x\" \"os\" NIL)",
            Command::Id(vec![("name".into(), Some("x".into())), ("os".into(), None)]),
        ),
        ("a GETQUOTA \"\"", Command::GetQuota { root: "".into() }),
        (
            "a GETQUOTAROOT inbox",
            Command::GetQuotaRoot {
                mailbox: "INBOX".into(),
            },
        ),
    ] {
        assert_eq!(parse(line), want, "{line}");
    }
}

#[test]
fn logins() {
    let login = |user: &str, password: &str| Command::Login {
        user: user.into(),
        password: password.into(),
    };
    assert_eq!(parse("a LOGIN anna geheim"), login("anna", "geheim"));
    assert_eq!(
        parse("a LOGIN \"an\\\"na\" {5}\r\n{3}\r\n"),
        login("an\"na", "{3}\r\n")
    );
    assert_eq!(
        parse("a LOGIN {4+}\r\nanna {7+}\r\nge heim"),
        login("anna", "ge heim")
    );
    let auth = |response: Option<&[u8]>| Command::Authenticate {
        mechanism: "PLAIN".into(),
        initial_response: response.map(<[u8]>::to_vec),
    };
    assert_eq!(parse("a AUTHENTICATE plain"), auth(None));
    assert_eq!(parse("a AUTHENTICATE PLAIN ="), auth(Some(b"")));
    assert_eq!(parse("a AUTHENTICATE PLAIN AGEAYg=="), auth(Some(b"\0a\0b")));
}

#[test]
fn mailbox_commands() {
    for (line, want) in [
        (
            "a CREATE Entw&APw-rfe (USE (\\Drafts))",
            Command::Create {
                mailbox: "Entwürfe".into(),
                special_use: vec!["\\Drafts".into()],
            },
        ),
        (
            "a DELETE \"a b\"",
            Command::Delete {
                mailbox: "a b".into(),
            },
        ),
        (
            "a RENAME a {3}\r\nb c",
            Command::Rename {
                from: "a".into(),
                to: "b c".into(),
            },
        ),
        ("a SUBSCRIBE a]", Command::Subscribe { mailbox: "a]".into() }),
        (
            "a UNSUBSCRIBE InBox",
            Command::Unsubscribe {
                mailbox: "INBOX".into(),
            },
        ),
        (
            "a LSUB \"\" *",
            Command::Lsub {
                reference: "".into(),
                pattern: "*".into(),
            },
        ),
        (
            "a STATUS x (messages UIDNEXT HIGHESTMODSEQ SIZE DELETED APPENDLIMIT)",
            Command::Status {
                mailbox: "x".into(),
                items: vec![
                    StatusItem::Messages,
                    StatusItem::UidNext,
                    StatusItem::HighestModSeq,
                    StatusItem::Size,
                    StatusItem::Deleted,
                    StatusItem::AppendLimit,
                ],
            },
        ),
    ] {
        assert_eq!(parse(line), want, "{line}");
    }
}

#[test]
fn select_takes_condstore_and_qresync() {
    let mailbox = || "INBOX".to_owned();
    assert_eq!(
        parse("a SELECT inbox"),
        Command::Select(Select {
            mailbox: mailbox(),
            ..Select::default()
        })
    );
    assert_eq!(
        parse("a EXAMINE INBOX (CONDSTORE)"),
        Command::Examine(Select {
            mailbox: mailbox(),
            condstore: true,
            qresync: None
        })
    );
    assert_eq!(
        parse("a SELECT INBOX (QRESYNC (67890007 90060115194045000 41:211,214 (1:3 5:7)))"),
        Command::Select(Select {
            mailbox: mailbox(),
            condstore: false,
            qresync: Some(QResync {
                uid_validity: 67890007,
                modseq: 90060115194045000,
                known_uids: Some(set("41:211,214")),
                sequence_match: Some((set("1:3"), set("5:7"))),
            }),
        })
    );
}

#[test]
fn list_takes_options_on_both_sides() {
    let basic = |reference: &str, pattern: &str| {
        Command::List(List {
            reference: reference.into(),
            patterns: vec![pattern.into()],
            ..List::default()
        })
    };
    assert_eq!(parse("a LIST \"\" \"\""), basic("", ""));
    assert_eq!(parse("a LIST ~/ %/*"), basic("~/", "%/*"));
    assert_eq!(
        parse(
            "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (INBOX \"a/%\") RETURN (CHILDREN SPECIAL-USE STATUS (UNSEEN))"
        ),
        Command::List(List {
            patterns: vec!["INBOX".into(), "a/%".into()],
            is_extended: true,
            select_subscribed: true,
            select_recursive_match: true,
            return_children: true,
            return_special_use: true,
            return_status: vec![StatusItem::Unseen],
            ..List::default()
        })
    );
    assert_eq!(
        refuse("a LIST (RECURSIVEMATCH) \"\" *"),
        "RECURSIVEMATCH needs another selection option"
    );
}

#[test]
fn append_ends_before_its_message() {
    let want = |literal, is_utf8| {
        Command::Append(Append {
            mailbox: "Sent".into(),
            flags: vec![Flag::Seen, Flag::Keyword("$MDNSent".into())],
            received_at_ms: Some(1_795_376_465_000),
            literal,
            is_utf8,
        })
    };
    let literal = LiteralAnnounce {
        size: 12,
        non_sync: false,
        binary: false,
    };
    let head = "a APPEND Sent (\\Seen \\Recent $MDNSent) \"22-Nov-2026 19:41:05 +0000\"";
    assert_eq!(parse(&format!("{head} {{12}}")), want(literal, false));
    assert_eq!(
        parse(&format!("{head} ~{{12+}}")),
        want(
            LiteralAnnounce {
                non_sync: true,
                binary: true,
                ..literal
            },
            false
        )
    );
    assert_eq!(
        parse(&format!("{head} UTF8 (~{{12}}")),
        want(
            LiteralAnnounce {
                binary: true,
                ..literal
            },
            true
        )
    );
    let bare = Append {
        mailbox: "a b".into(),
        flags: vec![],
        received_at_ms: None,
        literal,
        is_utf8: false,
    };
    assert_eq!(parse("a APPEND {3}\r\na b {12}"), Command::Append(bare));
    assert_eq!(
        refuse("a APPEND x \"text\""),
        "The date is not like \"22-Nov-2026 19:41:05 +0000\""
    );
    assert_eq!(refuse("a APPEND x hello"), "APPEND needs a message as a literal");
}

#[test]
fn store_copy_move() {
    let store = |mode, silent, flags: &[Flag], unchanged_since| Command::Store {
        uid: true,
        store: Store {
            set: set("1:*"),
            unchanged_since,
            mode,
            silent,
            flags: flags.to_vec(),
        },
    };
    for (line, want) in [
        (
            "a UID STORE 1:* FLAGS ()",
            store(StoreMode::Replace, false, &[], None),
        ),
        (
            "a UID STORE 1:* +flags.silent \\seen \\Deleted",
            store(StoreMode::Add, true, &[Flag::Seen, Flag::Deleted], None),
        ),
        (
            "a UID STORE 1:* (UNCHANGEDSINCE 7) -FLAGS (Foo)",
            store(StoreMode::Remove, false, &[Flag::Keyword("Foo".into())], Some(7)),
        ),
        (
            "a COPY 2,4 x",
            Command::Copy {
                uid: false,
                set: set("2,4"),
                mailbox: "x".into(),
            },
        ),
        (
            "a UID MOVE $ inbox",
            Command::Move {
                uid: true,
                set: SequenceSet::Saved,
                mailbox: "INBOX".into(),
            },
        ),
    ] {
        assert_eq!(parse(line), want, "{line}");
    }
}

#[test]
fn fetch_items_and_sections() {
    let items = |line: &str| match parse(line) {
        Command::Fetch { fetch, .. } => fetch.items,
        other => panic!("{other:?}"),
    };
    let body = |path: &[u32], what, peek, partial| FetchItem::BodySection {
        section: Section {
            path: path.to_vec(),
            what,
        },
        peek,
        partial,
    };
    assert_eq!(
        items(
            "a FETCH 1 (UID FLAGS BODY[] body.peek[1.2.HEADER.FIELDS (To \"Cc\")]<0.100> BODY BODYSTRUCTURE RFC822.SIZE)"
        ),
        [
            FetchItem::Uid,
            FetchItem::Flags,
            body(&[], What::All, false, None),
            body(
                &[1, 2],
                What::HeaderFields {
                    names: vec!["To".into(), "Cc".into()],
                    is_not: false
                },
                true,
                Some(Partial {
                    offset: 0,
                    length: 100
                })
            ),
            FetchItem::Body,
            FetchItem::BodyStructure,
            FetchItem::Rfc822Size,
        ]
    );
    assert_eq!(
        items(
            "a FETCH 1 (BINARY.PEEK[1.2]<5.9> BINARY.SIZE[3] BINARY[] MODSEQ PREVIEW (LAZY) PREVIEW BODY[1.MIME])"
        ),
        [
            FetchItem::Binary {
                path: vec![1, 2],
                peek: true,
                partial: Some(Partial { offset: 5, length: 9 })
            },
            FetchItem::BinarySize { path: vec![3] },
            FetchItem::Binary {
                path: vec![],
                peek: false,
                partial: None
            },
            FetchItem::ModSeq,
            FetchItem::Preview { lazy: true },
            FetchItem::Preview { lazy: false },
            body(&[1], What::Mime, false, None),
        ]
    );
    let fast = [FetchItem::Flags, FetchItem::InternalDate, FetchItem::Rfc822Size];
    assert_eq!(items("a FETCH 1 fast"), fast);
    assert_eq!(
        items("a FETCH 1 FULL")[3..],
        [FetchItem::Envelope, FetchItem::Body]
    );
    match parse("a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345 VANISHED)") {
        Command::Fetch { uid: true, fetch } => {
            assert_eq!((fetch.changed_since, fetch.vanished), (Some(12345), true));
        }
        other => panic!("{other:?}"),
    }
    for bad in [
        "a FETCH 1 ()",
        "a FETCH 1 (ALL)",
        "a FETCH 1 BODY[MIME]",
        "a FETCH 1 BODY[1.]",
        "a FETCH 1 BODY[0]",
        "a FETCH 1 BODY[1",
        "a FETCH 1 BODY[]<0.0>",
        "a FETCH 1 X",
        "a FETCH 1:* FLAGS (VANISHED)",
        "a FETCH 0 FLAGS",
    ] {
        refuse(bad);
    }
}

#[test]
fn search_keys() {
    let key = |line: &str| match parse(&format!("a SEARCH {line}")) {
        Command::Search { search, .. } => search.key,
        other => panic!("{other:?}"),
    };
    let seen = || SearchKey::HasFlag(Flag::Seen);
    let day = jiff::civil::date(2026, 11, 22);
    for (line, want) in [
        ("ALL", SearchKey::All),
        ("UNSEEN", SearchKey::LacksFlag(Flag::Seen)),
        ("NOT SEEN", SearchKey::Not(Box::new(seen()))),
        (
            "OR SEEN (SEEN ALL)",
            SearchKey::Or(
                Box::new(seen()),
                Box::new(SearchKey::And(vec![seen(), SearchKey::All])),
            ),
        ),
        ("((SEEN))", seen()),
        ("FROM \"a b\"", SearchKey::From("a b".into())),
        ("SUBJECT {2}\r\nä", SearchKey::Subject("ä".into())),
        ("CHARSET UTF-8 BODY {2}\r\nä", SearchKey::Body("ä".into())),
        (
            "HEADER Message-ID \"\"",
            SearchKey::Header {
                name: "Message-ID".into(),
                text: "".into(),
            },
        ),
        ("SENTSINCE 22-Nov-2026", SearchKey::SentSince(day)),
        ("BEFORE \"22-Nov-2026\"", SearchKey::Before(day)),
        ("LARGER 5000000000", SearchKey::Larger(5_000_000_000)),
        ("KEYWORD $Junk", SearchKey::HasFlag(Flag::Keyword("$Junk".into()))),
        ("UID 1:*", SearchKey::Uid(set("1:*"))),
        (
            "1,3 $",
            SearchKey::And(vec![
                SearchKey::Sequence(set("1,3")),
                SearchKey::Sequence(SequenceSet::Saved),
            ]),
        ),
        ("*", SearchKey::Sequence(set("*"))),
        (
            "OLDER 60 YOUNGER 3600",
            SearchKey::And(vec![SearchKey::Older(60), SearchKey::Younger(3600)]),
        ),
        ("MODSEQ 620162338", SearchKey::ModSeq(620162338)),
        (
            "MODSEQ \"/flags/\\\\draft\" all 620162338",
            SearchKey::ModSeq(620162338),
        ),
        ("OLD", SearchKey::Not(Box::new(SearchKey::Recent))),
    ] {
        assert_eq!(key(line), want, "{line}");
    }
    match parse_command(b"a SEARCH CHARSET ISO-8859-1 TEXT {1}\r\n\xe4", Names::Utf7)
        .unwrap()
        .command
    {
        Command::Search { search, .. } => assert_eq!(search.key, SearchKey::Text("ä".into())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn search_returns_and_refusals() {
    let returns = |line: &str| match parse(line) {
        Command::Search { uid, search } => (uid, search.returns),
        other => panic!("{other:?}"),
    };
    assert_eq!(returns("a SEARCH ALL"), (false, None));
    assert_eq!(
        returns("a UID SEARCH RETURN () ALL"),
        (true, Some(SearchReturn::default()))
    );
    let wanted = SearchReturn {
        min: true,
        count: true,
        save: true,
        ..SearchReturn::default()
    };
    assert_eq!(
        returns("a UID SEARCH RETURN (MIN COUNT SAVE) ALL"),
        (true, Some(wanted))
    );
    let error = parse_command(b"a SEARCH CHARSET klingon ALL", Names::Utf7).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadCharset);
    for bad in [
        "",
        " ",
        " FOO",
        " OR SEEN",
        " (SEEN",
        " SEEN)",
        " SINCE 1-1-2026",
        " SEEN  SEEN",
        " TEXT {9}\r\nx",
    ] {
        refuse(&format!("a SEARCH{bad}"));
    }
}

#[test]
fn errors_keep_the_tag_and_speak_plainly() {
    for (line, tag, message) in [
        ("", None, "A command begins with a tag"),
        ("a", Some("a"), "The command ends too early"),
        ("a FROB x", Some("a"), "Unknown command FROB"),
        (
            "a NOOP x",
            Some("a"),
            "There is more in the line than the command takes",
        ),
        ("a LOGIN x", Some("a"), "The command ends too early"),
        ("a LOGIN \"x y", Some("a"), "A quoted string does not end"),
        (
            "a SELECT &x",
            Some("a"),
            "The mailbox name is neither modified UTF-7 nor UTF-8",
        ),
        ("a STORE 1 FLAGS (\\Foo)", Some("a"), "There is no flag \\Foo"),
        ("a UID NOOP", Some("a"), "Unknown command NOOP"),
    ] {
        let error = parse_command(line.as_bytes(), Names::Utf7).unwrap_err();
        assert_eq!(
            (error.tag.as_deref(), &error.message[..]),
            (tag, message),
            "{line}"
        );
    }
}

#[test]
fn nesting_is_bounded_and_long_commands_are_linear() {
    for unit in ["(", "NOT ", "OR ", "OR (", "SEEN ("] {
        refuse(&format!("a SEARCH {}", unit.repeat(100_000)));
    }
    let long = format!("a SEARCH {}", "SEEN ".repeat(200_000));
    assert!(matches!(parse(&long), Command::Search { .. }));
    let depth = |n: usize| format!("a SEARCH {}SEEN{}", "(".repeat(n), ")".repeat(n));
    parse(&depth(60));
    refuse(&depth(64));
}

#[test]
fn literals_are_announced_at_the_end_of_a_line() {
    let announce = |size, non_sync, binary| {
        Some(LiteralAnnounce {
            size,
            non_sync,
            binary,
        })
    };
    for (line, want) in [
        ("a LOGIN {4}", announce(4, false, false)),
        ("a LOGIN {4+}", announce(4, true, false)),
        ("a APPEND x ~{10}", announce(10, false, true)),
        ("a LOGIN {}", None),
        ("a LOGIN {4", None),
        ("a LOGIN {-4}", None),
        ("a LOGIN {99999999999999999999}", None),
        ("a LOGIN \"{4}\"", None),
        ("}", None),
    ] {
        assert_eq!(literal_at_end(line.as_bytes()), want, "{line}");
    }
}

#[test]
fn any_bytes_are_answered() {
    let lines = [
        "a LIST (SUBSCRIBED) \"\" (INBOX \"a/%\") RETURN (STATUS (UNSEEN))",
        "a FETCH 1:* (UID BODY.PEEK[1.HEADER.FIELDS (To)]<0.9>) (CHANGEDSINCE 1)",
        "a SEARCH RETURN (MIN) CHARSET UTF-8 OR (SEEN) NOT HEADER a {1}\r\nb",
        "a SELECT INBOX (QRESYNC (1 2 3 (4 5)))",
        "a APPEND x (\\Seen) \"22-Nov-2026 19:41:05 +0000\" {5}",
    ];
    for line in lines {
        for i in 0..line.len() {
            let _ = parse_command(&line.as_bytes()[..i], Names::Utf8);
            for flip in [0x01, 0x20, 0x80, 0x7f] {
                let mut broken = line.as_bytes().to_vec();
                broken[i] ^= flip;
                let _ = parse_command(&broken, Names::Utf8);
            }
        }
    }
}
