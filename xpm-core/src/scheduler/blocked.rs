//! The classes that wait for a resource, findable by what a release can serve: the first in order among those that need no
//! more than a given amount, in logarithmic time. It does not know resources; each pool has the root of its own tree.
//!
//! The trees are treaps (Seidel and Aragon, Randomized search trees, 1996) ordered by amount, each node with the first key
//! of its subtree. The heap order comes from a hash of the class number, so that the shape is the same in every run. A class
//! is in one tree at most, so that nodes are indexed by class and nothing is allocated for waiting.

use std::cmp::Ordering;

use super::class::{ClassNumber, Key};

/// The root of one resource's tree.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tree(Option<ClassNumber>);

impl Tree {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_none()
    }
}

#[derive(Clone, Copy, Debug)]
struct Node {
    amount: u64,
    key: Key,
    /// The first key of the subtree, and whose it is.
    first: (Key, ClassNumber),
    left: Tree,
    right: Tree,
}

/// The nodes of all trees.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    nodes: Vec<Option<Node>>,
}

impl Blocked {
    /// Adds a class that needs `amount` and whose first job is at `key`.
    pub(super) fn insert(&mut self, tree: &mut Tree, class: ClassNumber, amount: u64, key: Key) {
        if self.nodes.len() <= class.index() {
            self.nodes.resize(class.index() + 1, None);
        }
        let node = Node { amount, key, first: (key, class), left: Tree(None), right: Tree(None) };
        self.nodes[class.index()] = Some(node);
        let (before, after) = self.split(*tree, (amount, class));
        let before = self.merge(before, Tree(Some(class)));
        *tree = self.merge(before, after);
    }

    /// Takes a class out of the tree that it is in.
    pub(super) fn remove(&mut self, tree: &mut Tree, class: ClassNumber) {
        let sought = (self.node(class).amount, class);
        *tree = self.without(*tree, sought);
        self.nodes[class.index()] = None;
    }

    /// Changes the place in the order of a class that is in the tree.
    pub(super) fn set_key(&mut self, tree: Tree, class: ClassNumber, key: Key) {
        let node = self.node_mut(class);
        node.key = key;
        let sought = (node.amount, class);
        self.refresh_towards(tree, sought);
    }

    /// Finds the first class in order among those that need `limit` at most.
    pub(super) fn first_within(&self, tree: Tree, limit: u64) -> Option<(Key, ClassNumber)> {
        let (mut at, mut found) = (tree, None::<(Key, ClassNumber)>);
        while let Tree(Some(class)) = at {
            let node = self.node(class);
            if node.amount > limit {
                at = node.left;
                continue;
            }
            let here = self.first_of(node.left).into_iter().chain([(node.key, class)]);
            found = found.into_iter().chain(here).min();
            at = node.right;
        }
        found
    }

    /// What a class is there with, for the invariant checker.
    #[cfg(test)]
    pub(super) fn entry(&self, class: ClassNumber) -> Option<(u64, Key)> {
        self.nodes.get(class.index()).copied().flatten().map(|node| (node.amount, node.key))
    }

    fn node(&self, class: ClassNumber) -> &Node {
        self.nodes[class.index()].as_ref().expect("a class in a tree has a node")
    }

    fn node_mut(&mut self, class: ClassNumber) -> &mut Node {
        self.nodes[class.index()].as_mut().expect("a class in a tree has a node")
    }

    fn first_of(&self, tree: Tree) -> Option<(Key, ClassNumber)> {
        tree.0.map(|class| self.node(class).first)
    }

    fn refresh(&mut self, class: ClassNumber) -> Tree {
        let node = self.node(class);
        let mut first = (node.key, class);
        for below in [node.left, node.right].into_iter().filter_map(|tree| self.first_of(tree)) {
            first = first.min(below);
        }
        self.node_mut(class).first = first;
        Tree(Some(class))
    }

    /// Parts a tree into what is before `at` and the rest.
    fn split(&mut self, tree: Tree, at: (u64, ClassNumber)) -> (Tree, Tree) {
        let Tree(Some(class)) = tree else { return (tree, tree) };
        let node = *self.node(class);
        if (node.amount, class) < at {
            let (before, after) = self.split(node.right, at);
            self.node_mut(class).right = before;
            (self.refresh(class), after)
        } else {
            let (before, after) = self.split(node.left, at);
            self.node_mut(class).left = after;
            (before, self.refresh(class))
        }
    }

    /// Joins two trees of which the first is all before the second.
    fn merge(&mut self, before: Tree, after: Tree) -> Tree {
        let (Tree(Some(left)), Tree(Some(right))) = (before, after) else {
            return if before.is_empty() { after } else { before };
        };
        if rank(left) > rank(right) {
            let joined = self.merge(self.node(left).right, after);
            self.node_mut(left).right = joined;
            self.refresh(left)
        } else {
            let joined = self.merge(before, self.node(right).left);
            self.node_mut(right).left = joined;
            self.refresh(right)
        }
    }

    fn refresh_towards(&mut self, tree: Tree, sought: (u64, ClassNumber)) {
        let Tree(Some(class)) = tree else { return };
        let node = *self.node(class);
        match sought.cmp(&(node.amount, class)) {
            Ordering::Less => self.refresh_towards(node.left, sought),
            Ordering::Greater => self.refresh_towards(node.right, sought),
            Ordering::Equal => {}
        }
        self.refresh(class);
    }

    fn without(&mut self, tree: Tree, sought: (u64, ClassNumber)) -> Tree {
        let class = tree.0.expect("a class is removed from the tree it is in");
        let node = *self.node(class);
        if class == sought.1 {
            return self.merge(node.left, node.right);
        }
        if sought < (node.amount, class) {
            let left = self.without(node.left, sought);
            self.node_mut(class).left = left;
        } else {
            let right = self.without(node.right, sought);
            self.node_mut(class).right = right;
        }
        self.refresh(class)
    }
}

/// The finaliser of splitmix64: neighbouring numbers get unrelated ranks.
fn rank(class: ClassNumber) -> u64 {
    let mut bits = u64::from(class.0).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::job::JobNumber;
    use super::*;

    #[test]
    fn finds_what_a_scan_finds() {
        let (mut blocked, mut tree, mut model) = (Blocked::default(), Tree::default(), Vec::new());
        for step in 0_u32..4_000 {
            let class = ClassNumber(step.wrapping_mul(2_654_435_761) % 97);
            if let Some(index) = model.iter().position(|&(_, _, other)| other == class) {
                if step % 3 == 0 {
                    let key = Key::new(i64::from(step % 11), JobNumber(step));
                    blocked.set_key(tree, class, key);
                    model[index].1 = key;
                } else {
                    blocked.remove(&mut tree, class);
                    model.swap_remove(index);
                }
            } else {
                let amount = u64::from(step % 13);
                let key = Key::new(i64::from(step % 7), JobNumber(step));
                blocked.insert(&mut tree, class, amount, key);
                model.push((amount, key, class));
            }
            for limit in 0..14 {
                let expected = model.iter().filter(|entry| entry.0 <= limit).map(|&(_, key, class)| (key, class)).min();
                assert_eq!(blocked.first_within(tree, limit), expected, "step {step}, limit {limit}");
            }
        }
    }
}
