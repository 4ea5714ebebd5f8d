//! Which lanes, groups and doors there are: made when a class first needs them, and gone with the last one. Groups stay. It does
//! not know what waits.

use super::{Door, DoorNumber, Group, GroupNumber, Lane, LaneNumber, Lanes, Place, TokenNeed};
use crate::scheduler::forest::Tree;
use crate::scheduler::needs::{Need, PoolNumber};

impl Lanes {
    /// Finds or makes the lane for a class of these needs, and counts one more class.
    pub(in crate::scheduler) fn acquire(&mut self, needs: &[Need]) -> LaneNumber {
        let needs: Box<[Need]> = needs.iter().copied().filter(|need| need.0 != PoolNumber::MEMORY).collect();
        let number = self.by_needs.get(&needs).copied().unwrap_or_else(|| self.add(needs));
        self.lane_mut(number).users += 1;
        number
    }

    /// Counts one class less.
    pub(in crate::scheduler) fn release(&mut self, number: LaneNumber) {
        let lane = self.lane_mut(number);
        lane.users -= 1;
        if lane.users > 0 {
            return;
        }
        let (needs, tokens) = (std::mem::take(&mut lane.needs), std::mem::take(&mut lane.tokens));
        self.by_needs.remove(&needs);
        for token in tokens {
            self.release_door(token.door);
        }
        self.free_lanes.push(number);
    }

    fn add(&mut self, needs: Box<[Need]>) -> LaneNumber {
        let of = |pool| needs.iter().find(|need| need.0 == pool).map_or(0, |need| need.1);
        let (cpus, gpus) = (of(PoolNumber::CPUS), of(PoolNumber::GPUS));
        let known = self.groups.iter().position(|group| (group.cpus, group.gpus) == (cpus, gpus));
        let group = known.unwrap_or_else(|| {
            self.groups.push(Group { cpus, gpus, open: Tree::EMPTY, restless: Vec::new() });
            self.groups.len() - 1
        });
        let group = GroupNumber(u32::try_from(group).expect("there are no more groups than classes"));
        let tokens = needs.iter().filter(|need| need.0.is_token());
        let tokens =
            tokens.map(|&(pool, amount)| TokenNeed { pool, amount, door: self.acquire_door(group, pool) }).collect();
        let lane = Lane { group, tokens, needs: needs.clone(), classes: Tree::EMPTY, place: Place::Idle, users: 0 };
        let number = if let Some(number) = self.free_lanes.pop() {
            *self.lane_mut(number) = lane;
            number
        } else {
            self.lanes.push(lane);
            LaneNumber(u32::try_from(self.lanes.len() - 1).expect("there are no more lanes than classes"))
        };
        self.by_needs.insert(needs, number);
        number
    }

    fn acquire_door(&mut self, group: GroupNumber, pool: PoolNumber) -> DoorNumber {
        if self.doors_of.len() <= pool.index() {
            self.doors_of.resize_with(pool.index() + 1, Vec::new);
        }
        let known = self.doors_of[pool.index()].iter().copied().find(|door| self.doors[door.0 as usize].group == group);
        let number = known.unwrap_or_else(|| {
            let door = Door { group, pool, shut: Tree::EMPTY, restless: false, users: 0 };
            let number = if let Some(number) = self.free_doors.pop() {
                self.doors[number.0 as usize] = door;
                number
            } else {
                self.doors.push(door);
                DoorNumber(u32::try_from(self.doors.len() - 1).expect("a plan has fewer than 2^32 needs of tokens"))
            };
            self.doors_of[pool.index()].push(number);
            number
        });
        self.doors[number.0 as usize].users += 1;
        number
    }

    fn release_door(&mut self, number: DoorNumber) {
        let door = &mut self.doors[number.0 as usize];
        door.users -= 1;
        if door.users == 0 {
            self.doors_of[door.pool.index()].retain(|&other| other != number);
            if std::mem::take(&mut door.restless) {
                self.groups[door.group.0 as usize].restless.retain(|&other| other != number);
            }
            self.free_doors.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::stories::{Story, tokens};
    use crate::scheduler::{Event, Needs};

    #[test]
    fn what_no_job_needs_any_more_goes_and_its_place_is_used_again() {
        let mut story = Story::new(4);
        let token = story.token(2);
        let mut sizes = Vec::new();
        for round in 0..3 {
            let jobs = (0..60).map(|job| {
                let own = story.token(1);
                let needs = Needs { memory: 1 + job % 50, cpus: 1, ..tokens(&[(token, 1 + job % 2), (own, 1)]) };
                story.submit(&[], needs)
            });
            let jobs: Vec<_> = jobs.collect();
            story.handle(Event::StopRequested(jobs[30]));
            for &job in jobs.iter().filter(|&&job| job != jobs[30]) {
                story.done(job);
            }
            let ready = &story.scheduler.ready;
            assert_eq!(ready.classes.iter().count(), 0, "round {round}");
            assert!(ready.lanes.by_needs.is_empty() && ready.lanes.doors_of.iter().all(Vec::is_empty));
            sizes.push((ready.lanes.lanes.len(), ready.lanes.doors.len(), ready.lanes.groups.len()));
        }
        assert_eq!(sizes, [(60, 61, 1); 3]);
    }
}
