//! The configurations of these tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

/// A document collection.
#[config(id = "cli.collection")]
pub struct Collection {
    /// Name of the collection
    pub name: String,
    /// Where it lies on this machine
    pub path: PathBuf,
    /// Keep the first n documents only
    pub limit: Option<usize>,
}

/// BM25 term weighting.
#[config(id = "cli.bm25", validate = Bm25::in_range)]
#[derive(Debug, PartialEq)]
pub struct Bm25 {
    #[param(default = 0.9)]
    pub k1: f64,
    /// Length normalisation, 0 to 1.
    ///
    /// The longer a document, the less each of its words counts.
    #[param(default = 0.4)]
    pub b: f64,
    #[param(default = false, ignore_default)]
    pub delta: bool,
    #[param(ignored, default = 4)]
    pub threads: usize,
}

impl Bm25 {
    fn in_range(&self) -> Result<(), String> {
        if self.b <= 1.0 { Ok(()) } else { Err(format!("b is {}: at most 1", self.b)) }
    }
}

#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct Metrics {
    pub map: f64,
}

#[task(id = "cli.rank", version = 2)]
pub struct Rank {
    pub collection: Collection,
    pub model: Bm25,
    /// Documents kept per topic
    #[param(default = 1000)]
    pub depth: usize,
    /// At most so many topics
    pub max_topics: Option<u8>,
    #[param(path = "run.txt")]
    pub run: PathBuf,
}

impl Task for Rank {
    type Output = ();

    fn execute(&self, _: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

/// Which loss to minimise.
#[config(id = "cli.loss")]
#[allow(clippy::enum_variant_names, reason = "as people call it")]
#[derive(Debug, PartialEq)]
pub enum Loss {
    /// Mean squared error.
    Mse,
    /// Linear far from zero.
    HuberLoss {
        /// Where it becomes linear
        #[param(default = 1.0)]
        delta: f64,
    },
    Power(u8),
}

#[config]
pub trait Scorer: Send + Sync {
    fn score(&self) -> f64;
}

#[config]
impl Scorer for Bm25 {
    fn score(&self) -> f64 {
        self.k1
    }
}

/// Always the same.
#[config(id = "cli.constant")]
pub struct Constant {
    pub value: f64,
}

#[config]
impl Scorer for Constant {
    fn score(&self) -> f64 {
        self.value
    }
}

/// One layer.
#[config(id = "cli.layer")]
#[derive(Debug, PartialEq)]
pub struct Layer {
    pub units: u16,
    #[param(default = Loss::Mse)]
    pub loss: Loss,
}

#[config(id = "cli.everything")]
pub struct Everything {
    pub loss: Loss,
    pub scorer: Box<dyn Scorer>,
    pub layers: Vec<Layer>,
    #[param(default = vec![1, 2])]
    pub sizes: Vec<u8>,
    pub names: BTreeSet<String>,
    #[param(default = BTreeMap::new())]
    pub weights: BTreeMap<String, f32>,
    #[param(default = (0, 10))]
    pub range: (i32, i32),
    #[param(default = [1.0, 2.0, 3.0])]
    pub point: [f64; 3],
    #[param(default = Duration::from_secs(90))]
    pub timeout: Duration,
    pub letter: Option<char>,
    pub warmup: Option<Bm25>,
    #[param(default = true)]
    pub shuffle: bool,
    pub verbose: bool,
    #[param(json)]
    pub baseline: Option<Metrics>,
    #[param(default = "gpu")]
    pub r#type: String,
    #[param(default = -1)]
    pub offset: i64,
}
