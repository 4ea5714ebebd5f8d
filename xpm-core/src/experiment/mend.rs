//! What is put right in the folder of a job that is done: its arguments, which whatever depends on it reads.

use std::io;
use std::sync::Arc;

use super::Shared;
use crate::report::Event;
use crate::value::Node;
use crate::workspace::{JobFolder, ParamsError, Recorded, Terms, write_params};

impl Shared {
    /// Writes the arguments of a job that is done anew if they are damaged or gone: nothing else ever would, since it is not
    /// run again, and every job that is given it would fail.
    pub(super) fn mend_arguments(&self, folder: &JobFolder, node: &Arc<Node>, terms: impl FnOnce() -> Terms) {
        let why = match Recorded::read(folder) {
            Err(ParamsError::Damaged { path, why }) => format!("{} was damaged ({why})", path.display()),
            Err(ParamsError::Unreadable { path, source }) if source.kind() == io::ErrorKind::NotFound => {
                format!("{} was gone", path.display())
            }
            // Whoever reads it says so.
            Ok(_) | Err(_) => return,
        };
        let became = match write_params(self.workspace(), folder, node, Some(&terms())) {
            Ok(()) => "it is written anew, and the job stays done".to_owned(),
            Err(error) => format!("it cannot be written anew: {error}"),
        };
        self.report(&Event::Warning(format!("{why}; {became}")));
    }
}
