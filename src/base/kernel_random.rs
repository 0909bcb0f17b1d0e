//! Randomness from the kernel, whichever one it is: by getrandom(2), which needs no /dev (a container or chroot may have
//! none), and before Linux 3.17 from /dev/urandom. The getrandom crate looks the call up in the C library while the
//! program runs, which a static one does not have; release builds therefore hand it this (docs/adr/0002).

use std::fs::File;
use std::io::{self, Read};
use std::sync::OnceLock;

/// Errors: what the kernel says; nothing safe can go on then.
pub fn fill(out: &mut [u8]) -> io::Result<()> {
    match by_call(out) {
        Err(e) if e.raw_os_error() == Some(libc::ENOSYS) => by_device(out),
        done => done,
    }
}

fn by_call(out: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < out.len() {
        let rest = &mut out[filled..];
        // SAFETY: the kernel writes at most `rest.len()` bytes behind the pointer.
        let got = unsafe { libc::syscall(libc::SYS_getrandom, rest.as_mut_ptr(), rest.len(), 0) };
        match usize::try_from(got) {
            Ok(n) => filled += n,
            Err(_) => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => {}
                e => return Err(e),
            },
        }
    }
    Ok(())
}

fn by_device(out: &mut [u8]) -> io::Result<()> {
    static SEEDED: OnceLock<()> = OnceLock::new();
    if SEEDED.get().is_none() {
        // Waits until the kernel has gathered enough after its start; /dev/urandom itself does not wait.
        File::open("/dev/random")?.read_exact(&mut [0])?;
        let _ = SEEDED.set(());
    }
    File::open("/dev/urandom")?.read_exact(out)
}

/// What the getrandom crate calls. Versions 0.3 and 0.4 share the name and the form of the error.
#[cfg(getrandom_backend = "custom")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(out: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    // SAFETY: the caller owns `len` bytes there; they may be uninitialised, so they are written before they are seen.
    let out = unsafe {
        out.write_bytes(0, len);
        std::slice::from_raw_parts_mut(out, len)
    };
    fill(out).map_err(|_| getrandom::Error::new_custom(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_bytes_that_differ() {
        for way in [fill, by_device] {
            let mut bytes = [[0; 4096]; 2];
            for b in &mut bytes {
                way(b).unwrap();
                assert!(b[4000..].iter().any(|x| *x != 0), "to the end");
            }
            assert_ne!(bytes[0], bytes[1]);
        }
    }
}
