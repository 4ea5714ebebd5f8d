//! Closed families (enums) and open families (traits).

use std::sync::Arc;

use xpm::prelude::*;

use crate::reading::read_back;

/// Which loss to minimise.
#[config]
#[derive(Debug, Clone, PartialEq)]
pub enum Loss {
    /// Squared error
    Mse,
    Huber {
        #[param(default = 1.0)]
        delta: f64,
    },
    Weighted(f64, Option<u8>),
    Mixed {
        first: Box<Loss>,
        second: Box<Self>,
        #[param(ignored, default = 2)]
        threads: usize,
    },
    // Names that are keywords or differ in case only.
    Type,
    Super {
        r#in: u8,
    },
    HTTPGet,
    HttpGet {
        port: u16,
    },
}

#[config]
pub struct Job {
    pub loss: Loss,
    pub fallback: Option<Loss>,
    #[param(default = Loss::Huber { delta: 0.5 })]
    pub third: Loss,
    #[param(default = Loss::config().huber().delta(0.25))]
    pub fourth: Loss,
}

#[test]
fn a_variant_is_given_plainly_or_built() {
    let loss = |args: JobConfig| read_back::<Job>(&args).loss;
    assert_eq!(loss(Job::config().loss(Loss::Mse).build()), Loss::Mse);
    assert_eq!(loss(Job::config().loss(tag(Loss::Mse)).build()), Loss::Mse);
    assert_eq!(loss(Job::config().loss(Loss::config().mse()).build()), Loss::Mse);
    assert_eq!(loss(Job::config().loss(Loss::config().huber()).build()), Loss::Huber { delta: 1.0 });
    assert_eq!(loss(Job::config().loss(Loss::config().huber().delta(tag(2.0))).build()), Loss::Huber { delta: 2.0 });
}

