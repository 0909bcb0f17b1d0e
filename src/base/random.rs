//! Unpredictable values: tokens, codes, boundaries. From the kernel, never from a seeded generator.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `N` unpredictable bytes. Ends the process when the kernel has none to give: nothing safe can go on.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    getrandom::fill(&mut out).expect("the kernel gives no random bytes");
    out
}

/// 256 bits as URL-safe text, for bearer secrets.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// 64 bits as hex, for names of things that need no secrecy.
pub fn short_id() -> String {
    format!("{:016x}", u64::from_be_bytes(bytes()))
}

/// A version 4 UUID (RFC 9562 §5.4) in its usual spelling.
pub fn uuid() -> String {
    let mut b = bytes::<16>();
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    let h: String = b.iter().map(|x| format!("{x:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &h[..8],
        &h[8..12],
        &h[12..16],
        &h[16..20],
        &h[20..]
    )
}

/// A code for people to type, `ABCD-EFGH-JKLM`: 59 bits, no letters that look alike.
pub fn setup_code() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let raw = bytes::<12>();
    let mut code = String::with_capacity(14);
    for (i, b) in raw.iter().enumerate() {
        if i > 0 && i % 4 == 0 {
            code.push('-');
        }
        code.push(LETTERS[usize::from(b % 32)] as char);
    }
    code
}
