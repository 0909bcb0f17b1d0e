//! What every operation of a room is given: who asks, the store, the time.

use crate::base::{Clock, Error, Result, TimeMs};
use crate::model::{Account, AccountId};
use crate::store::Store;
use std::sync::Arc;

/// Who asks.
#[derive(Clone, Debug)]
pub enum Actor {
    /// The program itself: delivery, jobs, the command line.
    System,
    Account(Arc<Account>),
}

#[derive(Clone)]
pub struct Ctx {
    pub store: Arc<Store>,
    pub actor: Actor,
}

impl Ctx {
    pub fn system(store: &Arc<Store>) -> Ctx {
        Ctx {
            store: store.clone(),
            actor: Actor::System,
        }
    }

    pub fn of(store: &Arc<Store>, account: Arc<Account>) -> Ctx {
        Ctx {
            store: store.clone(),
            actor: Actor::Account(account),
        }
    }

    /// The program itself, on behalf of the actor, for what the caller has checked.
    pub fn as_system(&self) -> Ctx {
        Ctx::system(&self.store)
    }

    pub fn now_ms(&self) -> TimeMs {
        self.store.clock().now_ms()
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.store.clock()
    }

    /// The signed-in account. Errors: NotAuthenticated.
    pub fn account(&self) -> Result<&Arc<Account>> {
        match &self.actor {
            Actor::Account(a) => Ok(a),
            Actor::System => Err(Error::not_authenticated("please sign in")),
        }
    }

    /// Whether the actor may use everything in this account.
    pub fn is_owner(&self, account: AccountId) -> bool {
        match &self.actor {
            Actor::System => true,
            Actor::Account(a) => a.id == account,
        }
    }

    /// Errors: NotFound unless the actor may use everything in this account; a foreign account looks like a missing one.
    pub fn require_owner(&self, account: AccountId) -> Result<()> {
        match self.is_owner(account) {
            true => Ok(()),
            false => Err(Error::not_found("there is no such mailbox")),
        }
    }

    /// Errors: Forbidden.
    pub fn require_admin(&self) -> Result<()> {
        match &self.actor {
            Actor::System => Ok(()),
            Actor::Account(a) if a.is_admin => Ok(()),
            Actor::Account(_) => Err(Error::forbidden("only administrators may do this")),
        }
    }

    /// For logs and the audit: an address, or `system`.
    pub fn actor_name(&self) -> &str {
        match &self.actor {
            Actor::System => "system",
            Actor::Account(a) => &a.address,
        }
    }
}
