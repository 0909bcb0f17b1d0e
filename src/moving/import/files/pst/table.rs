//! What lies in a node of a data file of Outlook (MS-PST §2.3): a heap of small pieces, and in it the properties of one thing, or a
//! table with those of many.

use super::damaged;
use super::database::{Database, Form, Node, number};
use crate::base::Result;
use crate::formats::mime::text::decode_charset;
use crate::moving::import::files::mapi::{self, Properties};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Entries of one heap's tree, and rows of a table.
const MOST: usize = 5_000_000;

struct Heap {
    blocks: Vec<Vec<u8>>,
    form: Form,
    nodes: HashMap<u32, Node>,
}

impl Heap {
    /// With the place of its first piece.
    fn read(db: &mut Database, node: Node, client: u8) -> Result<(Heap, u32)> {
        let heap = Heap {
            blocks: db.blocks(node.data)?,
            form: db.form(),
            nodes: db.nodes_in(node.sub)?,
        };
        let head = heap.blocks.first().map(Vec::as_slice).unwrap_or_default();
        if head.get(2..4) != Some(&[0xEC, client]) {
            return Err(damaged("something else lies where properties should be"));
        }
        let root = number(head, 4, 4) as u32;
        Ok((heap, root))
    }

    /// Empty, when there is none.
    fn piece(&self, id: u32) -> &[u8] {
        let (index, block) = match self.form {
            Form::Large => ((id >> 5) & 0x3FFF, id >> 19),
            _ => ((id >> 5) & 0x7FF, id >> 16),
        };
        let Some(block) = self.blocks.get(block as usize).filter(|_| index > 0) else {
            return &[];
        };
        let map = number(block, 0, 2) as usize;
        if u64::from(index) > number(block, map, 2) {
            return &[];
        }
        let at = map + 4 + 2 * (index as usize - 1);
        let (start, end) = (number(block, at, 2) as usize, number(block, at + 2, 2) as usize);
        block.get(start..end).unwrap_or_default()
    }

    /// Every entry of a tree: key and value.
    fn tree(&self, id: u32) -> Result<Vec<(&[u8], &[u8])>> {
        let head = self.piece(id);
        if head.len() < 8 || head[0] != 0xB5 {
            return Err(damaged("an index of properties"));
        }
        let (key, value, levels) = (usize::from(head[1]), usize::from(head[2]), head[3]);
        if key == 0 || levels > 8 {
            return Err(damaged("an index of properties"));
        }
        let mut pieces = vec![number(head, 4, 4) as u32];
        for _ in 0..levels {
            let below = pieces.iter().flat_map(|id| self.piece(*id).chunks_exact(key + 4));
            pieces = below.map(|e| number(e, key, 4) as u32).take(MOST).collect();
        }
        let entries = pieces
            .iter()
            .flat_map(|id| self.piece(*id).chunks_exact(key + value));
        Ok(entries.map(|e| e.split_at(key)).take(MOST).collect())
    }

    /// A value that lies elsewhere: in the heap, or in a node of its own.
    fn value(&self, db: &mut Database, id: u32) -> Result<Vec<u8>> {
        if id & 0x1F == 0 {
            return Ok(self.piece(id).to_vec());
        }
        match self.nodes.get(&id) {
            Some(node) => db.bytes(node.data),
            None => Err(damaged("a value is not in it")),
        }
    }
}

/// Bytes that a value of this type has in its place; None: it lies elsewhere.
fn inline_size(kind: u16) -> Option<usize> {
    match kind {
        0x0002 => Some(2),
        0x0003 | 0x0004 | 0x000A => Some(4),
        0x000B => Some(1),
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Some(8),
        _ => None,
    }
}

/// Properties of one thing: what fits into eight bytes, and where the rest is.
pub struct Bag<'a> {
    db: &'a RefCell<Database>,
    heap: Rc<Heap>,
    numbers: BTreeMap<u16, u64>,
    /// Type, place.
    elsewhere: BTreeMap<u16, (u16, u32)>,
}

const TEXT: u16 = 0x001F;
const TEXT8: u16 = 0x001E;
const BINARY: u16 = 0x0102;
const OBJECT: u16 = 0x000D;

