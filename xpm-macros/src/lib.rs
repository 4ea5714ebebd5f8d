//! The attributes of xpm: `#[config]`, `#[task]` and `#[xpm::main]`.
//!
//! Parse → model → check → expand. `options` has the table of what may be written where, `parse` reads options and
//! items, `model` is what they mean, `check` refuses what cannot be, and `expand` writes one thing per file. All
//! mistakes of an item are gathered in `errors` and reported at once, and the item itself always survives.
//!
//! On structs and enums the attributes only add a derive, which does the work: a derive sees the item after `cfg`.
//! Knows nothing of values, identities or jobs; generated code calls typed functions of `::xpm::__private`.

mod check;
mod errors;
mod expand;
mod model;
mod names;
mod options;
mod parse;
mod partial;
mod types;

use proc_macro::TokenStream;

/// Makes an item known to xpm: what can be varied, and how it enters an identity. The item itself stays as it is written.
///
/// | on | it makes | given to arguments of type |
/// |---|---|---|
/// | a struct with named fields, or none | a configuration: `T::config()`, a builder with a setter for each argument | `T` |
/// | an `enum` | a closed family: `T::config()` has a method for each variant, `T::config().huber().delta(2.0)` | `T` |
/// | a `trait` | an open family: anyone adds members | `Box<dyn Trait>`, `Arc<dyn Trait>` |
/// | `impl Trait for T` | the configuration `T` a member of that family | |
///
/// # Options of the type: `#[config(…)]`
///
/// On a struct all of these, on an enum all but `version` and `args`; a trait and an `impl` take none.
///
/// | option | meaning |
/// |---|---|
/// | `id = "ir.bm25"` | the id, which is in the identity; without it, crate, modules and name with dots between |
/// | `version = 2` | a number in the identity: raise it when the meaning of the code changes |
/// | `renamed_from = "ir.old"` | the id that the type had, or a list of them: `myexp xpm migrate` finds finished jobs by it |
/// | `deprecated = NewType` | `NewType` has taken its place: with `impl From<T> for NewType`, `myexp xpm migrate` has finished jobs found as that |
/// | `validate = path::to::function` | `fn(&T) -> Result<(), E>`, for any error or text `E`: refuses values, at submit and in the job |
/// | `args = OtherName` | the name of the argument struct, which `build()` returns; without it, `TConfig` |
/// | `builder = OtherName` | the name of the builder; without it, `TBuilder`, and of an enum `TVariants` |
///
/// If the compiler says that `TConfig` or `TBuilder` is defined multiple times (E0428), you have a type of that name:
/// write `args = OtherName` or `builder = OtherName`.
///
/// # Options of an argument: `#[param(…)]`
///
/// Each field, of a struct or of a variant, is an argument; its doc comment is its help. An argument is required unless
/// it has a default or is an `Option`. An `Option` has two setters: `.limit(5)`, and `.maybe_limit(option)`.
///
/// | option | meaning |
/// |---|---|
/// | `default = 10` | the value unless it is set: any expression that the setter takes; `Some(10)` for an `Option` |
/// | `ignore_default` | with `default`: not in the identity while it has its default, so that adding it changes no identity |
/// | `ignored` | never in the identity |
/// | `path = "weights.bin"` | a `PathBuf`: a file of the job's own folder, never set by the plan |
/// | `id = "older_name"` | the name in the identity: rename the field, and the identity stays; no other argument has that name |
/// | `renamed_from = "older_name"` | a name that it had, or a list of them: the identity moves, and `myexp xpm migrate` finds finished jobs by it |
/// | `json` | any serde type, instead of an argument type; a job's promise may be given |
///
/// Argument types are integers, floats, `bool`, `char`, `String`, `PathBuf` (never in the identity), `Duration`, tuples,
/// arrays, `Option`, `Vec`, `BTreeMap`, `HashMap`, `IndexMap`, `BTreeSet`, `HashSet`, `IndexSet`, `Box` and `Arc` of
/// these, configurations, families and tasks.
///
/// # Example
///
/// ```
/// use xpm::prelude::*;
///
/// /// BM25 term weighting.
/// #[config(id = "ir.bm25", version = 2, validate = Bm25::in_range)]
/// pub struct Bm25 {
///     /// Saturation of term frequency
///     pub k1: f64,
///     #[param(default = 0.4)]
///     pub b: f64,
///     #[param(default = false, ignore_default)]
///     pub delta: bool,
///     #[param(ignored, default = 4)]
///     pub threads: usize,
///     pub limit: Option<usize>,
/// }
///
/// impl Bm25 {
///     fn in_range(&self) -> Result<(), String> {
///         if self.b <= 1.0 { Ok(()) } else { Err(format!("b is {}: at most 1", self.b)) }
///     }
/// }
///
/// #[config]
/// pub enum Loss {
///     Mse,
///     Huber { #[param(default = 1.0)] delta: f64 },
/// }
///
/// #[config]
/// pub trait Scorer: Send + Sync {
///     fn score(&self, frequency: f64) -> f64;
/// }
///
/// #[config]
/// impl Scorer for Bm25 {
///     fn score(&self, frequency: f64) -> f64 {
///         frequency / (frequency + self.k1)
///     }
/// }
///
/// #[config]
/// pub struct Model {
///     pub scorer: Box<dyn Scorer>,
///     pub loss: Loss,
/// }
///
/// let bm25 = Bm25::config().k1(tag(1.2)).build();
/// let model = Model::config().scorer(&bm25).loss(Loss::Mse).build();
/// assert_eq!(tagspath(&model), "k1=1.2");
/// assert_eq!(bm25.identity(), Bm25::config().k1(1.2).threads(8).identity());
/// assert_ne!(model.identity(), Model::config().scorer(&bm25).loss(Loss::config().huber()).identity());
/// ```
#[proc_macro_attribute]
pub fn config(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(expand::Attribute::Config, options.into(), item.into()).into()
}

