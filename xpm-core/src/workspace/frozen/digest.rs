//! The SHA-256 of a file.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::files;

/// The SHA-256 of a file, as 64 hexadecimal digits.
pub(crate) fn digest_of(path: &Path) -> io::Result<String> {
    // A build without optimisation takes 60 ms for each MB: `cargo run` after each change would wait for seconds.
    if cfg!(debug_assertions)
        && let Some(digest) = by_program(path)
    {
        return Ok(digest);
    }
    let mut file = files::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
    }
    let mut text = String::with_capacity(64);
    for byte in digest.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// What `sha256sum` of the system says, if there is one.
fn by_program(path: &Path) -> Option<String> {
    let output = Command::new("sha256sum").stdin(files::open(path).ok()?).stderr(Stdio::null()).output().ok()?;
    let text = output.status.success().then(|| String::from_utf8(output.stdout).ok()).flatten()?;
    let digest = text.split_whitespace().next()?;
    super::is_digest(digest).then(|| digest.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::workspace::{Durability, write_atomic};

    #[test]
    fn it_is_the_usual_digest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        write_atomic(&path, b"abc", Durability::Lazy).unwrap();
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::digest_of(&path).unwrap(), digest);
        if let Some(by_program) = super::by_program(&path) {
            assert_eq!(by_program, digest);
        }
    }
}
