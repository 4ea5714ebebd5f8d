//! Random forests (Breiman, 2001).

use xpm::prelude::*;

use super::{Model, Predictor, mean_quality};
use crate::data::Wine;
use crate::random::Random;

/// The mean of many regression trees, each grown on other wines.
#[config(id = "wine.forest")]
pub(crate) struct Forest {
    /// How each tree is grown
    tree: Tree,
    /// How many trees
    #[param(default = 200)]
    trees: usize,
    /// Seed of the wines and the measurements that each tree sees
    #[param(default = 1)]
    seed: u64,
}

/// A regression tree: questions about single measurements that part the wines into ever more even groups.
#[config(id = "wine.tree")]
pub(crate) struct Tree {
    /// How many questions deep it may grow
    depth: usize,
    /// How many wines each group must hold
    #[param(default = 1)]
    leaf: usize,
    /// How many measurements, drawn at random, each question is chosen from
    #[param(default = 4)]
    choices: usize,
}

#[config]
impl Model for Forest {
    fn fit(&self, wines: &[Wine]) -> TaskResult<Predictor> {
        let mut random = Random(self.seed);
        let grow = |_| {
            let mut drawn: Vec<&Wine> = wines.iter().map(|_| &wines[random.below(wines.len())]).collect();
            self.tree.grow(&mut drawn, self.tree.depth, &mut random)
        };
        let trees: Vec<Node> = (0..self.trees).map(grow).collect();
        Ok(Box::new(move |x| trees.iter().map(|tree| tree.ask(x)).sum::<f64>() / trees.len() as f64))
    }
}

enum Node {
    Leaf(f64),
    Question { column: usize, limit: f64, below: Box<Node>, above: Box<Node> },
}

impl Node {
    fn ask(&self, x: &[f64]) -> f64 {
        match self {
            Node::Leaf(quality) => *quality,
            Node::Question { column, limit, below, above } => {
                let next = if x[*column] < *limit { below } else { above };
                next.ask(x)
            }
        }
    }
}

impl Tree {
    fn grow(&self, wines: &mut [&Wine], depth: usize, random: &mut Random) -> Node {
        let question = if depth > 0 { self.best_question(wines, random) } else { None };
        let Some((column, limit)) = question else {
            return Node::Leaf(mean_quality(wines.iter().copied()));
        };
        wines.sort_by(|a, b| a.chemistry[column].total_cmp(&b.chemistry[column]));
        let (below, above) = wines.split_at_mut(wines.partition_point(|wine| wine.chemistry[column] < limit));
        let mut grow = |wines| Box::new(self.grow(wines, depth - 1, random));
        Node::Question { column, limit, below: grow(below), above: grow(above) }
    }

    /// The measurement and the limit that leave the smallest squared errors, if there are any that part the wines.
    fn best_question(&self, wines: &mut [&Wine], random: &mut Random) -> Option<(usize, f64)> {
        let mut columns: Vec<usize> = (0..wines.first()?.chemistry.len()).collect();
        random.shuffle(&mut columns);
        let sum: f64 = wines.iter().map(|wine| wine.quality).sum();
        let n = wines.len();
        let mut best = (sum * sum / n as f64 + 1e-9, None);
        for column in columns.into_iter().take(self.choices) {
            wines.sort_by(|a, b| a.chemistry[column].total_cmp(&b.chemistry[column]));
            let mut below = 0.0;
            for i in 1..n {
                below += wines[i - 1].quality;
                let (left, right) = (wines[i - 1].chemistry[column], wines[i].chemistry[column]);
                // The squared errors of two groups are least where the squared sums over sizes are largest.
                let gain = below * below / i as f64 + (sum - below).powi(2) / (n - i) as f64;
                if left < right && i.min(n - i) >= self.leaf && gain > best.0 {
                    best = (gain, Some((column, left.midpoint(right))));
                }
            }
        }
        best.1
    }
}
