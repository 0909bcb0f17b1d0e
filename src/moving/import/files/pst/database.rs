//! Nodes and blocks of a data file of Outlook (MS-PST §2.2): two B-trees that find them, and the bytes of each, put together
//! from their blocks. Files of Outlook before 2003, since then, and of Outlook 2013's caches (`.ost`), whose pages are larger.

use super::damaged;
use crate::base::{Error, Result};
use flate2::read::ZlibDecoder;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

/// Bytes that are read for one item: a damaged file may name the same blocks over and over.
const MOST_READ: u64 = 512 << 20;
/// Pages that are kept.
const MOST_PAGES: usize = 4096;
/// Levels of a tree of pages.
const DEEPEST: usize = 12;
/// Of a block, unpacked.
const LARGEST_BLOCK: usize = 64 << 10;

/// How bytes of blocks are hidden (MS-PST §5.1): which byte each stands for.
const DECODE: [u8; 256] = [
    71, 241, 180, 230, 11, 106, 114, 72, 133, 78, 158, 235, 226, 248, 148, 83, 224, 187, 160, 2, 232, 90, 9,
    171, 219, 227, 186, 198, 124, 195, 16, 221, 57, 5, 150, 48, 245, 55, 96, 130, 140, 201, 19, 74, 107, 29,
    243, 251, 143, 38, 151, 202, 145, 23, 1, 196, 50, 45, 110, 49, 149, 255, 217, 35, 209, 0, 94, 121, 220,
    68, 59, 26, 40, 197, 97, 87, 32, 144, 61, 131, 185, 67, 190, 103, 210, 70, 66, 118, 192, 109, 91, 126,
    178, 15, 22, 41, 60, 169, 3, 84, 13, 218, 93, 223, 246, 183, 199, 98, 205, 141, 6, 211, 105, 92, 134,
    214, 20, 247, 165, 102, 117, 172, 177, 233, 69, 33, 112, 12, 135, 159, 116, 164, 34, 76, 111, 191, 31,
    86, 170, 46, 179, 120, 51, 80, 176, 163, 146, 188, 207, 25, 28, 167, 99, 203, 30, 77, 62, 75, 27, 155,
    79, 231, 240, 238, 173, 58, 181, 89, 4, 234, 64, 85, 37, 81, 229, 122, 137, 56, 104, 82, 123, 252, 39,
    174, 215, 189, 250, 7, 244, 204, 142, 95, 239, 53, 156, 132, 43, 21, 213, 119, 52, 73, 182, 18, 10, 127,
    113, 136, 253, 157, 24, 65, 125, 147, 216, 88, 44, 206, 254, 36, 175, 222, 184, 54, 200, 161, 128, 166,
    153, 152, 168, 47, 14, 129, 101, 115, 228, 194, 162, 138, 212, 225, 17, 208, 8, 139, 42, 242, 237, 154,
    100, 63, 193, 108, 249, 236,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Numbers of 32 bits.
    Ansi,
    /// Of 64.
    Unicode,
    /// Of 64, in larger pages, and blocks may be packed.
    Large,
}

/// Where a node's bytes are, and those of the nodes in it; 0: nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub data: u64,
    pub sub: u64,
}

struct Page {
    entries: Vec<u8>,
    entry_size: usize,
    level: u8,
}

pub struct Database {
    file: File,
    form: Form,
    is_hidden: bool,
    nodes_at: u64,
    blocks_at: u64,
    left: u64,
    pages: HashMap<u64, Rc<Page>>,
}

