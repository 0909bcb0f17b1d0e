//! Signing in on a device without a browser: it shows a code, somebody types the code elsewhere. RFC 8628.

use super::Doorkeeper;
use super::sessions::token_hash;
use crate::base::{Kind, Result, TimeMs, random};
use crate::model::Account;
pub use crate::store::directory::device::DeviceCode;
use std::sync::Arc;

pub const LIFETIME_MS: TimeMs = 15 * 60 * 1000;
/// A device may ask this often.
pub const INTERVAL_MS: TimeMs = 5_000;

/// In the place of the number of somebody's sign-ins, which are counted from 0.
const DECLINED: i64 = -1;

/// What a device is told when it asks.
pub enum DeviceAnswer {
    /// Nobody has signed in yet.
    Pending,
    /// It asks too often.
    SlowDown,
    Expired,
    /// There is no such code, it was used already, or it is another program's.
    Unknown,
    /// Somebody has looked at what it asks for and said no.
    Declined,
    SignedIn {
        account: Arc<Account>,
        scope: String,
    },
}

/// Nine letters and digits in two groups, as they are typed: case, blanks and hyphens do not matter.
pub fn normal_user_code(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

impl Doorkeeper {
    /// Returns the device's secret and the code to be typed.
    pub async fn begin_device(&self, client_id: &str, scope: &str) -> Result<(String, String)> {
        let (token, now_ms) = (random::token(), self.store.clock().now_ms());
        let hash = token_hash(&token);
        // 45 bits, of which one guess in a quarter of an hour has to be the right one.
        let user_code: String = normal_user_code(&random::setup_code()).chars().take(9).collect();
        let device = DeviceCode {
            user_code: user_code.clone(),
            client_id: client_id.to_owned(),
            scope: scope.to_owned(),
            expires_at_ms: now_ms + LIFETIME_MS,
            asked_at_ms: 0,
            approved: None,
        };
        self.store
            .directory()
            .write(move |d| d.insert_device(&hash, &device, now_ms))
            .await?;
        Ok((token, user_code))
    }

    /// The device that shows this code, while it waits.
    pub async fn device(&self, user_code: &str) -> Result<Option<DeviceCode>> {
        let (code, now_ms) = (normal_user_code(user_code), self.store.clock().now_ms());
        let found = self
            .store
            .directory()
            .read(move |d| d.device_by_user_code(&code, now_ms))
            .await?;
        Ok(found.filter(|d| d.approved.is_none()))
    }

    /// Somebody has signed in for it. Returns whether it was still waiting.
    pub async fn approve_device(&self, user_code: &str, account: &Account) -> Result<bool> {
        let (code, id, generation) = (
            normal_user_code(user_code),
            account.id,
            account.sign_in_generation,
        );
        self.store
            .directory()
            .write(move |d| d.approve_device(&code, id, generation))
            .await
    }

    /// Somebody has signed in and does not agree.
    pub async fn decline_device(&self, user_code: &str, account: &Account) -> Result<()> {
        let (code, id) = (normal_user_code(user_code), account.id);
        self.store
            .directory()
            .write(move |d| d.approve_device(&code, id, DECLINED))
            .await?;
        Ok(())
    }

    /// The device asks.
    pub async fn ask_device(&self, token: &str, client_id: &str) -> Result<DeviceAnswer> {
        let (hash, now_ms) = (token_hash(token), self.store.clock().now_ms());
        let found = self
            .store
            .directory()
            .write(move |d| d.ask_device(&hash, now_ms))
            .await?;
        let Some(device) = found.filter(|d| d.client_id == client_id) else {
            return Ok(DeviceAnswer::Unknown);
        };
        if device.expires_at_ms <= now_ms {
            return Ok(DeviceAnswer::Expired);
        }
        let Some((id, generation)) = device.approved else {
            let is_early = now_ms - device.asked_at_ms < INTERVAL_MS - 1_000;
            return Ok(if is_early {
                DeviceAnswer::SlowDown
            } else {
                DeviceAnswer::Pending
            });
        };
        if generation == DECLINED {
            return Ok(DeviceAnswer::Declined);
        }
        match self.current(id).await {
            Ok(account) if account.sign_in_generation == generation => Ok(DeviceAnswer::SignedIn {
                account,
                scope: device.scope,
            }),
            Ok(_) => Ok(DeviceAnswer::Unknown),
            Err(e) if e.kind() == Kind::NotAuthenticated => Ok(DeviceAnswer::Unknown),
            Err(e) => Err(e),
        }
    }
}