impl<'a> Bag<'a> {
    pub fn read(db: &'a RefCell<Database>, node: Node) -> Result<Bag<'a>> {
        let (heap, root) = Heap::read(&mut db.borrow_mut(), node, 0xBC)?;
        let (mut numbers, mut elsewhere) = (BTreeMap::new(), BTreeMap::new());
        for (key, entry) in heap.tree(root)? {
            let (id, kind) = (number(key, 0, 2) as u16, number(entry, 0, 2) as u16);
            let place = number(entry, 2, 4);
            match inline_size(kind) {
                Some(size @ 1..=4) => {
                    numbers.insert(id, place & (u64::MAX >> (64 - 8 * size)));
                }
                Some(size) => {
                    numbers.insert(id, number(heap.piece(place as u32), 0, size));
                }
                None => {
                    elsewhere.insert(id, (kind, place as u32));
                }
            }
        }
        Ok(Bag {
            db,
            heap: heap.into(),
            numbers,
            elsewhere,
        })
    }

    /// A node within it.
    pub fn node(&self, id: u32) -> Option<Node> {
        self.heap.nodes.get(&id).copied()
    }

    /// Of a property that is a thing in itself, like a message within this one.
    pub fn object(&self, id: u16) -> Option<Node> {
        let (kind, place) = *self.elsewhere.get(&id)?;
        let piece = self.heap.piece(place);
        (kind == OBJECT).then(|| self.node(number(piece, 0, 4) as u32))?
    }

    fn raw(&self, id: u16, wanted: u16) -> Result<Option<Vec<u8>>> {
        match self.elsewhere.get(&id) {
            Some((kind, 0)) if *kind == wanted => Ok(Some(Vec::new())),
            Some((kind, place)) if *kind == wanted => {
                self.heap.value(&mut self.db.borrow_mut(), *place).map(Some)
            }
            _ => Ok(None),
        }
    }
}

impl Properties for Bag<'_> {
    fn number(&self, id: u16) -> Option<u64> {
        self.numbers.get(&id).copied()
    }

    fn text(&mut self, id: u16) -> Result<Option<String>> {
        if let Some(raw) = self.raw(id, TEXT)? {
            let units: Vec<u16> = raw.chunks_exact(2).map(|c| number(c, 0, 2) as u16).collect();
            return Ok(Some(mapi::cleaned(&String::from_utf16_lossy(&units))));
        }
        let charset = mapi::charset(self);
        let raw = self.raw(id, TEXT8)?;
        Ok(raw.map(|raw| mapi::cleaned(&decode_charset(&raw, Some(&charset)))))
    }

    fn binary(&mut self, id: u16) -> Result<Option<Vec<u8>>> {
        self.raw(id, BINARY)
    }
}

/// The numbers of a table's rows.
pub fn row_ids(db: &RefCell<Database>, node: Node) -> Result<Vec<u32>> {
    let (heap, root) = Heap::read(&mut db.borrow_mut(), node, 0x7C)?;
    let index = number(heap.piece(root), 10, 4) as u32;
    let all = heap.tree(index)?;
    Ok(all.into_iter().map(|(key, _)| number(key, 0, 4) as u32).collect())
}

/// The rows of a table that is not large, each with its number.
pub fn rows<'a>(db: &'a RefCell<Database>, node: Node) -> Result<Vec<(u32, Bag<'a>)>> {
    let mut borrowed = db.borrow_mut();
    let (heap, root) = Heap::read(&mut borrowed, node, 0x7C)?;
    let info = heap.piece(root).to_vec();
    if info.first() != Some(&0x7C) || info.len() < 22 {
        return Err(damaged("a table"));
    }
    let (bits_at, row_size) = (number(&info, 6, 2) as usize, number(&info, 8, 2) as usize);
    let (index, matrix) = (number(&info, 10, 4) as u32, number(&info, 14, 4) as u32);
    if row_size < 4 || matrix == 0 {
        return Ok(Vec::new());
    }
    let blocks = match heap.nodes.get(&matrix) {
        Some(node) if matrix & 0x1F != 0 => borrowed.blocks(node.data)?,
        _ => vec![heap.piece(matrix).to_vec()],
    };
    drop(borrowed);
    let cells: Vec<&[u8]> = blocks.iter().flat_map(|b| b.chunks_exact(row_size)).collect();
    let known: Vec<(u32, usize)> = heap
        .tree(index)?
        .into_iter()
        .map(|(key, at)| (number(key, 0, 4) as u32, number(at, 0, at.len().min(4)) as usize))
        .collect();
    let heap = Rc::new(heap);
    let mut out = Vec::with_capacity(known.len());
    for (id, at) in known {
        let row = cells.get(at).copied().unwrap_or_default();
        let (mut numbers, mut elsewhere) = (BTreeMap::new(), BTreeMap::new());
        for column in info[22..].chunks_exact(8).take(usize::from(info[1])) {
            let (kind, property) = (number(column, 0, 2) as u16, number(column, 2, 2) as u16);
            let (from, bit) = (number(column, 4, 2) as usize, usize::from(column[7]));
            let is_there = row
                .get(bits_at + bit / 8)
                .is_some_and(|b| b & (1 << (7 - bit % 8)) != 0);
            if !is_there {
                continue;
            }
            match inline_size(kind) {
                Some(size) => {
                    numbers.insert(property, number(row, from, size));
                }
                None => {
                    elsewhere.insert(property, (kind, number(row, from, 4) as u32));
                }
            }
        }
        out.push((
            id,
            Bag {
                db,
                heap: heap.clone(),
                numbers,
                elsewhere,
            },
        ));
    }
    Ok(out)
}
