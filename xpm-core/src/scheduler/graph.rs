//! Who waits for whom: for each job, the jobs that want to hear of its end. Lists live in one arena with a free list, 12
//! bytes a registration, and are taken apart when the job ends. It does not know states.

use super::job::JobNumber;

const NONE: u32 = u32::MAX;

/// The list of a job's dependents: its last registration, which leads to the one before. Adding touches no other one, which
/// would be somewhere else in memory.
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
    /// The one before in its list, or the next free one.
    before: u32,
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
        let link = Link { registration, before: list.0 };
        if self.free == NONE {
            let index = u32::try_from(self.links.len()).ok().filter(|&index| index != NONE);
            self.links.push(link);
            list.0 = index.expect("a plan has fewer than 2^32 dependencies at a time");
        } else {
            list.0 = self.free;
            self.free = std::mem::replace(&mut self.links[list.0 as usize], link).before;
        }
    }

    /// Empties a list into `taken`, in order of registration.
    pub(super) fn take(&mut self, list: &mut Dependents, taken: &mut Vec<Registration>) {
        let beginning = taken.len();
        while list.0 != NONE {
            let free = std::mem::replace(&mut self.free, list.0);
            let link = &mut self.links[list.0 as usize];
            taken.push(link.registration);
            list.0 = std::mem::replace(&mut link.before, free);
        }
        taken[beginning..].reverse();
    }

    /// Reads a list, last first, for the invariant checker.
    #[cfg(test)]
    pub(super) fn iter(&self, list: Dependents) -> impl Iterator<Item = Registration> {
        let mut at = list.0;
        std::iter::from_fn(move || {
            let link = self.links.get(at as usize)?;
            at = link.before;
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
            let (mut of_one, mut of_two) = (Vec::new(), Vec::new());
            graph.take(&mut one, &mut of_one);
            graph.take(&mut two, &mut of_two);
            let numbered = |from| (from..from + 10).map(|number| Registration { dependent: JobNumber(number), round });
            assert!(of_one.into_iter().eq(numbered(0)) && of_two.into_iter().eq(numbered(100)));
            assert_eq!(graph.iter(one).chain(graph.iter(two)).count(), 0);
        }
        assert_eq!(graph.links.len(), 20);
    }
}
