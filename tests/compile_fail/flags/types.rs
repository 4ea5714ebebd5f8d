//! Types that are no configurations, and what is no argument, as flags.

use std::collections::HashMap;

use xpm::prelude::*;

pub struct Plain {
    pub n: usize,
}

#[config]
pub struct Model {
    #[param(default = 0.9)]
    pub k1: f64,
}

#[config]
pub enum Loss {
    Mse,
    Huber { delta: f64 },
}

#[config]
pub struct Train {
    pub loss: Loss,
    pub models: Vec<Model>,
}

type Maybe = Option<Model>;

fn plain(_: Flags<Plain>) {}
fn number(_: Flags<f64>) {}
fn pair(_: Flags<(f64, f64)>) {}
fn map(_: Flags<HashMap<String, Model>>) {}
fn optional(_: Flags<Maybe>) {}

type InAVariant = arg!(Train.loss.delta);
type InAList = arg!(Train.models.k1);
type OfAnEnum = arg!(Loss.delta);

fn flag<F: clap::Args>() {}

fn main() {
    let _: Option<(InAVariant, InAList, OfAnEnum)> = None;
    flag::<Forward<Model>>();
    flag::<Forward<f64>>();
}
