//! Passkeys with a key of our own in the place of a device.

use super::Ctx;
use super::accounts::{AccountChange, NewAccount, NewPassword, change_account, create_account};
use super::doorkeeper::{Doorkeeper, Via};
use super::passkeys::{Made, Place, Shown, list_passkeys, remove_passkey, rename_passkey};
use crate::base::clock::FixedClock;
use crate::base::{Kind, random};
use crate::model::{Account, AccountKind, AccountState};
use crate::store::{Options, Store};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData, SigningKey};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

struct Device {
    key: KeyPair,
    name: Vec<u8>,
    place: Place,
}

impl Device {
    fn new(name: &[u8]) -> Device {
        Device {
            key: KeyPair::generate().unwrap(),
            name: name.to_vec(),
            place: Place {
                name: "mail.example.test".into(),
                origin: "https://mail.example.test".into(),
            },
        }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        let origin = &self.place.origin;
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"}}"#).into_bytes()
    }

    fn says(&self, flags: u8, counter: u32) -> Vec<u8> {
        let mut data = Sha256::digest(self.place.name.as_bytes()).to_vec();
        data.push(flags);
        data.extend(counter.to_be_bytes());
        data
    }

    fn makes(&self, challenge: &str) -> Made {
        let mut data = self.says(69, 0);
        data.extend([0; 16]);
        data.extend((self.name.len() as u16).to_be_bytes());
        data.extend(&self.name);
        Made {
            client_data: self.client_data("webauthn.create", challenge),
            authenticator_data: data,
            public_key: self.key.subject_public_key_info(),
            label: "Notebook".into(),
        }
    }

    fn shows(&self, challenge: &str, counter: u32) -> Shown {
        self.signs(self.client_data("webauthn.get", challenge), self.says(5, counter))
    }

    fn signs(&self, client_data: Vec<u8>, authenticator_data: Vec<u8>) -> Shown {
        let signed = [&authenticator_data[..], &Sha256::digest(&client_data)[..]].concat();
        Shown {
            credential: self.name.clone(),
            signature: self.key.sign(&signed).unwrap(),
            client_data,
            authenticator_data,
        }
    }
}

struct House {
    root: std::path::PathBuf,
    doorkeeper: Arc<Doorkeeper>,
    system: Ctx,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn via() -> Via {
    Via {
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        door: "page",
        takes_app_passwords: false,
    }
}

impl House {
    async fn new() -> House {
        let root = std::env::temp_dir().join(format!("hauspost-passkeys-{}", random::short_id()));
        let clock = Arc::new(FixedClock::at(1_900_000_000_000));
        let store = Store::open(&root, Options::default(), clock).unwrap();
        let system = Ctx::system(&store);
        super::domains::add_domain(&system, "example.test").await.unwrap();
        House {
            root,
            doorkeeper: Doorkeeper::new(store),
            system,
        }
    }

    async fn person(&self, address: &str) -> Account {
        let person = NewAccount {
            address: address.into(),
            kind: AccountKind::Person,
            display_name: String::new(),
            language: "de".into(),
            is_admin: false,
            password: NewPassword::None,
        };
        create_account(&self.system, person).await.unwrap()
    }

    async fn add(&self, account: &Account, device: &Device) -> crate::base::Result<()> {
        let (challenge, _) = self.doorkeeper.begin_passkey(account, &device.place).await?;
        let made = device.makes(&challenge);
        self.doorkeeper.add_passkey(account, &device.place, made).await
    }

    async fn sign_in(&self, shown: Shown, place: &Place) -> Result<Arc<Account>, Kind> {
        let signed_in = self.doorkeeper.sign_in_by_passkey(place, shown, via()).await;
        signed_in.map_err(|e| e.kind())
    }

