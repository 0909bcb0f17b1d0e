//! Where the folders of a source go: by what they are for, else by their path.

use super::Options;
use super::roles::role_of_name;
use super::source::SourceFolder;
use crate::base::{Error, Result, text};
use crate::identity::Ctx;
use crate::mail::{FolderTree, create_folder, list_folders, subscribe_folder};
use crate::model::folder::{MAX_DEPTH, MAX_NAME_BYTES};
use crate::model::object::CollectionProperties;
use crate::model::{Account, FolderId, FolderKind, Role};
use crate::objects::collections::{create_collection, list_collections};
use std::collections::HashMap;

/// A folder of ours.
#[derive(Clone, Debug)]
pub struct Target {
    pub folder_id: FolderId,
    pub path: String,
}

pub struct Places<'a> {
    ctx: &'a Ctx,
    account: &'a Account,
    options: &'a Options,
    tree: FolderTree,
    /// Of the source, by path.
    roles: HashMap<String, Role>,
}

impl<'a> Places<'a> {
    pub async fn load(ctx: &'a Ctx, account: &'a Account, options: &'a Options) -> Result<Places<'a>> {
        Ok(Places {
            ctx,
            account,
            options,
            tree: list_folders(ctx, account.id).await?,
            roles: HashMap::new(),
        })
    }

    /// What the source's folders are for: that of one decides about those below it.
    pub fn note_roles(&mut self, folders: &[SourceFolder]) {
        let mail = folders.iter().filter(|f| f.kind == FolderKind::Mail);
        self.roles = mail
            .clone()
            .filter_map(|f| Some((f.path.clone(), f.role?)))
            .collect();
        // A folder that holds only others need not be one there.
        for top in mail.filter_map(|f| f.path.split_once('/').map(|(top, _)| top)) {
            if let Some(role) = role_of_name(top)
                && !self.roles.values().any(|r| *r == role)
            {
                self.roles.insert(top.to_owned(), role);
            }
        }
    }

    /// Whether it is to come.
    pub fn is_wanted(&self, path: &str) -> bool {
        self.options.folders.is_empty() || self.chosen(path).is_some()
    }

    fn chosen(&self, path: &str) -> Option<&(String, Option<String>)> {
        self.options.folders.iter().find(|(there, _)| {
            path.strip_prefix(there.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// The path here of a mail folder there.
    fn path_of(&self, folder: &SourceFolder) -> String {
        let path = folder.path.as_str();
        if let Some((there, Some(here))) = self.chosen(path) {
            return clean(&format!("{here}{}", &path[there.len()..]));
        }
        if let Some(into) = &self.options.into {
            return clean(&format!("{into}/{path}"));
        }
        let mut above = path;
        loop {
            if let Some(role) = self.roles.get(above)
                && let Some((ours, _)) = self.tree.by_role(*role)
            {
                return clean(&format!("{ours}{}", &path[above.len()..]));
            }
            match above.rsplit_once('/') {
                Some((shorter, _)) => above = shorter,
                None => return clean(path),
            }
        }
    }

    /// None: there is none yet, and none was to be made.
    pub async fn find(&mut self, folder: &SourceFolder, makes: bool) -> Result<Option<Target>> {
        match folder.kind {
            FolderKind::Mail => self.find_mail(folder, makes).await,
            _ => self.find_collection(folder, makes).await,
        }
    }

    async fn find_mail(&mut self, folder: &SourceFolder, makes: bool) -> Result<Option<Target>> {
        let path = self.path_of(folder);
        if let Some(found) = self.tree.find(&path) {
            let folder_id = found.id;
            return Ok(Some(Target { folder_id, path }));
        }
        if !makes {
            return Ok(None);
        }
        let folder_id = create_folder(self.ctx, self.account.id, &path, None).await?;
        if !folder.is_subscribed {
            subscribe_folder(self.ctx, self.account.id, folder_id, false).await?;
        }
        self.tree = list_folders(self.ctx, self.account.id).await?;
        Ok(Some(Target { folder_id, path }))
    }

    async fn find_collection(&self, folder: &SourceFolder, makes: bool) -> Result<Option<Target>> {
        let name = match self.chosen(&folder.path) {
            Some((_, Some(here))) => here.clone(),
            _ => folder.path.clone(),
        };
        let all = list_collections(self.ctx, self.account.id, &[folder.kind]).await?;
        let same = |shown: &str| shown.to_lowercase() == name.to_lowercase();
        // What is read from elsewhere is there only as long as it is there: nothing else is put into it.
        let (fed, all): (Vec<_>, Vec<_>) = all.into_iter().partition(|c| c.feed.is_some());
        let is_named = matches!(self.chosen(&folder.path), Some((_, Some(_))));
        if is_named && fed.iter().any(|c| same(c.display_name()) || same(&c.folder.name)) {
            return Err(Error::forbidden(format!(
                "»{name}« is read from elsewhere, and nothing is put into it; name another calendar"
            )));
        }
        let found = all.iter().find(|c| same(c.display_name()));
        let found = found.or_else(|| all.iter().find(|c| same(&c.folder.name)));
        if let Some(found) = found {
            return Ok(Some(Target {
                folder_id: found.folder.id,
                path: name,
            }));
        }
        if !makes {
            return Ok(None);
        }
        let mut address = address_of(&name);
        let kinds = [
            FolderKind::Calendar,
            FolderKind::TaskList,
            FolderKind::AddressBook,
        ];
        let taken = list_collections(self.ctx, self.account.id, &kinds).await?;
        while taken.iter().any(|c| c.folder.name == address) || address == "inbox" {
            address.push_str("-2");
        }
        let properties = CollectionProperties {
            display_name: Some(name.clone()),
            ..folder.properties.clone()
        };
        let made = create_collection(
            self.ctx,
            self.account.id,
            folder.kind,
            &address,
            properties,
            Vec::new(),
        );
        Ok(Some(Target {
            folder_id: made.await?,
            path: name,
        }))
    }
}

/// A path that our folders can have.
fn clean(path: &str) -> String {
    let mut levels: Vec<String> = path
        .split('/')
        .map(clean_level)
        .filter(|l| !l.is_empty())
        .collect();
    if levels.len() > MAX_DEPTH {
        let rest = levels.split_off(MAX_DEPTH - 1).join(".");
        levels.push(text::cut(&rest, MAX_NAME_BYTES).to_owned());
    }
    match levels.is_empty() {
        true => "_".to_owned(),
        false => levels.join("/"),
    }
}

fn clean_level(level: &str) -> String {
    let level: String = level
        .chars()
        .map(|c| if c.is_control() { '_' } else { c })
        .collect();
    text::cut(level.trim(), MAX_NAME_BYTES).to_owned()
}

/// The last part of a collection's address, made from its name.
fn address_of(name: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    let plain = text::cut(plain.trim_matches('-'), 100).to_owned();
    if plain.is_empty() {
        "imported".to_owned()
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_fit() {
        assert_eq!(clean("a//b\u{7}/ c "), "a/b_/c");
        assert_eq!(clean("/"), "_");
        assert_eq!(clean(&"x/".repeat(40)).split('/').count(), MAX_DEPTH);
        assert_eq!(address_of("Büro (Team)"), "büro--team");
        assert_eq!(address_of("///"), "imported");
    }
}