/// Makes a task of a struct with named fields, or none: what it does is in its `impl Task`, which carries no attribute.
///
/// Takes the options of [`#[config]`](macro@config) on a struct, its fields `#[param(…)]` as there, and what one job
/// needs unless the plan says otherwise. None of the following is in the identity.
///
/// | option | meaning |
/// |---|---|
/// | `cpus = 4` | CPUs; without it, one |
/// | `memory = "8GiB"` | memory: a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB |
/// | `gpus = 1` | GPUs, each for this job alone |
/// | `time = "1h30m"` | the time after which the job is stopped: whole numbers, each with d, h, m or s |
/// | `resumable` | the folder is kept between attempts, and a job that ran out of time is run again |
/// | `transient` | jobs run only if something that runs needs them, or somebody waits for them by name |
/// | `transient = "remove"` | and at the end of a run whose plan came to its end their files are removed: arguments and logs are kept |
/// | `partial(checkpoints, except = [epochs])` | jobs that differ in these arguments only share a folder: see below |
/// | `program = ["python3", "train.py"]` | an external program does the work, and there is no `impl Task`: see below |
/// | `output = Metrics` | what the program writes to `XPM_OUTPUT`, any serde type; without it, `serde_json::Value` |
/// | `arguments = json` | how the program gets its arguments: as `flags` (without it), as `json` (the path of a file), `none` |
///
/// ```
/// use std::path::PathBuf;
/// use xpm::prelude::*;
///
/// /// Writes a number to a file, and returns its square.
/// #[task(id = "demo.square", version = 2, cpus = 2, memory = "500MB", time = "10m", resumable)]
/// pub struct Square {
///     pub x: i64,
///     #[param(path = "x.txt")]
///     pub file: PathBuf,
/// }
///
/// impl Task for Square {
///     type Output = i64; // any serde value
///
///     fn execute(&self, _job: &JobContext) -> TaskResult<i64> {
///         std::fs::write(&self.file, self.x.to_string())?;
///         Ok(self.x * self.x)
///     }
/// }
///
/// assert_ne!(Square::config().x(3).identity(), Square::config().x(4).identity());
/// ```
///
/// # Partial folders
///
/// Jobs of a task that differ only in the arguments after `except` share a folder, one of them at a time in it: what a
/// training of 10 epochs has computed is where one of 20 begins. Several `partial(…)` make several folders.
///
/// ```
/// use xpm::prelude::*;
///
/// #[task(id = "demo.count", partial(checkpoints, except = [epochs]))]
/// pub struct Count {
///     pub seed: u64,
///     pub epochs: u64,
/// }
///
/// impl Task for Count {
///     type Output = u64;
///
///     fn execute(&self, job: &JobContext) -> TaskResult<u64> {
///         let last = job.partial("checkpoints")?.join(format!("{}.txt", self.epochs));
///         // … begin with the largest one that is there …
///         std::fs::write(last, "…")?;
///         Ok(self.seed)
///     }
/// }
/// ```
///
/// The folder, `WORKDIR/partials/<task id>/<name>/<digest>`, stays whatever becomes of the jobs, and is never removed by xpm.
/// An attempt may be killed at any time: write files under another name and rename them. The version of the task is in
/// the digest, and everything else that is in the identity. A job that waits for the folder starts when it is free,
/// also if a job of another process has it. A program finds it in `XPM_PARTIAL_CHECKPOINTS`.
///
/// Which of two jobs is first is for the plan to say: give the shorter one a higher `.priority(…)`, or have the longer one
/// depend on it. A result that depends on the order in which jobs have used the folder is not told by the identity.
///
/// # External programs
///
/// ```
/// use std::path::PathBuf;
/// use xpm::prelude::*;
///
/// #[config(id = "net")]
/// pub struct Net {
///     pub layers: u32,
/// }
///
/// /// `python3 train.py --lr 0.1 --model.layers 3 --weights …/weights.pt`, in the job's folder.
/// #[task(id = "train.py", program = ["python3", "train.py"], version = 1)]
/// pub struct TrainPy {
///     pub lr: f64,
///     pub model: Net,
///     #[param(path = "weights.pt")]
///     pub weights: PathBuf,
/// }
///
/// let train = TrainPy::config().lr(0.1).model(Net::config().layers(3));
/// ```
///
/// A word that names a file relative to the crate that declares the task is that file. The program finds its arguments in
/// the file `XPM_PARAMS` too, writes its value as JSON to `XPM_OUTPUT`, and progress and metrics as lines of JSON to
/// `XPM_EVENTS`. What the script does is not in the identity: raise `version` when its meaning changes. Everything else is
/// told in `docs/programs.md`.
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(expand::Attribute::Task, options.into(), item.into()).into()
}

