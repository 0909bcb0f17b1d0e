//! `hauspost backup`: where backups go, making them; what is done with them is beside this file.

mod back;
mod look;
mod source;

use super::output::print_done;
use super::{DataFolder, Form, with_store};
use crate::backup::{self, Address, Destination, Done, Keep, Limits, Status, Target, box_key, run_target};
use crate::base::clock::rfc3339;
use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
pub use back::Restore;
use back::{BringBack, Rehearse, Revive, proven};
use clap::{Args, Subcommand};
use look::{Cat, Ls, Verify};
use serde_json::json;
pub use source::read as read_text;
use source::{PLACE, Reach};
use std::io::{IsTerminal, Write};

#[derive(Subcommand)]
pub enum Backup {
    /// Back up each night: to a share of the NAS, a disk that is plugged in, s3://KEY@host/bucket/prefix?region=…,
    /// webdavs://user@host/folder
    Add(Add),
    /// Where backups go, and how the last ones went
    List(Plain),
    /// Back up to a place no more; what lies there stays
    Remove(Remove),
    /// Make a backup now
    Run(Run),
    /// Prove that the backups can be restored: an account is made again in a scratch folder and every item compared
    Rehearse(Rehearse),
    /// Show the recovery key: without it nobody can read the backups when this box is lost. Print it, keep it elsewhere
    Key(Plain),
    /// What is in the backups: all of them, the accounts of one, or what an account had then
    Ls(Ls),
    /// Write one item of a backup to the standard output, to the byte
    Cat(Cat),
    /// Read backups back and compare everything with its hash
    Verify(Verify),
    /// Make an account again that was removed, with its address, what it had, and its rights
    Revive(Revive),
    /// Bring back into an account what it has lost since: what is not where it was comes there again
    BringBack(BringBack),
}

#[derive(Args)]
pub struct Add {
    #[arg(value_name = PLACE)]
    target: Address,
    #[command(flatten)]
    reach: Reach,
    /// Time of day, in the box's time zone
    #[arg(long, value_name = "HH:MM", default_value = "02:30", value_parser = parse_time)]
    at: u16,
    #[command(flatten)]
    keep: KeepOptions,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args, Clone, Copy)]
struct KeepOptions {
    /// Keep the newest backup of so many days
    #[arg(long, value_name = "N", default_value_t = Keep::default().days)]
    keep_days: usize,
    /// and of so many weeks
    #[arg(long, value_name = "N", default_value_t = Keep::default().weeks)]
    keep_weeks: usize,
    /// and of so many months
    #[arg(long, value_name = "N", default_value_t = Keep::default().months)]
    keep_months: usize,
}

impl From<KeepOptions> for Keep {
    fn from(o: KeepOptions) -> Keep {
        Keep {
            days: o.keep_days,
            weeks: o.keep_weeks,
            months: o.keep_months,
        }
    }
}

#[derive(Args)]
pub struct Plain {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Remove {
    #[arg(value_name = PLACE)]
    target: Address,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Run {
    /// Only to this place, be it one of those that are backed up to each night or not
    #[arg(long, value_name = PLACE)]
    to: Option<Address>,
    #[command(flatten)]
    reach: Reach,
    /// Not more than so many megabytes a second
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    limit: Option<u64>,
    #[command(flatten)]
    keep: KeepOptions,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Backup {
    pub fn run(self) -> Result<()> {
        match self {
            Backup::Add(c) => c.run(),
            Backup::List(c) => c.list(),
            Backup::Remove(c) => c.run(),
            Backup::Run(c) => c.run(),
            Backup::Rehearse(c) => c.run(),
            Backup::Key(c) => c.key(),
            Backup::Ls(c) => c.run(),
            Backup::Cat(c) => c.run(),
            Backup::Verify(c) => c.run(),
            Backup::Revive(c) => c.run(),
            Backup::BringBack(c) => c.run(),
        }
    }
}

impl Add {
    fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let target = Target {
                place: self.target,
                at_minute: self.at,
                keep: self.keep.into(),
            };
            let target =
                backup::put_target(&ctx, &self.reach.dialer()?, target, self.reach.secret()?).await?;
            let text = format!(
                "Backed up each night to {}. Print the recovery key and keep it elsewhere: hauspost backup key",
                target.place
            );
            print_done(&self.form, &json!(target), &text)
        })
    }
}

impl Plain {
    fn list(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let all = backup::status(&ctx).await?;
            let lines: Vec<String> = all.iter().map(|(t, s)| describe(t, s)).collect();
            let text = match lines.is_empty() {
                true => "Nothing is backed up; begin with: hauspost backup add FOLDER".to_owned(),
                false => lines.join("\n"),
            };
            let rows: Vec<_> = all
                .iter()
                .map(|(t, s)| json!({"target": t, "status": s}))
                .collect();
            print_done(&self.form, &json!(rows), &text)
        })
    }

    fn key(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let key = box_key(ctx.store.layout())?;
            let shown = json!({"secret": key.secret(), "recipient": key.recipient()});
            print_done(&self.form, &shown, &key.secret())
        })
    }
}