    fn challenge(&self, place: &Place) -> String {
        self.doorkeeper.ask_for_passkey(place).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_lets_its_owner_in_and_nothing_else_does() {
    let house = House::new().await;
    let (anna, device) = (house.person("anna@example.test").await, Device::new(b"one"));
    house.add(&anna, &device).await.unwrap();
    let place = device.place.clone();

    let first = house.challenge(&place);
    let shown = house.sign_in(device.shows(&first, 5), &place).await;
    assert_eq!(shown.unwrap().id, anna.id);
    let again = house.sign_in(device.shows(&first, 6), &place).await;
    assert_eq!(
        again.unwrap_err(),
        Kind::NotAuthenticated,
        "a question is answered once"
    );
    let copied = house
        .sign_in(device.shows(&house.challenge(&place), 5), &place)
        .await;
    assert_eq!(
        copied.unwrap_err(),
        Kind::NotAuthenticated,
        "the number has to rise"
    );

    // Signed for somewhere else, though by the right key.
    let mut elsewhere = Device::new(b"one");
    elsewhere.key = device.key;
    elsewhere.place.origin = "https://mail.example.test.evil.test".into();
    let shown = elsewhere.shows(&house.challenge(&place), 7);
    assert_eq!(
        house.sign_in(shown, &place).await.unwrap_err(),
        Kind::NotAuthenticated
    );
    elsewhere.place = place.clone();

    let foreign = Device::new(b"one");
    let shown = foreign.shows(&house.challenge(&place), 8);
    assert_eq!(
        house.sign_in(shown, &place).await.unwrap_err(),
        Kind::NotAuthenticated
    );
    // Each signed by the right key: nobody verified, nobody present, another name, another kind of answer, another challenge.
    let other_name = Sha256::digest(b"evil.test").to_vec();
    let made_ourselves = URL_SAFE_NO_PAD.encode([7; 56]);
    let broken: [(&str, &str, Vec<u8>); 5] = [
        ("webauthn.get", "", elsewhere.says(1, 9)),
        ("webauthn.get", "", elsewhere.says(4, 9)),
        (
            "webauthn.get",
            "",
            [other_name, elsewhere.says(5, 9)[32..].to_vec()].concat(),
        ),
        ("webauthn.create", "", elsewhere.says(5, 9)),
        ("webauthn.get", &made_ourselves, elsewhere.says(5, 9)),
    ];
    for (n, (kind, challenge, data)) in broken.into_iter().enumerate() {
        let asked = house.challenge(&place);
        let challenge = if challenge.is_empty() { &asked } else { challenge };
        let shown = elsewhere.signs(elsewhere.client_data(kind, challenge), data);
        assert_eq!(
            house.sign_in(shown, &place).await.unwrap_err(),
            Kind::NotAuthenticated,
            "{n}"
        );
    }

    let shown = elsewhere.shows(&house.challenge(&place), 10);
    assert!(house.sign_in(shown, &place).await.is_ok());
    let off = AccountChange {
        state: Some(AccountState::Disabled),
        ..AccountChange::default()
    };
    change_account(&house.system, anna.id, off).await.unwrap();
    let shown = elsewhere.shows(&house.challenge(&place), 11);
    assert_eq!(
        house.sign_in(shown, &place).await.unwrap_err(),
        Kind::NotAuthenticated
    );
}

#[tokio::test(start_paused = true)]
async fn passkeys_are_their_owners_and_not_too_many() {
    let house = House::new().await;
    let (anna, ben) = (
        house.person("anna@example.test").await,
        house.person("ben@example.test").await,
    );
    let place = Device::new(b"x").place;
    let mut begun = Vec::new();
    for _ in 0..21 {
        begun.push(house.doorkeeper.begin_passkey(&anna, &place).await.unwrap().0);
    }
    for (n, challenge) in begun.iter().enumerate() {
        let made = Device::new(&[n as u8]).makes(challenge);
        let added = house.doorkeeper.add_passkey(&anna, &place, made).await;
        assert_eq!(added.is_ok(), n < 20, "{n}");
    }
    // A question for somebody else's passkey makes none.
    let (challenge, _) = house.doorkeeper.begin_passkey(&ben, &place).await.unwrap();
    let made = Device::new(b"ben").makes(&challenge);
    assert!(house.doorkeeper.add_passkey(&anna, &place, made).await.is_err());

    let annas = house.doorkeeper.ctx(Arc::new(anna.clone()));
    let bens = house.doorkeeper.ctx(Arc::new(ben));
    let one = list_passkeys(&annas).await.unwrap().remove(0);
    assert_eq!(
        rename_passkey(&bens, one.id, "Meins").await.unwrap_err().kind(),
        Kind::NotFound
    );
    assert_eq!(
        remove_passkey(&bens, one.id).await.unwrap_err().kind(),
        Kind::NotFound
    );

    // Who gives somebody a new password does not trust what there was.
    let change = AccountChange {
        password: Some("ganz-anders-jetzt".into()),
        ..AccountChange::default()
    };
    change_account(&house.system, anna.id, change).await.unwrap();
    assert!(list_passkeys(&annas).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn guessing_is_refused_and_fills_no_memory() {
    let house = House::new().await;
    let device = Device::new(b"nobody's");
    let mut kinds = Vec::new();
    for counter in 0..40 {
        let challenge = house.challenge(&device.place);
        let shown = device.shows(&challenge, counter);
        kinds.push(house.sign_in(shown, &device.place).await.unwrap_err());
    }
    assert_eq!(kinds[0], Kind::NotAuthenticated);
    assert_eq!(kinds[39], Kind::Busy);
    assert_eq!(
        URL_SAFE_NO_PAD
            .decode(house.challenge(&device.place))
            .unwrap()
            .len(),
        56
    );
}
