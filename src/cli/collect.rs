//! `hauspost collect ...`

use super::account::parse_yes;
use super::output::{print_done, print_list};
use super::outside::Outside;
use super::server_url::{COLLECT_PASSWORD, collect_without_password};
use super::{DataFolder, Form, read_password, with_store};
use crate::appliance::collect::{
    Source, SourceChange, Waiting, change_source, find_source, list_sources, open_source, put_source,
    remove_source, request_run,
};
use crate::base::clock::rfc3339;
use crate::base::{Error, Kind, Result};
use crate::delivery::collect::run_once;
use crate::delivery::{Options, PostRoom, schedule::Schedule};
use crate::identity::Ctx;
use crate::model::collect::{CollectProtocol, Security, WaitReason};
use crate::store::layout::ServerLock;
use clap::{Args, Subcommand, value_parser};
use std::time::{Duration, Instant};

#[derive(Subcommand)]
pub enum Collect {
    /// Collect from a mailbox; the same one again changes its settings
    Add(Add),
    /// All mailboxes that are collected from, and how it goes
    List(List),
    /// One of them, with what waits there
    Show(One),
    /// Change one
    Set(Set),
    /// Collect no more from one; nothing is deleted here or there
    Remove(One),
    /// Collect now, and wait until it is done
    Run(Run),
}

#[derive(Args)]
pub struct Add {
    /// Mailbox: imaps://user@host, pop3s://user@host (imap://, pop3://: STARTTLS); an @ in the user is %40
    url: String,
    /// Where the mail goes; with --split, what is for nobody
    #[arg(long, value_name = "ADDRESS")]
    account: String,
    /// Leave messages there
    #[arg(long)]
    keep: bool,
    /// One mailbox for the whole domain: give each message to those whom its envelope names
    #[arg(long)]
    split: bool,
    /// Read its password from standard input; without it, it is taken from HAUSPOST_COLLECT_PASSWORD
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct One {
    /// Number, as collect list shows it
    id: i64,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Set {
    #[command(flatten)]
    one: One,
    /// Where the mail goes
    #[arg(long, value_name = "ADDRESS")]
    account: Option<String>,
    /// Read a new password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Leave messages there
    #[arg(long, value_name = "yes|no")]
    keep: Option<String>,
    /// Give each message to those whom its envelope names
    #[arg(long, value_name = "yes|no")]
    split: Option<String>,
    /// Collect from it
    #[arg(long, value_name = "yes|no")]
    enabled: Option<String>,
}

#[derive(Args)]
pub struct Run {
    /// Number, as collect list shows it; all that are enabled when not given
    id: Option<i64>,
    /// Give up waiting after so many seconds; the server goes on
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u64).range(1..))]
    wait: u64,
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Collect {
    pub fn run(self) -> Result<()> {
        match self {
            Collect::Add(c) => c.run(),
            Collect::List(c) => with_store(&c.data, async |ctx| {
                print_sources(&c.form, &list_sources(&ctx).await?)
            }),
            Collect::Show(c) => with_store(&c.data, async |ctx| {
                show(&c.form, &find_source(&ctx, c.id).await?)
            }),
            Collect::Set(c) => c.run(),
            Collect::Remove(c) => with_store(&c.data, async |ctx| {
                let source = remove_source(&ctx, c.id).await?;
                let text = format!("mail is no longer collected from {}", print_url(&source));
                print_done(&c.form, &source, &text)
            }),
            Collect::Run(c) => c.run(),
        }
    }
}

/// As it was given, without the password.
fn print_url(source: &Source) -> String {
    let s = &source.server;
    let scheme = match (s.protocol, s.security) {
        (CollectProtocol::Imap, Security::Tls) => "imaps",
        (CollectProtocol::Imap, _) => "imap",
        (CollectProtocol::Pop3, Security::Tls) => "pop3s",
        (CollectProtocol::Pop3, _) => "pop3",
    };
    let host = if s.host.contains(':') {
        format!("[{}]", s.host)
    } else {
        s.host.clone()
    };
    format!("{scheme}://{}@{host}:{}", s.user.replace('@', "%40"), s.port)
}

fn state(source: &Source) -> String {
    match (source.is_enabled, &source.last_error, source.last_run_at_ms) {
        (false, ..) => "disabled".into(),
        (true, Some(e), _) => e.clone(),
        (true, None, None) => "not collected yet".into(),
        (true, None, Some(_)) => "ok".into(),
    }
}

fn print_sources(form: &Form, all: &[Source]) -> Result<()> {
    print_list(
        form,
        &["ID", "FOR", "FROM", "LAST RUN", "WAITING", "STATE"],
        all,
        |s| {
            vec![
                s.id.to_string(),
                s.account.clone(),
                print_url(s),
                s.last_run_at_ms.map(rfc3339).unwrap_or_default(),
                s.waiting.len().to_string(),
                state(s),
            ]
        },
    )
}

