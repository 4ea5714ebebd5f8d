//! Freezes the program when the first job is started, once for all jobs of a run.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use crate::workspace::Workspace;
use crate::workspace::frozen::{Frozen, Program};

/// What has become of the program.
#[derive(Debug)]
pub(crate) enum Freezing<'a> {
    /// It is in `bin` under this digest.
    Frozen(&'a str),
    /// It could not be kept there: jobs run the program of this process as long as that lives.
    Failed(&'a std::io::Error),
}

/// The program that jobs are started from.
pub(crate) struct Freezer {
    freeze: Box<dyn Fn() -> Frozen + Send + Sync>,
    frozen: OnceLock<Frozen>,
}

impl Freezer {
    /// Freezes `program` in `workspace` when it is needed, and tells what came of it.
    pub(crate) fn new(
        workspace: Workspace,
        program: Program,
        tell: impl Fn(Freezing<'_>) + Send + Sync + 'static,
    ) -> Self {
        let freeze = move || match program.freeze(&workspace) {
            Ok(frozen) => {
                if let Some(digest) = &frozen.digest {
                    tell(Freezing::Frozen(digest));
                }
                frozen
            }
            Err(error) => {
                tell(Freezing::Failed(&error));
                Frozen::unfrozen(&program)
            }
        };
        Self { freeze: Box::new(freeze), frozen: OnceLock::new() }
    }

    /// What was frozen before.
    pub(crate) fn of(frozen: Frozen) -> Self {
        Self { freeze: Box::new(move || frozen.clone()), frozen: OnceLock::new() }
    }

    /// What jobs are started from. The first call copies the program; others wait for it.
    pub(super) fn executable(&self) -> &Path {
        &self.frozen.get_or_init(&self.freeze).path
    }

    /// The digest of what jobs are started from, once one was.
    pub(super) fn digest(&self) -> Option<&str> {
        self.frozen.get()?.digest.as_deref()
    }
}

impl fmt::Debug for Freezer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Freezer({:?})", self.frozen.get())
    }
}