/// A number of up to eight bytes, the smallest first; 0 where there are none.
pub fn number(raw: &[u8], at: usize, size: usize) -> u64 {
    let bytes = raw.get(at..at + size).unwrap_or_default();
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

impl Database {
    /// Errors: Invalid, also for files that only their owner's password or company opens.
    pub fn open(path: &Path) -> Result<Database> {
        let mut file = File::open(path)?;
        let mut head = [0; 520];
        let is_short = file.read_exact(&mut head).is_err();
        if is_short || &head[..4] != b"!BDN" {
            return Err(Error::invalid("it is no data file of Outlook"));
        }
        let form = match number(&head, 10, 2) {
            14 | 15 => Form::Ansi,
            23 => Form::Unicode,
            36.. => Form::Large,
            other => {
                return Err(Error::invalid(format!(
                    "it is a data file of Outlook in a form that is not known ({other})"
                )));
            }
        };
        let (nodes_at, blocks_at, hidden) = match form {
            Form::Ansi => (number(&head, 188, 4), number(&head, 196, 4), head[461]),
            _ => (number(&head, 224, 8), number(&head, 240, 8), head[513]),
        };
        if hidden > 1 {
            return Err(Error::invalid(
                "it is encrypted; in Outlook, export it anew into a .pst without encryption",
            ));
        }
        Ok(Database {
            file,
            form,
            is_hidden: hidden == 1,
            nodes_at,
            blocks_at,
            left: MOST_READ,
            pages: HashMap::new(),
        })
    }

    pub fn form(&self) -> Form {
        self.form
    }

    /// Another item may be read.
    pub fn begin(&mut self) {
        self.left = MOST_READ;
    }

    fn read(&mut self, at: u64, size: usize) -> Result<Vec<u8>> {
        let left = self.left.checked_sub(size as u64);
        self.left = left.ok_or_else(|| damaged("an item in it has no end"))?;
        let mut out = vec![0; size];
        self.file.seek(SeekFrom::Start(at))?;
        self.file
            .read_exact(&mut out)
            .map_err(|e| damaged("it is shorter than it should be").caused_by(e))?;
        Ok(out)
    }

    fn page(&mut self, at: u64) -> Result<Rc<Page>> {
        if let Some(page) = self.pages.get(&at) {
            return Ok(page.clone());
        }
        let (size, room) = match self.form {
            Form::Ansi => (512, 496),
            Form::Unicode => (512, 488),
            Form::Large => (4096, 4056),
        };
        let mut raw = self.read(at, size)?;
        let (count, entry_size, level) = match self.form {
            Form::Large => (number(&raw, room, 2), usize::from(raw[room + 4]), raw[room + 5]),
            _ => (u64::from(raw[room]), usize::from(raw[room + 2]), raw[room + 3]),
        };
        let used = count as usize * entry_size;
        if entry_size < 8 || used > room {
            return Err(damaged("a page of its index"));
        }
        raw.truncate(used);
        let page = Rc::new(Page {
            entries: raw,
            entry_size,
            level,
        });
        if self.pages.len() >= MOST_PAGES {
            self.pages.clear();
        }
        self.pages.insert(at, page.clone());
        Ok(page)
    }

    fn width(&self) -> usize {
        match self.form {
            Form::Ansi => 4,
            _ => 8,
        }
    }

    /// The entry of a leaf.
    fn find(&mut self, root: u64, key: u64, mask: u64) -> Result<Option<Vec<u8>>> {
        let (mut at, width) = (root, self.width());
        for _ in 0..DEEPEST {
            let page = self.page(at)?;
            let key_of = |entry: &[u8]| number(entry, 0, width) & mask;
            let mut entries = page.entries.chunks_exact(page.entry_size);
            if page.level == 0 {
                return Ok(entries.find(|e| key_of(e) == key).map(<[u8]>::to_vec));
            }
            // Each says the first key of what is below it.
            let Some(next) = entries.take_while(|e| key_of(e) <= key).last() else {
                return Ok(None);
            };
            at = number(next, 2 * width, width);
        }
        Err(damaged("its index is too deep"))
    }

    /// Errors: NotFound.
    pub fn node(&mut self, id: u32) -> Result<Node> {
        let width = self.width();
        let entry = self.find(self.nodes_at, u64::from(id), 0xFFFF_FFFF)?;
        let entry = entry.ok_or_else(|| Error::not_found("it names something that is not in it"))?;
        Ok(Node {
            data: number(&entry, width, width),
            sub: number(&entry, 2 * width, width),
        })
    }

    /// One block as it is, unpacked and readable.
    fn block(&mut self, id: u64) -> Result<Vec<u8>> {
        let width = self.width();
        let entry = self.find(self.blocks_at, id & !1, !1)?;
        let entry = entry.ok_or_else(|| damaged("a block is not in its index"))?;
        let at = number(&entry, width, width);
        let size = number(&entry, 2 * width, 2) as usize;
        let mut raw = self.read(at, size)?;
        if self.form == Form::Large && number(&entry, 2 * width + 2, 2) as usize != size {
            let mut out = Vec::new();
            let unpacked = ZlibDecoder::new(&raw[..])
                .take(LARGEST_BLOCK as u64)
                .read_to_end(&mut out);
            unpacked.map_err(|e| damaged("a packed block").caused_by(e))?;
            let left = self.left.checked_sub(out.len() as u64);
            self.left = left.ok_or_else(|| damaged("an item in it has no end"))?;
            raw = out;
        }
        // Lists of blocks are never hidden.
        if self.is_hidden && id & 2 == 0 {
            raw.iter_mut().for_each(|b| *b = DECODE[usize::from(*b)]);
        }
        Ok(raw)
    }

    /// The blocks of a node's bytes, in their order.
    pub fn blocks(&mut self, id: u64) -> Result<Vec<Vec<u8>>> {
        let mut out = Vec::new();
        if id & !1 != 0 {
            self.gather(id, 0, &mut out)?;
        }
        Ok(out)
    }

    fn gather(&mut self, id: u64, depth: usize, out: &mut Vec<Vec<u8>>) -> Result<()> {
        let raw = self.block(id)?;
        if id & 2 == 0 {
            out.push(raw);
            return Ok(());
        }
        if raw.first() != Some(&1) || depth > 2 {
            return Err(damaged("a list of blocks"));
        }
        let (count, width) = (number(&raw, 2, 2) as usize, self.width());
        for entry in raw.get(8..).unwrap_or_default().chunks_exact(width).take(count) {
            self.gather(number(entry, 0, width), depth + 1, out)?;
        }
        Ok(())
    }

    pub fn bytes(&mut self, id: u64) -> Result<Vec<u8>> {
        Ok(self.blocks(id)?.concat())
    }

    /// The nodes within a node.
    pub fn nodes_in(&mut self, sub: u64) -> Result<HashMap<u32, Node>> {
        let mut out = HashMap::new();
        if sub & !1 != 0 {
            self.gather_nodes(sub, 0, &mut out)?;
        }
        Ok(out)
    }

    fn gather_nodes(&mut self, id: u64, depth: usize, out: &mut HashMap<u32, Node>) -> Result<()> {
        let raw = self.block(id)?;
        if raw.first() != Some(&2) || depth > 2 {
            return Err(damaged("a list of nodes"));
        }
        let (level, count) = (raw.get(1).copied().unwrap_or(0), number(&raw, 2, 2) as usize);
        let width = self.width();
        let head = if self.form == Form::Ansi { 4 } else { 8 };
        let size = if level == 0 { 3 * width } else { 2 * width };
        for entry in raw.get(head..).unwrap_or_default().chunks_exact(size).take(count) {
            let first = number(entry, width, width);
            if level == 0 {
                let sub = number(entry, 2 * width, width);
                out.insert(number(entry, 0, 4) as u32, Node { data: first, sub });
            } else {
                self.gather_nodes(first, depth + 1, out)?;
            }
        }
        Ok(())
    }
}
