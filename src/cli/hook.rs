//! `hauspost hook <package> <event>`: what the scripts of packages call. Each event says in a sentence what it did, and
//! ends with one of the exit codes of all commands, so that a script need only pass both on.

use super::output::print_done;
use super::platform;
use super::{DataFolder, Form, WhoRuns, with_store};
use crate::appliance::setup;
use crate::appliance::upgrade::{
    copy_before_upgrade, copy_nightly, migrate_all, newest_copy, require_stopped,
};
use crate::base::{Clock, Error, Result, SystemClock};
use crate::daemon::is_root;
use crate::identity::Ctx;
use crate::store::layout::check_place;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lowercase")]
enum Package {
    Synology,
    Qnap,
    Cloudron,
    Univention,
    Debian,
    Oci,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lowercase")]
enum Event {
    /// Before the program is there: can the data live where it is to live?
    Preinst,
    /// The data folder is made, for its owner alone
    Postinst,
    /// A copy of everything, with which the older program can be started again
    Preupgrade,
    /// Every file is brought to the new form
    Postupgrade,
    /// May the server start: right version, a disk that is fit, room on it, nobody else on the data?
    Prestart,
    /// Has it ended?
    Poststop,
    /// In a container: what the environment names is set, then this becomes the server
    Start,
    /// A consistent copy of everything, where the platform's own backup finds it; needs --to
    Nightly,
    /// Nothing is removed; says what stays
    Preuninst,
    /// Nothing is removed; says what stays
    Postuninst,
}

#[derive(Args)]
pub struct Hook {
    /// What kind of package calls
    #[arg(value_enum)]
    package: Package,
    /// What happens
    #[arg(value_enum)]
    event: Event,
    /// For nightly: the folder that holds the copy; the one of the night before is replaced once the new one is whole
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    who: WhoRuns,
}

impl Hook {
    pub fn run(self) -> Result<()> {
        if self.event == Event::Start {
            return self.start();
        }
        self.who.assume(&self.data)?;
        let root = self.data.folder.clone();
        let at = root.display();
        match self.event {
            // What does not exist yet is not made by asking.
            Event::Preinst => {
                check_place(&root)?;
                self.say(&format!("{at} is a good place for the data"))
            }
            // Whichever program is called, the older one or the newer, nothing is migrated yet.
            Event::Preupgrade => {
                if !root.join("format").exists() {
                    return self.say(&format!("{at} holds no data yet; there is nothing to copy"));
                }
                let copy = copy_before_upgrade(&root, SystemClock.now_ms())?;
                self.say(&format!(
                    "everything as it is now is copied to {}",
                    copy.display()
                ))
            }
            Event::Nightly => {
                let to = self.to.as_deref();
                let to = to.ok_or_else(|| Error::invalid("nightly needs --to: where is the copy to be?"))?;
                copy_nightly(&root, to)?;
                self.say(&format!("everything as it is now is copied to {}", to.display()))
            }
            Event::Preuninst | Event::Postuninst => self.say(&format!(
                "all mail stays in {at}; remove that folder yourself when it is not needed any more"
            )),
            _ => with_store(&self.data, async |ctx| self.with_data(&ctx).await),
        }
    }

    /// Returns only when something is wrong.
    fn start(&self) -> Result<()> {
        let ask: platform::Environment = &platform::of_environment;
        let wishes = match self.package {
            Package::Cloudron => platform::cloudron(ask)?,
            Package::Univention => platform::univention(ask)?,
            _ => {
                return Err(Error::invalid(
                    "start is for cloudron and univention; others start hauspost serve",
                ));
            }
        };
        let certificates = ask("HAUSPOST_CERTIFICATES").map(PathBuf::from);
        let runtime = ask("HAUSPOST_RUNTIME").map_or_else(|| "/run/hauspost".into(), PathBuf::from);
        let (tls, copies) = match self.package {
            Package::Cloudron => platform::certificate(certificates.as_deref(), &runtime)?,
            // Who leaves hints is root; who removes them is not.
            _ => (Vec::new(), vec![platform::hints(ask)]),
        };
        if let Some(user) = self.who.run_as.as_ref().filter(|_| is_root()) {
            for path in [self.data.folder.clone()]
                .iter()
                .chain(&copies)
                .filter(|p| p.exists())
            {
                user.own(path)?;
            }
        }
        self.who.assume(&self.data)?;
        for sentence in with_store(&self.data, async |ctx| platform::fulfil(&ctx, &wishes).await)? {
            println!("{sentence}");
        }
        let data = ["--data".to_owned(), self.data.folder.display().to_string()];
        Err(platform::become_server(
            &[&data[..], &wishes.serve, &tls].concat(),
        ))
    }

    fn say(&self, sentence: &str) -> Result<()> {
        let (package, event) = (format!("{:?}", self.package), format!("{:?}", self.event));
        let value = json!({
            "package": package.to_lowercase(), "event": event.to_lowercase(),
            "version": env!("CARGO_PKG_VERSION"), "data": self.data.folder, "message": sentence,
        });
        print_done(&self.form, &value, sentence)
    }

    /// Opening the store has made what was missing, and checked version and disk.
    async fn with_data(&self, ctx: &Ctx) -> Result<()> {
        let at = self.data.folder.display();
        match self.event {
            Event::Postinst => {
                let code = setup::code(ctx).await?;
                let next = match code {
                    Some(code) => format!("; the set-up code is {code}"),
                    None => "; the office is set up already".to_owned(),
                };
                self.say(&format!("the data folder {at} is ready{next}"))
            }
            Event::Postupgrade => match migrate_all(ctx).await {
                Ok(n) => self.say(&format!(
                    "Hauspost {} can work with the data of {n} accounts in {at}",
                    env!("CARGO_PKG_VERSION")
                )),
                Err(e) => Err(go_back(ctx, e)),
            },
            Event::Prestart => {
                require_stopped(ctx)?;
                ctx.store.check_room(0)?;
                self.say(&format!("the server can start on {at}"))
            }
            _ => {
                require_stopped(ctx)?;
                self.say("the server has stopped")
            }
        }
    }
}

fn go_back(ctx: &Ctx, e: Error) -> Error {
    let way = match newest_copy(ctx) {
        Ok(Some(copy)) => format!(
            "install the older program again, and before it starts go back to the copy from before, {}: hauspost rollback",
            copy.display()
        ),
        _ => "install the older program again".to_owned(),
    };
    Error::unavailable(format!("the upgrade cannot be finished: {}; {way}", e.message())).caused_by(e)
}