fn show(form: &Form, s: &Source) -> Result<()> {
    let yes = |b: bool| if b { "yes" } else { "no" };
    let mut text = format!(
        "{}\n  number    {}\n  for       {}\n  keep      {}\n  split     {}\n  enabled   {}\n  last run  {}\n  state     {}",
        print_url(s),
        s.id,
        s.account,
        yes(s.server.keep),
        yes(s.server.split),
        yes(s.is_enabled),
        s.last_run_at_ms.map_or_else(|| "never".to_owned(), rfc3339),
        state(s)
    );
    for w in &s.waiting {
        text.push_str(&format!("\n  waiting   {}", print_waiting(w)));
    }
    print_done(form, s, &text)
}

fn print_waiting(w: &Waiting) -> String {
    let since = rfc3339(w.since_ms);
    let kb = w.size_bytes.div_ceil(1024);
    match w.reason {
        WaitReason::Full => format!("since {since}, {kb} kB: the mailbox of {} is full", w.account),
        WaitReason::TooLarge => format!("since {since}, {kb} kB: larger than what is collected"),
    }
}

impl Add {
    fn run(self) -> Result<()> {
        let mut server = collect_without_password(&self.url)?;
        if self.password_stdin {
            server.password = read_password()?;
        }
        if server.password.is_empty() {
            return Err(Error::invalid(format!(
                "the mailbox needs its password: give --password-stdin, or put it into {COLLECT_PASSWORD}"
            )));
        }
        server.keep |= self.keep;
        server.split |= self.split;
        with_store(&self.data, async |ctx| {
            let (source, is_new) = put_source(&ctx, &self.account, server).await?;
            let word = if is_new {
                "added"
            } else {
                "was there already; its settings are as given now"
            };
            print_done(&self.form, &source, &format!("collection {} {word}", source.id))
        })
    }
}

impl Set {
    fn run(self) -> Result<()> {
        let yes = |word: &Option<String>| word.as_deref().map(parse_yes).transpose();
        let change = SourceChange {
            account: self.account,
            password: self.password_stdin.then(read_password).transpose()?,
            keep: yes(&self.keep)?,
            split: yes(&self.split)?,
            is_enabled: yes(&self.enabled)?,
        };
        with_store(&self.one.data, async |ctx| {
            show(&self.one.form, &change_source(&ctx, self.one.id, change).await?)
        })
    }
}

impl Run {
    fn run(self) -> Result<()> {
        let host_name = super::serve::machine_name();
        let options = self.outside.options(host_name, 50 << 20, Schedule::default())?;
        with_store(&self.data, async |ctx| {
            let mut all = list_sources(&ctx).await?;
            match self.id {
                Some(id) => all = vec![find_source(&ctx, id).await?],
                None => all.retain(|s| s.is_enabled),
            }
            if let Some(s) = all.iter().find(|s| !s.is_enabled) {
                return Err(Error::conflict(format!(
                    "collection {} is disabled; enable it with: hauspost collect set {} --enabled yes",
                    s.id, s.id
                )));
            }
            if all.is_empty() {
                let text = "there is nothing to collect from; hauspost collect add names a mailbox";
                return print_done(&self.form, &all, text);
            }
            // While a server runs, it collects, and its clients hear of what comes; otherwise this program does.
            match ServerLock::try_take(ctx.store.layout()) {
                Ok(_lock) => collect_here(&ctx, options, &all).await?,
                Err(e) if e.kind() == Kind::Unavailable => self.collect_there(&ctx, &all).await?,
                Err(e) => return Err(e),
            }
            let mut done = Vec::new();
            for source in &all {
                done.push(find_source(&ctx, source.id).await?);
            }
            print_sources(&self.form, &done)?;
            match done.iter().filter(|s| s.last_error.is_some()).count() {
                0 => Ok(()),
                n => Err(Error::unavailable(format!(
                    "{n} of {} could not be collected",
                    done.len()
                ))),
            }
        })
    }

    async fn collect_there(&self, ctx: &Ctx, all: &[Source]) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(self.wait);
        for source in all {
            let asked_at_ms = request_run(ctx, source.id).await?;
            while find_source(ctx, source.id)
                .await?
                .last_run_at_ms
                .is_none_or(|at| at < asked_at_ms)
            {
                if Instant::now() > until {
                    return Err(Error::busy(format!(
                        "the server is still collecting from {}; see hauspost collect list",
                        print_url(source)
                    )));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }
}

/// What goes wrong is noted with each.
async fn collect_here(ctx: &Ctx, options: Options, all: &[Source]) -> Result<()> {
    let room = PostRoom::new(ctx.store.clone(), options);
    for source in all {
        let source = open_source(ctx, source.id).await?;
        let _ = run_once(&room, &source).await;
    }
    Ok(())
}
