//! What waits, findable by what there is: the first in order among those that need no more than a given amount, in logarithmic
//! time. It does not know what waits, nor for what: lanes keep their classes in such trees, groups and doors their lanes.
//!
//! The trees are treaps (Seidel and Aragon, Randomized search trees, 1996) ordered by amount, each node with the first key
//! of its subtree. The heap order comes from a hash of the number, so that the shape is the same in every run. Whatever waits
//! is in one tree at most, so that nodes are indexed by its number and nothing is allocated for waiting.

use super::class::Key;

const NONE: u32 = u32::MAX;

/// The root of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tree(u32);

impl Tree {
    pub(super) const EMPTY: Self = Self(NONE);

    pub(super) fn is_empty(self) -> bool {
        self.0 == NONE
    }
}

/// A cache line.
#[derive(Clone, Copy, Debug)]
struct Node {
    amount: u64,
    key: Key,
    /// The first key of the subtree, and whose it is.
    first: (Key, u32),
    left: u32,
    right: u32,
    parent: u32,
}

const VACANT: Node =
    Node { amount: 0, key: Key::LAST, first: (Key::LAST, NONE), left: NONE, right: NONE, parent: NONE };

/// The nodes of all trees of one kind of thing.
#[derive(Debug, Default)]
pub(super) struct Forest {
    nodes: Vec<Node>,
}

impl Forest {
    /// Adds a number that needs `amount` and whose place in the order is `key`.
    pub(super) fn insert(&mut self, tree: &mut Tree, number: u32, amount: u64, key: Key) {
        if self.nodes.len() <= number as usize {
            self.nodes.resize(number as usize + 1, VACANT);
        }
        let (mut at, mut parent, mut is_left) = (tree.0, NONE, false);
        while at != NONE {
            let node = self.node_mut(at);
            node.first = node.first.min((key, number));
            is_left = (amount, number) < (node.amount, at);
            parent = at;
            at = if is_left { node.left } else { node.right };
        }
        *self.node_mut(number) = Node { amount, key, first: (key, number), parent, ..VACANT };
        match parent {
            NONE => tree.0 = number,
            _ if is_left => self.node_mut(parent).left = number,
            _ => self.node_mut(parent).right = number,
        }
        while self.node(number).parent != NONE && rank(number) > rank(self.node(number).parent) {
            self.rotate_up(tree, number);
        }
    }

    /// Takes a number out of the tree that it is in.
    pub(super) fn remove(&mut self, tree: &mut Tree, number: u32) {
        let Node { left, right, parent, .. } = *self.node(number);
        let joined = self.merge(left, right);
        self.replace_below(tree, parent, number, joined);
        *self.node_mut(number) = VACANT;
        self.refresh_from(parent);
    }

    /// Changes the place in the order of a number that is in a tree.
    pub(super) fn set_key(&mut self, number: u32, key: Key) {
        self.node_mut(number).key = key;
        self.refresh_from(number);
    }

    /// The amount and the key of a number that is in a tree.
    pub(super) fn entry(&self, number: u32) -> (u64, Key) {
        (self.node(number).amount, self.node(number).key)
    }

    /// Finds the first number in order.
    pub(super) fn first(&self, tree: Tree) -> Option<(Key, u32)> {
        (!tree.is_empty()).then(|| self.node(tree.0).first)
    }

    /// Finds the least amount.
    pub(super) fn least(&self, tree: Tree) -> Option<u64> {
        let (mut at, mut least) = (tree.0, None);
        while at != NONE {
            least = Some(self.node(at).amount);
            at = self.node(at).left;
        }
        least
    }

    /// Finds the first number in order among those that need `limit` at most and are not after `bound`.
    pub(super) fn first_within(&self, tree: Tree, limit: u64, bound: Key) -> Option<(Key, u32)> {
        let (mut at, mut found) = (tree.0, (bound, NONE));
        while at != NONE && self.node(at).first < found {
            let node = self.node(at);
            if node.amount > limit {
                at = node.left;
                continue;
            }
            found = found.min((node.key, at)).min(self.first_of(node.left));
            at = node.right;
        }
        (found.1 != NONE).then_some(found)
    }

    /// Shows to `look` the numbers that need `limit` at most and are not after `bound`, which `look` may bring nearer; roughly
    /// in order, so that it comes near soon.
    pub(super) fn visit(&self, tree: Tree, limit: u64, bound: &mut Key, look: &mut impl FnMut(u32, Key, &mut Key)) {
        if tree.is_empty() || self.node(tree.0).first.0 > *bound {
            return;
        }
        let node = self.node(tree.0);
        if node.amount > limit {
            return self.visit(Tree(node.left), limit, bound, look);
        }
        let (mut near, mut far) = (node.left, node.right);
        if self.first_of(far) < self.first_of(near) {
            std::mem::swap(&mut near, &mut far);
        }
        let own_first = node.first.1 == tree.0;
        if !own_first {
            self.visit(Tree(near), limit, bound, look);
        }
        if node.key <= *bound {
            look(tree.0, node.key, bound);
        }
        if own_first {
            self.visit(Tree(near), limit, bound, look);
        }
        self.visit(Tree(far), limit, bound, look);
    }