/// Lets a program run its own jobs: goes on `fn main()` of a program that submits tasks. Takes no options.
///
/// A job runs in a process of its own, which is this program again; the rest of `main` is then not run.
///
/// ```no_run
/// #[xpm::main]
/// fn main() -> xpm::Result<()> {
///     xpm::experiment("workspace", "demo").run(|xp| {
///         println!("{}", xp.results_path().display()); // submit tasks here
///         Ok(())
///     })
/// }
/// ```
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::main_fn(options.into(), item.into()).into()
}

/// Names an argument as a type, for `Forward<arg!(Task.field)>`: the flag of one argument on your own command line.
///
/// | written | the flag |
/// |---|---|
/// | `arg!(Rank.depth)` | `--depth` |
/// | `arg!(Rank.depth as "ranking-depth")` | `--ranking-depth` |
/// | `arg!(Rank.model.k1)` | `--model.k1` |
///
/// The path of a type may stand before the first dot, `arg!(crate::tasks::Rank.depth)`. A name that is no argument does
/// not compile.
#[proc_macro]
pub fn arg(input: TokenStream) -> TokenStream {
    expand::arg(input.into()).into()
}

/// What `#[config]` and `#[task]` add to a struct or an enum.
#[doc(hidden)]
#[proc_macro_derive(ConfigDerive, attributes(__xpm, param))]
pub fn config_derive(item: TokenStream) -> TokenStream {
    expand::derive(item.into()).into()
}
