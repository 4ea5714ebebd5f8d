//! Sealed lines: JSON objects, one a line, whose last member `sum` is the CRC-32 of the line's bytes before `,"sum"`, as 8
//! hexadecimal digits. A line that a crash has torn or a disk has damaged is told from a whole one.

/// What stands before the digits.
const MEMBER: &[u8] = br#","sum":""#;

/// Seals the JSON object that `buffer` holds from `start` on, and ends its line.
///
/// The object must have a member, so that a comma may follow.
pub(crate) fn seal(buffer: &mut Vec<u8>, start: usize) {
    debug_assert_eq!(buffer.last(), Some(&b'}'), "an object is sealed");
    buffer.pop();
    let sum = crc32(&buffer[start..]);
    buffer.extend_from_slice(MEMBER);
    for shift in (0..8).rev() {
        buffer.push(b"0123456789abcdef"[(sum >> (4 * shift)) as usize & 15]);
    }
    buffer.extend_from_slice(b"\"}\n");
}

/// Whether a line, with or without its end, is whole.
pub(crate) fn is_whole(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let Some(rest) = line.strip_suffix(b"\"}") else { return false };
    let Some((rest, digits)) = rest.split_last_chunk::<8>() else { return false };
    let Some(sealed) = rest.strip_suffix(MEMBER) else { return false };
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) == Some(crc32(sealed))
}

/// CRC-32 as zip and PNG compute it.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut remainder = index as u32;
            let mut bit = 0;
            while bit < 8 {
                remainder = (remainder >> 1) ^ (0xedb8_8320 & (remainder & 1).wrapping_neg());
                bit += 1;
            }
            table[index] = remainder;
            index += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |sum, byte| TABLE[usize::from(sum as u8 ^ byte)] ^ (sum >> 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        // The check value of the catalogue of CRCs.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn a_line_that_is_cut_or_changed_anywhere_is_not_whole() {
        let mut line = br#"before{"event":"end","status":"done"}"#.to_vec();
        seal(&mut line, 6);
        let line = &line[6..];
        assert!(line.ends_with(b"\"}\n") && is_whole(line) && is_whole(&line[..line.len() - 1]));
        let parsed: serde_json::Value = serde_json::from_slice(line).unwrap();
        assert_eq!(parsed["sum"].as_str().map(str::len), Some(8));
        for cut in 0..line.len() - 1 {
            assert!(!is_whole(&line[..cut]), "cut at {cut}");
        }
        for place in 0..line.len() - 1 {
            let mut changed = line.to_vec();
            changed[place] ^= 1;
            assert!(!is_whole(&changed), "changed at {place}");
        }
        assert!(!is_whole(b"") && !is_whole(b"\n") && !is_whole(b"{}\n"));
    }
}
