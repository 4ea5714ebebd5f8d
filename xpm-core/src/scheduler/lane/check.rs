//! What holds among the lanes between any two calls, checked from scratch by walking everything. Tests only.

use std::collections::BTreeMap;

use super::{DoorNumber, LaneNumber, Lanes, Place};
use crate::scheduler::class::{ClassNumber, Classes};

impl Lanes {
    /// Checks that what waits is where it is looked for, for the invariant checker.
    pub(in crate::scheduler) fn check(&self, all: &Classes) -> Result<(), String> {
        let (mut found, mut users) = (BTreeMap::new(), BTreeMap::<u32, u32>::new());
        for group in &self.groups {
            found.extend(self.lanes_by_amount.list(group.open).into_iter().map(|lane| (lane, Place::Open)));
        }
        for (index, door) in self.doors.iter().enumerate() {
            let number = DoorNumber(index as u32);
            for lane in self.lanes_by_amount.list(door.shut) {
                let behind = self.lane(LaneNumber(lane)).tokens.iter().position(|token| token.door == number);
                let behind = behind.ok_or_else(|| format!("lane {lane} is behind {number:?}"))?;
                found.insert(lane, Place::Shut(behind));
            }
            let listed = self.groups[door.group.0 as usize].restless.contains(&number);
            (door.restless == listed).then_some(()).ok_or_else(|| format!("{number:?} restless? {listed}"))?;
        }
        let mut classes = BTreeMap::new();
        for (index, lane) in self.lanes.iter().enumerate() {
            let number = index as u32;
            let place = found.remove(&number).unwrap_or(Place::Idle);
            let expected = self.classes_by_memory.first(lane.classes).zip(self.classes_by_memory.least(lane.classes));
            let amount = match lane.place {
                Place::Idle => None,
                Place::Open => expected.map(|(_, least)| least),
                Place::Shut(index) => Some(lane.tokens[index].amount),
            };
            let entry = (lane.place != Place::Idle).then(|| self.lanes_by_amount.entry(number));
            let expected = amount.zip(expected.map(|((key, _), _)| key));
            let right = place == lane.place && entry == expected && (lane.classes.is_empty() == (place == Place::Idle));
            right.then_some(()).ok_or_else(|| format!("lane {number} is {place:?} with {entry:?}: {lane:?}"))?;
            let listed = self.classes_by_memory.list(lane.classes).into_iter();
            classes.extend(listed.map(|class| (ClassNumber(class), (index, self.classes_by_memory.entry(class)))));
        }
        for (number, class) in all.iter() {
            let entry = class.head().map(|head| (class.lane.0 as usize, (class.memory, head)));
            let found = classes.remove(&number);
            (found == entry).then_some(()).ok_or_else(|| format!("{number:?} is found at {found:?}, not {entry:?}"))?;
            *users.entry(class.lane.0).or_default() += 1;
        }
        for (number, lane) in (0..).zip(&self.lanes) {
            let counted = users.remove(&number).unwrap_or(0);
            (lane.users == counted)
                .then_some(())
                .ok_or_else(|| format!("lane {number} has {counted} users: {lane:?}"))?;
        }
        Ok(())
    }
}
