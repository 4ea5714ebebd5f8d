use xpm::prelude::*;
use std::path::PathBuf;
use serde::{Serialize,Deserialize};
#[config(id = "ir.collection")]
#[derive(Clone, Debug, PartialEq)]
pub struct Collection { /// Name
 pub name: String, pub path: PathBuf, pub limit: Option<usize> }
#[config(id = "ir.bm25")]
pub struct Bm25 { #[param(default = 0.9)] pub k1: f64, #[param(default = 0.4)] pub b: f64, #[param(default=false, ignore_default)] pub delta: bool, #[param(ignored, default=4)] pub threads: usize }
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct Metrics { pub map: f64 }
#[task(id = "ir.rank", version = 2)]
pub struct Rank { pub collection: Collection, pub model: Bm25, #[param(default = 1000)] pub depth: usize, #[param(path="run.txt")] pub run: PathBuf, #[param(json)] pub m: Metrics, #[param(json)] pub m2: Option<Metrics> }
impl Task for Rank { type Output = Metrics; fn execute(&self, _job: &JobContext) -> TaskResult<Metrics> { Ok(Metrics{map: 1.0}) } }
#[config]
pub enum Loss { Mse, Huber { #[param(default = 1.0)] delta: f64 }, Two(f64, Option<u8>) }
#[config]
pub trait Scorer: Send + Sync { fn score(&self) -> f64; }
#[config]
impl Scorer for Bm25 { fn score(&self) -> f64 { self.k1 } }
#[task]
pub struct Rerank { pub scorer: Box<dyn Scorer>, pub loss: Loss }
impl Task for Rerank { type Output = (); fn execute(&self, _job: &JobContext) -> TaskResult<()> { Ok(()) } }
#[test]
fn all() {
    let r = Rerank::config().scorer(Bm25::config().k1(tag(1.2))).loss(Loss::Mse);
    println!("{:?}", r);
    let r = Rerank::config().scorer(Bm25::config().k1(tag(1.2))).loss(Loss::config().two()._0(1.0)._1(3)).build();
    println!("{}", r.explain());
    let c = Collection::config().name("a").path("/x").build();
    let mut r = Rank::config().collection(&c).model(Bm25::config()).m(Metrics{map:1.0}).build();
    r.set_depth(4);
    println!("{}", r.explain());
}