#[test]
fn variants_with_any_fields() {
    let loss = |args: JobConfig| read_back::<Job>(&args).loss;
    let weighted = Loss::config().weighted()._0(0.5)._1(3).build();
    assert_eq!(loss(Job::config().loss(&weighted).build()), Loss::Weighted(0.5, Some(3)));
    assert_eq!(
        loss(Job::config().loss(Loss::config().weighted()._0(1.0).maybe__1(None)).build()),
        Loss::Weighted(1.0, None)
    );
    let mixed = Loss::config().mixed().second(&weighted).first(Loss::Mse);
    assert_eq!(
        loss(Job::config().loss(mixed).build()),
        Loss::Mixed { first: Box::new(Loss::Mse), second: Box::new(Loss::Weighted(0.5, Some(3))), threads: 2 }
    );
    assert_eq!(loss(Job::config().loss(Loss::config().r#type()).build()), Loss::Type);
    assert_eq!(loss(Job::config().loss(Loss::config().super_().r#in(1)).build()), Loss::Super { r#in: 1 });
    assert_eq!(loss(Job::config().loss(Loss::config().HTTPGet()).build()), Loss::HTTPGet);
    assert_eq!(loss(Job::config().loss(Loss::config().HttpGet().port(1)).build()), Loss::HttpGet { port: 1 });
}

#[test]
fn defaults_may_be_variants() {
    let job = read_back::<Job>(&Job::config().loss(Loss::Mse).fallback(Loss::config().huber()).build());
    assert_eq!((job.third, job.fourth), (Loss::Huber { delta: 0.5 }, Loss::Huber { delta: 0.25 }));
    assert_eq!(job.fallback, Some(Loss::Huber { delta: 1.0 }));
}

#[test]
fn a_variant_has_an_identity_however_it_is_given() {
    let built = Loss::config().huber().delta(2.0);
    let as_plain = Job::config().loss(Loss::Huber { delta: 2.0 }).identity();
    assert_eq!(Job::config().loss(built).identity(), as_plain);
    assert_ne!(Job::config().loss(Loss::config().huber()).identity(), as_plain);
    let of = |loss: xpm::__private::VariantArgs<Loss>| Job::config().loss(loss).identity();
    assert_ne!(of(Loss::config().mse()), of(Loss::config().r#type()));
}

/// Anything that scores a document.
#[config]
pub trait Scorer: Send + Sync {
    fn score(&self, query: &str) -> f64;
}

#[config]
trait Plain {
    fn plain(&self) -> usize;
}

#[config]
pub struct Bm25 {
    #[param(default = 0.9)]
    pub k1: f64,
}

#[config]
pub struct Length;

mod elsewhere {
    use xpm::prelude::*;

    #[config]
    impl super::Scorer for super::Length {
        fn score(&self, query: &str) -> f64 {
            query.len() as f64
        }
    }
}

#[config]
impl Scorer for Bm25 {
    fn score(&self, _query: &str) -> f64 {
        self.k1
    }
}

#[config]
impl Scorer for Loss {
    fn score(&self, _query: &str) -> f64 {
        -1.0
    }
}

#[config]
impl Plain for Bm25 {
    fn plain(&self) -> usize {
        1
    }
}

#[config]
pub struct Rerank {
    pub scorer: Box<dyn Scorer>,
    pub shared: Arc<dyn Scorer>,
    pub all: Vec<Box<dyn Scorer>>,
    pub other: Option<Box<dyn Scorer>>,
    #[param(default = Bm25 { k1: 5.0 })]
    pub usual: Box<dyn Scorer>,
}

#[config]
struct Second {
    plain: Box<dyn Plain>,
}

#[test]
fn members_go_where_the_family_is_expected() {
    let bm25 = Bm25::config().k1(tag(1.2)).build();
    let args = Rerank::config().scorer(&bm25).shared(Length).all([&bm25, &bm25]).other(Loss::Mse).build();
    assert_eq!(tagspath(&args), "k1=1.2");
    let rerank = read_back::<Rerank>(&args);
    assert_eq!(rerank.scorer.score("abc"), 1.2);
    assert_eq!(rerank.shared.score("abc"), 3.0);
    assert_eq!(rerank.all.iter().map(|scorer| scorer.score("")).collect::<Vec<_>>(), [1.2, 1.2]);
    assert_eq!(rerank.other.map(|scorer| scorer.score("")), Some(-1.0));
    assert_eq!(rerank.usual.score(""), 5.0);
    assert_eq!(read_back::<Second>(&Second::config().plain(Bm25::config()).build()).plain.plain(), 1);
}

#[test]
fn optional_members_are_given_as_options_too() {
    let score = |args: RerankBuilder<_, _, _>| -> Option<f64> {
        read_back::<Rerank>(&args.build()).other.map(|scorer| scorer.score("abc"))
    };
    let given = || Rerank::config().scorer(Length).shared(Length).all([Length]);
    let bm25 = Bm25::config().k1(1.5).build();
    let boxed: Option<Box<dyn Scorer>> = Some(Box::new(Length));
    assert_eq!(score(given().maybe_other(Some(&bm25))), Some(1.5));
    assert_eq!(score(given().maybe_other(Some(Bm25::config().k1(tag(2.5))))), Some(2.5));
    assert_eq!(score(given().maybe_other(Some(Bm25 { k1: 0.5 }))), Some(0.5));
    assert_eq!(score(given().maybe_other(None::<Bm25>)), None);
    assert_eq!(score(given().maybe_other(boxed)), Some(3.0));
}

#[test]
fn boxed_members_too() {
    let boxed: Box<dyn Scorer> = Box::new(Bm25 { k1: 0.5 });
    let shared: Arc<dyn Scorer> = Arc::new(Length);
    let all: Vec<Box<dyn Scorer>> = vec![Box::new(Length), Box::new(Bm25 { k1: 0.25 })];
    let args = Rerank::config().scorer(boxed).shared(shared).all(all).build();
    let rerank = read_back::<Rerank>(&args);
    assert_eq!(rerank.scorer.score(""), 0.5);
    assert_eq!(rerank.all[1].score(""), 0.25);
}
