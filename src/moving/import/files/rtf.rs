//! Rich text as Outlook packs it (MS-OXRTFCP).

/// What is larger unpacked is damaged.
const MOST: u64 = 256 << 20;

/// LZFu (MS-OXRTFCP). None: it is damaged.
pub fn unpack_rtf(packed: &[u8]) -> Option<Vec<u8>> {
    const START: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor \
        MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
    let head = packed.get(..16)?;
    let raw = packed.get(16..)?;
    if &head[8..12] == b"MELA" {
        return Some(raw.to_vec());
    }
    let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as u64;
    if &head[8..12] != b"LZFu" || size > MOST {
        return None;
    }
    let mut window = [b' '; 4096];
    window[..START.len()].copy_from_slice(START);
    let (mut at, mut out, mut bytes) = (START.len(), Vec::new(), raw.iter());
    while let Some(control) = bytes.next() {
        for bit in 0..8 {
            let Some(first) = bytes.next() else {
                return Some(out);
            };
            if control & (1 << bit) == 0 {
                out.push(*first);
                window[at] = *first;
                at = (at + 1) % window.len();
                continue;
            }
            let second = bytes.next()?;
            let pair = usize::from(*first) << 8 | usize::from(*second);
            let (from, length) = (pair >> 4, (pair & 0xF) + 2);
            if from == at {
                return Some(out);
            }
            for i in 0..length {
                let byte = window[(from + i) % window.len()];
                out.push(byte);
                window[at] = byte;
                at = (at + 1) % window.len();
            }
            if out.len() as u64 > MOST {
                return None;
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rich_text_is_unpacked() {
        // The example of MS-OXRTFCP §3.1.
        let packed = b"\x2d\x00\x00\x00\x2b\x00\x00\x00LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125\x42\x32\x0a\xf3 hel\x09\x00 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        assert_eq!(
            String::from_utf8(unpack_rtf(packed).unwrap()).unwrap(),
            "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
        );
        assert_eq!(unpack_rtf(b"short"), None);
    }
}