fn describe(target: &Target, status: &Status) -> String {
    let (hour, minute) = (target.at_minute / 60, target.at_minute % 60);
    let went = match (&status.last_error, status.last_done_at_ms) {
        (Some(why), _) => format!("the last try failed: {why}"),
        (None, Some(ms)) if status.problem.is_some() => format!(
            "last at {}, {} items; old ones could not be let go: {}",
            rfc3339(ms),
            status.bodies,
            status.problem.as_deref().unwrap_or_default()
        ),
        (None, Some(ms)) => format!("last at {}, {} items", rfc3339(ms), status.bodies),
        (None, None) => "not yet".to_owned(),
    };
    let proof = status
        .rehearsal
        .as_ref()
        .map_or(String::new(), |r| format!("; {}", proven(r)));
    format!("{}  at {hour:02}:{minute:02}  {went}{proof}", target.place)
}

impl Remove {
    fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            backup::remove_target(&ctx, &self.target).await?;
            print_done(
                &self.form,
                &json!({}),
                "Backed up to there no more; what lies there stays.",
            )
        })
    }
}

impl Run {
    fn run(self) -> Result<()> {
        let limits = Limits {
            bytes_per_s: self.limit.map(|mb| mb << 20),
        };
        with_store(&self.data, async |ctx| {
            let places: Vec<(Address, Keep)> = match &self.to {
                Some(place) => vec![(place.clone(), self.keep.into())],
                None => backup::status(&ctx)
                    .await?
                    .into_iter()
                    .map(|(t, _)| (t.place, t.keep))
                    .collect(),
            };
            if places.is_empty() {
                return Err(Error::not_found(
                    "there is no place to back up to; name one with --to, or hauspost backup add",
                ));
            }
            let (mut all, mut problems, mut kind) = (Vec::new(), Vec::new(), Kind::Unavailable);
            for (place, keep) in places {
                match self.run_to(&ctx, &place, keep, limits).await {
                    Ok(done) => {
                        problems.extend(done.problem.iter().map(|why| {
                            format!("{place}: the backup is made, but old ones could not be let go: {why}")
                        }));
                        all.push(done);
                    }
                    // The others are made all the same.
                    Err(e) => {
                        kind = e.kind();
                        problems.push(format!("{place}: no backup was made: {}", e.message()));
                    }
                }
            }
            let lines: Vec<String> = all.iter().map(told).collect();
            print_done(&self.form, &json!(all), &lines.join("\n"))?;
            match problems.is_empty() {
                true => Ok(()),
                false => Err(Error::new(kind, problems.join("\n"))),
            }
        })
    }

    async fn run_to(&self, ctx: &Ctx, place: &Address, keep: Keep, limits: Limits) -> Result<Done> {
        let to = match &self.to {
            Some(_) => self.reach.with_box(ctx, place).await?,
            None => Destination::known(ctx, place, &self.reach.dialer()?).await?,
        };
        run_target(ctx, to, keep, limits, show_progress()).await
    }
}

fn told(d: &Done) -> String {
    format!(
        "{}: done in {}, {} items of {} accounts, {} MB; new: {} items, {} MB",
        d.id,
        d.place,
        d.bodies,
        d.accounts,
        d.bytes >> 20,
        d.new_bodies,
        d.new_bytes >> 20
    )
}

/// A line that is written over, where somebody looks on.
fn show_progress() -> impl FnMut(u64, u64) + Send + 'static {
    let is_seen = std::io::stderr().is_terminal();
    let began = std::time::Instant::now();
    move |done, all| {
        if is_seen && all > 0 && done >= all {
            // What is written next begins in a line of its own.
            let _ = write!(std::io::stderr(), "\r{:30}\r", "");
        } else if is_seen && all > 0 && done > 0 {
            let left = began.elapsed().as_secs_f64() * (all.saturating_sub(done)) as f64 / done as f64;
            let percent = done * 100 / all;
            let _ = write!(std::io::stderr(), "\r{percent:3} %, about {left:.0} s left   ");
        }
    }
}

fn parse_time(text: &str) -> std::result::Result<u16, String> {
    let parts = text
        .split_once(':')
        .and_then(|(h, m)| Some((h.parse::<u16>().ok()?, m.parse::<u16>().ok()?)));
    match parts {
        Some((h, m)) if h < 24 && m < 60 => Ok(h * 60 + m),
        _ => Err("a time of day is like 02:30".to_owned()),
    }
}
