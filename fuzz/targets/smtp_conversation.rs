//! What a client may send by SMTP: lines, commands, messages with dots, chunks.
#![no_main]

use hauspost::base::{Patience, Result};
use hauspost::protocols::smtp::data::{Sink, read_chunk, read_dotted};
use hauspost::protocols::smtp::lines::{Line, Lines};
use smtp_proto::Request;

struct Kept(Vec<u8>);

impl Sink for Kept {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

async fn converse(raw: Vec<u8>) -> Result<()> {
    let sent = raw.len();
    let stream = tokio::io::join(std::io::Cursor::new(raw), tokio::io::sink());
    let mut lines = Lines::new(Box::new(stream), Patience::default());
    loop {
        let mut line = match lines.next_line().await? {
            Line::Text(line) => line,
            Line::TooLong | Line::Malformed | Line::End => return Ok(()),
        };
        assert!(!line.contains(&b'\r') && !line.contains(&b'\n'));
        line.extend_from_slice(b"\r\n");
        let mut kept = Kept(Vec::new());
        match Request::parse(&mut line.iter()) {
            Ok(Request::Data) => {
                let received = read_dotted(&mut lines, &mut kept).await?;
                if !received.is_malformed && !received.is_cut_off {
                    // Nobody behind us may see an end in it, once the dots are back.
                    assert!(kept.0.is_empty() || kept.0.ends_with(b"\r\n"));
                    assert!(!kept.0.windows(2).any(|w| w[1] == b'\n' && w[0] != b'\r'));
                }
            }
            Ok(Request::Bdat { chunk_size, .. }) => {
                let received = read_chunk(&mut lines, &mut kept, chunk_size).await?;
                assert!(received.is_cut_off || kept.0.len() == chunk_size);
            }
            _ => {}
        }
        assert!(kept.0.len() <= sent);
    }
}

libfuzzer_sys::fuzz_target!(|raw: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let _ = runtime.block_on(converse(raw.to_vec()));
});
