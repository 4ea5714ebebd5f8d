//! Opening the files of a workspace. What lies in a file's place and is none (a FIFO, a socket, a folder) is an error that says
//! so: to open a FIFO as a file would be to wait, perhaps for ever, for who opens its other end.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Something else lies where a file should be.
#[derive(Debug, thiserror::Error)]
#[error("{} is no file ({kind}): move it away", path.display())]
struct NotAFile {
    path: PathBuf,
    kind: &'static str,
}

/// Opens a file to be read.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    open_with(path, OpenOptions::new().read(true))
}

/// Opens a file of which only the lock counts, and makes it if there is none.
pub(crate) fn open_to_lock(path: &Path) -> io::Result<File> {
    open_with(path, OpenOptions::new().create(true).truncate(false).write(true))
}

/// Opens a file to be appended to, and makes it if there is none.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    open_with(path, OpenOptions::new().create(true).append(true))
}

/// Opens a file, as the options say.
pub(crate) fn open_with(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Nothing to a file; without it a FIFO is waited for.
    match options.custom_flags(libc::O_NONBLOCK).open(path) {
        Ok(file) => {
            let kind = file.metadata()?.file_type();
            if kind.is_file() { Ok(file) } else { Err(not_a_file(path, kind)) }
        }
        // A socket, a FIFO that nobody reads; a folder that is to be written to.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENXIO | libc::EISDIR)) => {
            Err(match fs::metadata(path) {
                Ok(there) if !there.is_file() => not_a_file(path, there.file_type()),
                _ => error,
            })
        }
        Err(error) => Err(error),
    }
}

fn not_a_file(path: &Path, kind: FileType) -> io::Error {
    let kind = match kind {
        // As the system says it.
        kind if kind.is_dir() => "Is a directory",
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    io::Error::other(NotAFile { path: path.to_owned(), kind })
}

/// The content of a file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(content)
}

/// The content of a file of text.
pub(crate) fn read_to_string(path: &Path) -> io::Result<String> {
    let mut file = open(path)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_no_file_is_said_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("folder")).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        assert!(Command::new("mkfifo").arg(path("FIFO")).status().unwrap().success());
        for (name, kind) in [("folder", "Is a directory"), ("socket", "a socket"), ("FIFO", "a FIFO")] {
            let path = path(name);
            let said = format!("{} is no file ({kind}): move it away", path.display());
            let errors =
                [read(&path).err(), read_to_string(&path).err(), append(&path).err(), open_to_lock(&path).err()];
            for error in errors {
                assert_eq!(error.unwrap().to_string(), said);
            }
        }
        assert_eq!(read(&path("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        drop(append(&path("file")).unwrap());
        assert_eq!((read(&path("file")).unwrap(), read_to_string(&path("file")).unwrap()), (Vec::new(), String::new()));
    }
}
