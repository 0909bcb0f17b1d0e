//! A client for IMAP that moves whole mailboxes: commands go out ahead of their answers, and bodies come in pieces, so that
//! the line is full and memory is not. Connecting is the post room's ([`crate::delivery::collect::imap`]).

pub mod client;
pub mod mailboxes;
pub mod response;

/// UIDs as a set of ranges. `all`: every UID of the mailbox, ascending; between two that are wanted and next to each other
/// there, a range holds no other. Both ascending.
pub fn uid_set(wanted: &[u32], all: &[u32]) -> String {
    let mut out = String::new();
    let mut i = 0;
    while i < wanted.len() {
        let start = wanted[i];
        let mut at = all.partition_point(|u| *u < start);
        let mut end = start;
        while i + 1 < wanted.len()
            && all.get(at) == Some(&wanted[i])
            && all.get(at + 1) == Some(&wanted[i + 1])
        {
            i += 1;
            at += 1;
            end = wanted[i];
        }
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&start.to_string());
        if end != start {
            out.push_str(&format!(":{end}"));
        }
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uid_set;

    #[test]
    fn ranges_hold_only_what_is_wanted() {
        let all = [1, 2, 5, 9, 10, 20];
        assert_eq!(uid_set(&all, &all), "1:20");
        assert_eq!(uid_set(&[1, 5, 9, 20], &all), "1,5:9,20");
        assert_eq!(uid_set(&[3], &all), "3");
        assert_eq!(uid_set(&[], &all), "");
    }
}
