//! What a folder is for, by its name: for sources that do not say it (RFC 6154), in the languages of Europe's mail programs.

use super::source::SourceFolder;
use crate::model::Role;

/// Lower case. Names that mean something else in another language are left out.
const NAMES: [(Role, &[&str]); 5] = [
    (
        Role::Sent,
        &[
            "sent",
            "sent items",
            "sent messages",
            "sent mail",
            "sent-mail",
            "gesendet",
            "gesendete elemente",
            "gesendete objekte",
            "gesendete nachrichten",
            "gesendete mails",
            "postausgang gesendet",
            "éléments envoyés",
            "messages envoyés",
            "envoyés",
            "objets envoyés",
            "elementos enviados",
            "enviados",
            "mensajes enviados",
            "posta inviata",
            "inviata",
            "elementi inviati",
            "inviati",
            "verzonden",
            "verzonden items",
            "verzonden berichten",
            "itens enviados",
            "enviadas",
            "mensagens enviadas",
            "sendte elementer",
            "sendt",
            "sendt post",
            "skickat",
            "skickade objekt",
            "lähetetyt",
            "lähetetyt kohteet",
            "wysłane",
            "elementy wysłane",
            "odeslané",
            "odeslaná pošta",
            "odoslané",
            "elküldött",
            "elküldött elemek",
            "отправленные",
            "надіслані",
            "gönderilmiş öğeler",
            "trimise",
            "poslano",
            "poslane stavke",
        ],
    ),
    (
        Role::Drafts,
        &[
            "drafts",
            "draft",
            "entwürfe",
            "entwurf",
            "brouillons",
            "borradores",
            "bozze",
            "concepten",
            "rascunhos",
            "kladder",
            "kladde",
            "utkast",
            "luonnokset",
            "wersje robocze",
            "szkice",
            "koncepty",
            "rozepsané",
            "piszkozatok",
            "черновики",
            "чернетки",
            "taslaklar",
            "ciorne",
            "skice",
            "osnutki",
        ],
    ),
    (
        Role::Trash,
        &[
            "trash",
            "deleted items",
            "deleted messages",
            "deleted",
            "bin",
            "papierkorb",
            "gelöschte elemente",
            "gelöschte objekte",
            "gelöschte nachrichten",
            "gelöscht",
            "corbeille",
            "éléments supprimés",
            "messages supprimés",
            "papelera",
            "elementos eliminados",
            "cestino",
            "posta eliminata",
            "elementi eliminati",
            "prullenbak",
            "verwijderde items",
            "verwijderd",
            "lixo",
            "lixeira",
            "itens excluídos",
            "slettet post",
            "slettede elementer",
            "papirkurv",
            "papperskorgen",
            "borttaget",
            "roskakori",
            "poistetut",
            "kosz",
            "elementy usunięte",
            "koš",
            "odstraněná pošta",
            "kôš",
            "kuka",
            "törölt elemek",
            "корзина",
            "удаленные",
            "кошик",
            "çöp kutusu",
            "silinmiş öğeler",
            "gunoi",
            "smeće",
            "smetnjak",
        ],
    ),
    (
        Role::Junk,
        &[
            "junk",
            "junk e-mail",
            "junk email",
            "junk mail",
            "spam",
            "bulk mail",
            "spamverdacht",
            "unerwünscht",
            "unerwünschte werbung",
            "courrier indésirable",
            "indésirables",
            "pourriel",
            "correo no deseado",
            "posta indesiderata",
            "ongewenste e-mail",
            "ongewenst",
            "lixo eletrônico",
            "lixo eletrónico",
            "uønsket e-post",
            "uønsket mail",
            "skräppost",
            "roskaposti",
            "wiadomości-śmieci",
            "nevyžádaná pošta",
            "levélszemét",
            "спам",
            "нежелательная почта",
            "gereksiz",
            "istenmeyen e-posta",
        ],
    ),
    (
        Role::Archive,
        &[
            "archive",
            "archives",
            "archiv",
            "archivo",
            "archivio",
            "archief",
            "arquivo",
            "arkiv",
            "arkisto",
            "archiwum",
            "archív",
            "архив",
            "архів",
            "arşiv",
            "arhiva",
        ],
    ),
];

/// By one name, without what is above it.
pub fn role_of_name(name: &str) -> Option<Role> {
    let name = name.trim().to_lowercase();
    let found = NAMES.iter().find(|(_, names)| names.contains(&name.as_str()));
    found.map(|(role, _)| *role)
}

/// Gives those folders their roles that do not say it themselves: at the top, or right below the inbox, and each role once.
pub fn assign(folders: &mut [SourceFolder]) {
    for folder in folders.iter_mut() {
        if folder.path.eq_ignore_ascii_case("INBOX") {
            folder.role = Some(Role::Inbox);
        }
    }
    let mut taken: Vec<Role> = folders.iter().filter_map(|f| f.role).collect();
    for folder in folders.iter_mut().filter(|f| f.role.is_none()) {
        let name = folder.path.strip_prefix("INBOX/").unwrap_or(&folder.path);
        if let Some(role) = role_of_name(name)
            && !taken.contains(&role)
        {
            taken.push(role);
            folder.role = Some(role);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_found_in_many_languages_and_given_once() {
        for (name, role) in [
            ("Gesendete Elemente", Role::Sent),
            ("Éléments envoyés", Role::Sent),
            ("Sent Items", Role::Sent),
            ("Papelera", Role::Trash),
            ("Koš", Role::Trash),
            ("ENTWÜRFE", Role::Drafts),
        ] {
            assert_eq!(role_of_name(name), Some(role), "{name}");
        }
        assert_eq!(role_of_name("Kunden"), None);
        let folder = |path: &str, role| SourceFolder {
            path: path.into(),
            role,
            ..SourceFolder::default()
        };
        let mut all = [
            folder("inbox", None),
            folder("Gesendet", None),
            folder("Sent", Some(Role::Sent)),
            folder("INBOX/Trash", None),
            folder("Projekte/Trash", None),
        ];
        assign(&mut all);
        let roles: Vec<Option<Role>> = all.iter().map(|f| f.role).collect();
        assert_eq!(
            roles,
            [Some(Role::Inbox), None, Some(Role::Sent), Some(Role::Trash), None]
        );
    }

    #[test]
    fn no_name_means_two_things() {
        let mut all: Vec<&str> = NAMES
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        all.sort_unstable();
        let before = all.len();
        all.dedup();
        assert_eq!(all.len(), before);
        assert!(all.iter().all(|n| *n == n.to_lowercase()));
    }
}
