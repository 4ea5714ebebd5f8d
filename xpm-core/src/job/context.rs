//! What a task sees of its own job while it runs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::ids::Identity;
use crate::schema::Role;
use crate::value::{Node, Value};
use crate::workspace::JobFolder;

/// What a task sees of its own job while it runs.
#[derive(Debug)]
pub struct JobContext {
    folder: JobFolder,
}

impl JobContext {
    pub(super) fn new(folder: JobFolder) -> Self {
        Self { folder }
    }

    /// The job's identity.
    pub fn id(&self) -> Identity {
        self.folder.key().identity
    }

    /// The job's folder, which is also the working directory.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A 64-bit seed that follows from the identity: the same at every run of this job, another for other arguments.
    pub fn seed(&self) -> u64 {
        let bytes = *self.id().as_bytes();
        // The last bytes, as the first ones are what people see and may have chosen jobs by.
        u64::from_be_bytes(std::array::from_fn(|i| bytes[24 + i]))
    }

    /// Makes the folders that files of nested configurations (`#[param(path = "…")]`) lie in.
    pub(super) fn make_nested_folders(&self, node: &Arc<Node>) {
        self.nested(node, self.folder.path());
    }

    fn nested(&self, node: &Node, folder: &Path) {
        for (arg, slot) in node.arguments().iter().zip(node.slots()) {
            if let Role::JobPath(name) = arg.role
                && let Some(parent) = folder.join(name).parent()
                && parent != self.folder.path()
            {
                // If it cannot be made, the task says so when it writes there.
                let _ = fs::create_dir_all(parent);
            }
            if let Value::Config(inner) = slot.value.unmarked() {
                self.nested(inner, &folder.join(arg.name));
            }
        }
    }
}