    /// Lists a tree, for the invariant checker.
    #[cfg(test)]
    pub(super) fn list(&self, tree: Tree) -> Vec<u32> {
        let mut listed = Vec::new();
        self.visit(tree, u64::MAX, &mut Key::LAST.clone(), &mut |number, _, _| listed.push(number));
        listed
    }

    fn node(&self, number: u32) -> &Node {
        &self.nodes[number as usize]
    }

    fn node_mut(&mut self, number: u32) -> &mut Node {
        &mut self.nodes[number as usize]
    }

    fn first_of(&self, number: u32) -> (Key, u32) {
        if number == NONE { VACANT.first } else { self.node(number).first }
    }

    /// Brings the first key of a subtree up to date, and tells whether it has changed.
    fn refresh(&mut self, number: u32) -> bool {
        let node = self.node(number);
        let first = (node.key, number).min(self.first_of(node.left)).min(self.first_of(node.right));
        std::mem::replace(&mut self.node_mut(number).first, first) != first
    }

    fn refresh_from(&mut self, mut number: u32) {
        while number != NONE && self.refresh(number) {
            number = self.node(number).parent;
        }
    }

    /// Puts `new` where `old` is below `parent`, or at the root.
    fn replace_below(&mut self, tree: &mut Tree, parent: u32, old: u32, new: u32) {
        match parent {
            NONE => tree.0 = new,
            _ if self.node(parent).left == old => self.node_mut(parent).left = new,
            _ => self.node_mut(parent).right = new,
        }
        if new != NONE {
            self.node_mut(new).parent = parent;
        }
    }

    fn rotate_up(&mut self, tree: &mut Tree, number: u32) {
        let parent = self.node(number).parent;
        let above = *self.node(parent);
        let between = if above.left == number {
            let between = std::mem::replace(&mut self.node_mut(number).right, parent);
            self.node_mut(parent).left = between;
            between
        } else {
            let between = std::mem::replace(&mut self.node_mut(number).left, parent);
            self.node_mut(parent).right = between;
            between
        };
        if between != NONE {
            self.node_mut(between).parent = parent;
        }
        self.replace_below(tree, above.parent, parent, number);
        let node = self.node_mut(parent);
        node.parent = number;
        self.node_mut(number).first = above.first;
        self.refresh(parent);
    }

    /// Joins two subtrees of which the first is all before the second.
    fn merge(&mut self, before: u32, after: u32) -> u32 {
        if before == NONE || after == NONE {
            return if before == NONE { after } else { before };
        }
        let (root, joined) = if rank(before) > rank(after) {
            let joined = self.merge(self.node(before).right, after);
            self.node_mut(before).right = joined;
            (before, joined)
        } else {
            let joined = self.merge(before, self.node(after).left);
            self.node_mut(after).left = joined;
            (after, joined)
        };
        self.node_mut(joined).parent = root;
        self.refresh(root);
        root
    }
}

/// The finaliser of murmur3: neighbouring numbers get unrelated ranks, no two the same.
fn rank(number: u32) -> u32 {
    let mut bits = number.wrapping_add(0x9e37_79b9);
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x85eb_ca6b);
    bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
    bits ^ (bits >> 16)
}

#[cfg(test)]
mod tests {
    use super::super::job::JobNumber;
    use super::*;

    #[test]
    fn finds_what_a_scan_finds() {
        let (mut forest, mut tree, mut model) = (Forest::default(), Tree::EMPTY, Vec::new());
        for step in 0_u32..4_000 {
            let number = step.wrapping_mul(2_654_435_761) % 97;
            if let Some(index) = model.iter().position(|&(_, _, other)| other == number) {
                if step % 3 == 0 {
                    let key = Key::new(i64::from(step % 11), JobNumber(step));
                    forest.set_key(number, key);
                    model[index].1 = key;
                } else {
                    forest.remove(&mut tree, number);
                    model.swap_remove(index);
                }
            } else {
                let amount = u64::from(step % 13);
                let key = Key::new(i64::from(step % 7), JobNumber(step));
                forest.insert(&mut tree, number, amount, key);
                model.push((amount, key, number));
            }
            let keyed = |&(_, key, number): &(u64, Key, u32)| (key, number);
            assert_eq!(forest.first(tree), model.iter().map(keyed).min(), "step {step}");
            assert_eq!(forest.least(tree), model.iter().map(|entry| entry.0).min(), "step {step}");
            for limit in 0..14 {
                let within = || model.iter().filter(move |entry| entry.0 <= limit).map(keyed);
                let bound = Key::new(3, JobNumber(step / 2));
                for bound in [bound, Key::LAST] {
                    let expected = within().min().filter(|found| found.0 <= bound);
                    assert_eq!(forest.first_within(tree, limit, bound), expected, "step {step}, limit {limit}");
                }
                let mut seen = Vec::new();
                forest.visit(tree, limit, &mut bound.clone(), &mut |number, key, _| seen.push((key, number)));
                seen.sort_unstable();
                let mut expected: Vec<_> = within().filter(|entry| entry.0 <= bound).collect();
                expected.sort_unstable();
                assert_eq!(seen, expected, "step {step}, limit {limit}");
            }
        }
    }
}
