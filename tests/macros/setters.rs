//! Setters of builders and argument structs, optional arguments, defaults, and where an argument was set.

use xpm::prelude::*;

#[config]
#[derive(Clone, Debug, PartialEq)]
pub struct Weighting {
    #[param(default = 1.5)]
    pub slope: f64,
}

impl Weighting {
    const STEEP: f64 = 9.0;
}

#[config]
pub struct Model {
    pub name: String,
    pub depth: usize,
    pub limit: Option<usize>,
    #[param(default = Some(3))]
    pub top: Option<usize>,
    #[param(default = "adam")]
    pub optimiser: String,
    #[param(default = Weighting::config().slope(Weighting::STEEP))]
    pub weighting: Weighting,
    #[param(default = Weighting { slope: 2.0 })]
    pub second: Weighting,
    #[param(default = [0.1, 0.2])]
    pub rates: Vec<f64>,
    #[param(default = -1)]
    #[param(ignore_default)]
    pub offset: i64,
    #[param(default = std::time::Duration::from_secs(1))]
    pub pause: std::time::Duration,
}

fn read(model: &ModelConfig) -> Model {
    crate::reading::read_back(model)
}

#[test]
fn defaults_are_what_was_declared() {
    let model = read(&Model::config().depth(1).name("x").build());
    assert_eq!((model.limit, model.top), (None, Some(3)));
    assert_eq!(model.optimiser, "adam");
    assert_eq!((model.weighting.slope, model.second.slope), (9.0, 2.0));
    assert_eq!(model.rates, [0.1, 0.2]);
    assert_eq!(model.offset, -1);
    assert_eq!(model.pause.as_secs(), 1);
}

#[test]
fn optional_arguments_have_two_setters() {
    let base = || Model::config().name("x").depth(1);
    assert_eq!(read(&base().limit(5).build()).limit, Some(5));
    assert_eq!(read(&base().limit(tag(5)).build()).limit, Some(5));
    assert_eq!(read(&base().maybe_limit(Some(5)).build()).limit, Some(5));
    assert_eq!(read(&base().maybe_limit(None).build()).limit, None);
    assert_eq!(read(&base().maybe_top(None).build()).top, None);
    let mut args = base().build();
    args.set_limit(7).set_maybe_top(None).set_depth(tag(9));
    let model = read(&args);
    assert_eq!((model.limit, model.top, model.depth), (Some(7), None, 9));
}

#[test]
fn fields_can_be_assigned_and_the_last_setter_wins() {
    let mut args = Model::config().name("a").name("b").depth(1).build();
    args.depth = 100.into_arg();
    args.limit = xpm::Arg::<Option<usize>>::some(3);
    let model = read(&args);
    assert_eq!((model.name.as_str(), model.depth, model.limit), ("b", 100, Some(3)));
}

#[test]
fn a_builder_may_be_filled_in_any_order_and_passed_around() {
    fn named(builder: ModelBuilder) -> impl Configure<Built = ModelConfig> {
        builder.name("x")
    }
    let _half = named(Model::config());
    let builder = Model::config().depth(3);
    let args = builder.name("later").build();
    assert_eq!(read(&args).depth, 3);
}

#[test]
fn an_argument_knows_where_it_was_set() {
    let line = line!() + 1;
    let mut args = Model::config().name("x").depth(1).limit(2).build();
    args.set_offset(5);
    let place = |arg: &xpm::__private::Slot| arg.set_at.unwrap().line();
    assert_eq!(place(args.name.slot()), line);
    assert_eq!(place(args.limit.slot()), line);
    assert_eq!(place(args.offset.slot()), line + 1);
    assert!(args.rates.slot().set_at.is_none());
    assert!(args.name.slot().set_at.unwrap().file().ends_with("setters.rs"));
}

#[test]
fn tags_of_a_builder_and_of_arguments() {
    let args =
        Model::config().name("x").depth(tag(3)).weighting(Weighting::config().slope(tag(0.5))).tag("y", 1).build();
    assert_eq!(tagspath(&args), "depth=3_slope=0.5_y=1");
    assert_eq!(args.tags().len(), 3);
}
