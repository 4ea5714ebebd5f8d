//! Frozen executables: `bin/<digest>` holds what jobs are started from, a copy of the program that submitted them. The
//! program may be built again, moved or deleted while jobs wait: they run what was submitted.
//!
//! The copy shares its blocks with the program where the file system can do that (`copy_file_range`, a reflink on Btrfs, XFS
//! and the like). It is never a hard link: a linker may write into the program's file in place, which would change the
//! frozen one, and its mode could not be changed alone.
//!
//! A frozen executable is named by the SHA-256 of its content. `bin/known.json` remembers which file of this machine has
//! which digest, by device, inode, size and change times, so that a large program is read once; it is believed only
//! while program and copy are both as they were when it was written, since the machine was started.
//!
//! Who starts jobs from `bin` holds `bin/lock` shared; who removes from it holds it alone.

mod collect;
mod digest;
mod known;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use collect::Collected;
pub(crate) use collect::{collect, collect_if_many};

use super::{Workspace, open_shareable};
use crate::fault;
pub(crate) use digest::digest_of;
use known::{Known, Stamp};

/// The program that runs, as it was when its process began: the open file stays what it is when its name is given to
/// another one.
#[derive(Debug)]
pub(crate) struct Program {
    file: File,
    path: PathBuf,
    /// It is the one that this process runs.
    own: bool,
}

/// Where jobs are started from.
#[derive(Clone, Debug)]
pub(crate) struct Frozen {
    pub(crate) path: Arc<Path>,
    /// What its content is known by; `None` where the program could not be frozen.
    pub(crate) digest: Option<Arc<str>>,
    /// Keeps the executable from being removed.
    _in_use: Option<Arc<File>>,
}

impl Program {
    /// The program of this process.
    pub(crate) fn this() -> io::Result<Self> {
        let path = std::env::current_exe()?;
        let own = Path::new(OWN);
        let file = if own.exists() { File::open(own)? } else { File::open(&path)? };
        Ok(Self { file, path, own: true })
    }

    /// A program that another process may run.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        Ok(Self { file: File::open(&path)?, path, own: false })
    }

    /// Where it was started from; there may be another file now, or none.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Freezes the program in the workspace, unless it is there.
    pub(crate) fn freeze(&self, workspace: &Workspace) -> io::Result<Frozen> {
        let bin = workspace.bin();
        if !crate::sys::can_execute_from(workspace.path()) {
            return Err(io::Error::other("its file system executes nothing (it is mounted with `noexec`)"));
        }
        fault::point("make folder", &bin)?;
        match fs::create_dir(&bin) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let in_use = lock_file(&bin)?;
        fault::point("lock", &bin.join("lock"))?;
        in_use.lock_shared()?;
        let frozen = |digest: String| Frozen {
            path: bin.join(&digest).into(),
            digest: Some(digest.into()),
            _in_use: Some(Arc::new(in_use)),
        };
        let source = Stamp::of(&self.file.metadata()?);
        let mut known = Known::read(&bin);
        if let Some(digest) = known.find(&bin, &source) {
            return Ok(frozen(digest));
        }
        let digest = self.copy_into(&bin)?;
        let copy = Stamp::of(&fs::metadata(bin.join(&digest))?);
        known.enter(source, copy, &digest);
        // What is not remembered is read again.
        let _ = known.write(&bin);
        Ok(frozen(digest))
    }

    /// Copies the program into `bin`; gives the digest of the copy.
    fn copy_into(&self, bin: &Path) -> io::Result<String> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = bin.join(format!(".{}-{number}.tmp", std::process::id()));
        let copied = (|| {
            // Left by a process that was killed and had the same number.
            let _ = fs::remove_file(&temporary);
            fault::point("create", &bin.join("PROGRAM"))?;
            let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o700).open(&temporary)?;
            fault::point("write", &bin.join("PROGRAM"))?;
            // From the open file, which may have been read before.
            let mut program = self.reopened()?;
            // Shares blocks, or copies within the kernel, where it can.
            if let Err(error) = io::copy(&mut program, &mut copy) {
                // A child that another thread is just starting has the file open for a moment after its removal: on a full disk
                // its space is given back here.
                let _ = copy.set_len(0);
                return Err(error);
            }
            drop(copy);
            // Of the copy, not of the program: the name is true whatever happened to that.
            let digest = digest_of(&temporary)?;
            let path = bin.join(&digest);
            fault::point("make executable", &bin.join("PROGRAM"))?;
            fs::set_permissions(&temporary, Permissions::from_mode(0o555))?;
            fault::point("rename", &bin.join("PROGRAM"))?;
            // One that is there may be damaged; processes that run from it keep it.
            fs::rename(&temporary, &path)?;
            Ok(digest)
        })();
        if copied.is_err() {
            // The error that counts is the one above.
            let _ = fs::remove_file(&temporary);
        }
        copied
    }

    /// Another open file of the program, at its beginning.
    fn reopened(&self) -> io::Result<File> {
        let own = Path::new(OWN);
        if self.own && own.exists() {
            return File::open(own);
        }
        let mut file = self.file.try_clone()?;
        io::Seek::rewind(&mut file)?;
        Ok(file)
    }
}

impl Frozen {
    /// What was frozen under this digest.
    ///
    /// # Errors
    /// If it is not there any more, or is another one now.
    pub(crate) fn find(workspace: &Workspace, digest: &str) -> io::Result<Self> {
        let bin = workspace.bin();
        let path = bin.join(digest);
        let gone = || io::Error::new(io::ErrorKind::NotFound, format!("{} is not there any more", path.display()));
        if !is_digest(digest) || !bin.is_dir() || bin.is_symlink() {
            return Err(gone());
        }
        let in_use = lock_file(&bin)?;
        fault::point("lock", &bin.join("lock"))?;
        in_use.lock_shared()?;
        // Under the lock nobody removes it. Links lead elsewhere.
        if !fs::symlink_metadata(&path).is_ok_and(|file| file.is_file()) {
            return Err(gone());
        }
        let found = digest_of(&path)?;
        if found != digest {
            return Err(io::Error::other(format!("{} is damaged: its digest is {found}", path.display())));
        }
        Ok(Self { path: path.into(), digest: Some(digest.into()), _in_use: Some(Arc::new(in_use)) })
    }

    /// The running program itself, when it cannot be frozen: on Linux by the link of the kernel, which is right as long
    /// as this process lives, even if the file is gone.
    pub(crate) fn unfrozen(program: &Program) -> Self {
        let own = Path::new(OWN);
        let path = if own.exists() { own } else { program.path() };
        Self { path: path.into(), digest: None, _in_use: None }
    }
}

/// The kernel's link to the program of a process.
const OWN: &str = "/proc/self/exe";

/// The digest of the frozen executable that this process was started from, if it was.
pub(crate) fn own_digest() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    let name = path.file_name()?.to_str()?;
    // The kernel says so when the file has been removed.
    let name = name.strip_suffix(" (deleted)").unwrap_or(name);
    let in_bin = path.parent()?.file_name()? == "bin";
    (in_bin && is_digest(name)).then(|| name.to_owned())
}

/// Whether a file in `bin` is a frozen executable, by its name.
pub(crate) fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn lock_file(bin: &Path) -> io::Result<File> {
    open_shareable(&bin.join("lock"))
}
