//! Who waits for whom: for each job, the jobs that want to hear of its end. Lists live in one arena with a free list, 12
//! bytes a registration, and are taken apart when the job ends. It does not know states.

use super::job::JobNumber;

const NONE: u32 = u32::MAX;

/// The list of a job's dependents: the index of its *last* registration, whose `next` is the first, so that adding is
/// constant and the order is the order of registration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dependents(u32);

impl Dependents {
    pub(super) const EMPTY: Self = Self(NONE);
}

/// One job's wish to hear of another's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Registration {
    pub(super) dependent: JobNumber,
    /// The dependent's round when it registered.
    pub(super) round: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    registration: Registration,
    next: u32,
}

/// The arena.
#[derive(Debug)]
pub(super) struct Graph {
    links: Vec<Link>,
    free: u32,
}

impl Graph {
    pub(super) fn new() -> Self {
        Self { links: Vec::new(), free: NONE }
    }

    /// Adds a registration at the end of a list.
    pub(super) fn push(&mut self, list: &mut Dependents, registration: Registration) {
        let link = Link { registration, next: NONE };
        let index = if self.free == NONE {
            let index = u32::try_from(self.links.len()).ok().filter(|&index| index != NONE);
            self.links.push(link);
            index.expect("a plan has fewer than 2^32 dependencies at a time")
        } else {
            let index = self.free;
            self.free = self.links[index as usize].next;
            self.links[index as usize] = link;
            index
        };
        if list.0 == NONE {
            self.links[index as usize].next = index;
        } else {
            self.links[index as usize].next = self.links[list.0 as usize].next;
            self.links[list.0 as usize].next = index;
        }
        list.0 = index;
    }

    /// Takes the first registration out of a list.
    pub(super) fn pop(&mut self, list: &mut Dependents) -> Option<Registration> {
        if list.0 == NONE {
            return None;
        }
        let first = self.links[list.0 as usize].next;
        let Link { registration, next } = self.links[first as usize];
        if first == list.0 {
            list.0 = NONE;
        } else {
            self.links[list.0 as usize].next = next;
        }
        self.links[first as usize].next = self.free;
        self.free = first;
        Some(registration)
    }

    /// Reads a list, for the invariant checker.
    #[cfg(test)]
    pub(super) fn iter(&self, list: Dependents) -> impl Iterator<Item = Registration> {
        let mut at = (list.0 != NONE).then(|| self.links[list.0 as usize].next);
        std::iter::from_fn(move || {
            let index = at?;
            let link = self.links[index as usize];
            at = (index != list.0).then_some(link.next);
            Some(link.registration)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_order_and_links_are_used_again() {
        let mut graph = Graph::new();
        let (mut one, mut two) = (Dependents::EMPTY, Dependents::EMPTY);
        for round in 0..3 {
            for number in 0..10 {
                graph.push(&mut one, Registration { dependent: JobNumber(number), round });
                graph.push(&mut two, Registration { dependent: JobNumber(100 + number), round });
            }
            assert_eq!(graph.iter(one).count(), 10);
            for number in 0..10 {
                assert_eq!(graph.pop(&mut one).unwrap().dependent, JobNumber(number));
                assert_eq!(graph.pop(&mut two).unwrap(), Registration { dependent: JobNumber(100 + number), round });
            }
            assert_eq!((graph.pop(&mut one), graph.pop(&mut two)), (None, None));
        }
        assert_eq!(graph.links.len(), 20);
    }
}
