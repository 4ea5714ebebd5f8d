//! Jobs that were made found under a new identity (docs/migrate.md): a finished job that lies there under both is told once.

use std::collections::HashMap;
use std::sync::Arc;

use super::job::JobInfo;
use super::parse_full_name;
use super::rows::{Kind, Text};
use super::snapshot::Shared;
use crate::ids::JobKey;

/// By the place of the old one, the place of the new one.
pub(super) type Migrated = HashMap<u32, u32>;

/// Takes the old ones out of `places`, those of which the new one is among them.
pub(super) fn told_once(shared: &Arc<Shared>, places: &mut Vec<u32>) {
    let migrated = shared.migrated.get_or_init(|| migrated(shared));
    if migrated.is_empty() {
        return;
    }
    let mut there = vec![false; shared.rows.rows.len()];
    places.iter().for_each(|place| there[*place as usize] = true);
    places.retain(|place| !migrated.get(place).is_some_and(|new| there[*new as usize]));
}

fn migrated(shared: &Arc<Shared>) -> Migrated {
    let says = |row: &super::rows::Row| row.kind == Kind::Done && row.lengths[Text::Failure as usize] > 0;
    let rows = (0u32..).zip(&shared.rows.rows).filter(|(_, row)| says(row));
    let pair = |(place, _)| {
        let new = JobInfo { shared: shared.clone(), place };
        Some((shared.find(&new.migrated_from()?)?, place))
    };
    rows.filter_map(pair).collect()
}

impl JobInfo {
    /// The job that it was run as, if `migrate` has made it found under the identity that it has today.
    pub fn migrated_from(&self) -> Option<JobKey> {
        if self.state_name() != "done" {
            return None;
        }
        let text = self.text(Text::Failure)?;
        parse_full_name(std::str::from_utf8(&text).ok()?)
    }
}
