//! [`Sweep`]: one configuration for each point of a grid, from a user's own command line.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command, Error, ValueHint};

use super::axis::{self, Axis, Spec};
use super::flag::{self, Flag};
use super::flags::{Layers, assemble, augment, read_layers, tell};
use super::given::{Given, Givens};
use super::problem::Problem;
use super::raw::Raw;
use super::sources::{SWEEP, SWEEP_FILE};
use super::{layers, takers};
use crate::config::{ArgStruct, ConfigType};
use crate::identity;
use crate::schema::{TypeKind, TypeSchema};
use crate::value::{Node, TagValue, Value};

/// Many configurations `C` from one command line: those of a grid, flattened into your own `#[derive(clap::Parser)]`
/// instead of [`Flags<C>`](super::Flags).
///
/// It has the flags of `Flags<C>`, `--set` and `--config` for what all configurations have in common, and for what varies
/// `--sweep`, as often as there are dimensions:
///
/// | written | values |
/// |---|---|
/// | `--sweep model.k1=0.6,0.9,1.2` | these |
/// | `--sweep "model.b=range(0,1,0.1)"` | 0, 0.1, … 1: both ends, exact decimals; without a step, steps of 1 |
/// | `--sweep "rate=geom(1e-4,1,5)"` | 0.0001, 0.001, 0.01, 0.1, 1: so many with one ratio, 12 significant digits |
/// | `--sweep "seed=0,range(10,12)"` | 0, 10, 11, 12 |
/// | `--sweep "model.k1,model.b=(0.6,0.3),(0.9,0.4)"` | two configurations: these arguments vary together |
/// | `--sweep loss=mse,huber` | variants of an enum, members of an open family |
/// | `--sweep 'name="a,b",c'` | texts with commas stand in double quotes |
/// | `--sweep 'sizes=[1,2],[3]'` | lists as JSON; `(1,5),(2,6)` tuples; `none` an `Option` without a value |
/// | `--sweep-file grid.toml` | see below |
///
/// All combinations are made, the first `--sweep` varying slowest. A swept argument is stronger than its flag, `--set` and
/// `--config`. Without a sweep there is one configuration. Each one is tagged with what varies, by the last part of the
/// argument's name (`k1`; `model.k1` if another swept argument ends like it): tags are not in the identity, so a job is the
/// same one whether it comes from a sweep or not.
///
/// A sweep file is TOML, YAML or JSON: in each table `[[sweep]]` the lists of arguments that vary together, the first table varying
/// slowest, then lists of single arguments in order of their names. A text in the place of a list is read as behind `--sweep`.
///
/// ```toml
/// seed = "range(1, 5)"
///
/// [[sweep]]
/// model.k1 = [0.6, 0.9]
/// model.b = [0.3, 0.4]
/// ```
///
/// An update (`clap::Parser::update_from`) keeps what it does not say; a sweep of an argument that it gives anew is gone.
///
/// Everything is checked when the command line is parsed, each configuration with its `validate`; errors are clap's, and
/// name the flag, the argument and what it expects. A sweep has at most 1,000,000 configurations.
///
/// ```ignore
/// use clap::Parser;
/// use xpm::prelude::*;
///
/// #[config(id = "demo.bm25")]
/// pub struct Bm25 {
///     #[param(default = 0.9)]
///     pub k1: f64,
///     #[param(default = 0.4)]
///     pub b: f64,
/// }
///
/// #[task(id = "demo.rank")]
/// pub struct Rank {
///     pub collection: String,
///     pub model: Bm25,
/// }
///
/// impl Task for Rank {
///     type Output = f64;
///
///     fn execute(&self, _: &JobContext) -> TaskResult<f64> {
///         Ok(self.model.k1 * self.model.b)
///     }
/// }
///
/// #[derive(Parser)]
/// struct Cli {
///     workdir: std::path::PathBuf,
///     #[command(flatten)]
///     rank: Sweep<Rank>,
/// }
///
/// // ranks work --collection robust --sweep model.k1=0.6,0.9,1.2 --sweep "model.b=range(0,1,0.1)"
/// #[xpm::main]
/// fn main() -> xpm::Result<()> {
///     let cli = Cli::parse();
///     println!("{} rankings", cli.rank.len());
///     xpm::experiment(cli.workdir, "grid").run(|xp| {
///         for rank in &cli.rank {
///             let job = rank.submit(xp)?;
///             println!("{}: {:?}", job.path().display(), job.tags()); // {"b": 0.3, "k1": 0.6}
///         }
///         Ok(())
///     })
/// }
/// ```
pub struct Sweep<C: ConfigType> {
    grid: Arc<Grid>,
    of: PhantomData<fn() -> C>,
}

/// The grid: what all have in common, and what varies.
struct Grid {
    schema: fn() -> &'static TypeSchema,
    flags: Vec<Flag>,
    base: BTreeMap<String, Given>,
    axes: Vec<Axis>,
    len: usize,
}

impl<C: ConfigType> Sweep<C> {
    /// How many configurations there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.grid.len
    }

    /// The configurations, the first sweep varying slowest: argument structs with tags, for `.submit(xp)` or the setter of an
    /// argument that is a `C`.
    pub fn iter(&self) -> Configs<C> {
        Configs { grid: Arc::clone(&self.grid), next: 0, of: PhantomData }
    }
}

/// The configurations of a [`Sweep`], in order.
pub struct Configs<C> {
    grid: Arc<Grid>,
    next: usize,
    of: PhantomData<fn() -> C>,
}

impl Grid {
    /// What this command line gives; what it does not say is as `before`.
    fn of(schema: fn() -> &'static TypeSchema, matches: &ArgMatches, before: Option<&Self>) -> Result<Self, Error> {
        let flags = flag::of_type(schema);
        let roots = flag::roots_of(schema);
        let new = read_layers(&flags, &roots, matches)?;
        let base = match before {
            Some(before) => Givens::from_entries(before.base.clone()).under(new.clone()),
            None => new.clone(),
        };
        let mut axes = Vec::new();
        for spec in specs(matches)? {
            axes.extend(spec.axis(&roots, &base)?);
        }
        if let Some(before) = before {
            let anew = |path: &str| new.any(path) || axes.iter().any(|axis: &Axis| axis.varies(path));
            let stays = |axis: &&Axis| !axis.paths.iter().any(|(path, _)| anew(path));
            let mut all: Vec<_> = before.axes.iter().filter(stays).cloned().collect();
            all.append(&mut axes);
            axes = all;
        }
        let mut swept = BTreeSet::new();
        for (path, axis) in axes.iter().flat_map(|axis| axis.paths.iter().map(move |(path, _)| (path, axis))) {
            if !swept.insert(path) {
                return Err(Problem::Other(format!("{}{path}: this argument is swept already", axis.source)).into());
            }
        }
        let len = axes.iter().try_fold(1_usize, |len, axis| len.checked_mul(axis.rows.len()));
        let len = len.filter(|len| *len as u128 <= axis::MOST).ok_or_else(|| {
            let lens: Vec<_> = axes.iter().map(|axis| axis.rows.len().to_string()).collect();
            let (lens, most) = (lens.join(" × "), axis::MOST);
            Problem::Other(format!("--sweep: these are {lens} configurations; there are at most {most}"))
        })?;
        let grid = Self { schema, flags, base: base.into_entries(), axes, len };
        // All of them now, so that a mistake is told before anything is run.
        let (mut seen, mut again) = (HashSet::new(), 0);
        for index in 0..len {
            let node = grid.node(index).map_err(|problem| grid.located(problem, index))?;
            // What has no identity is told when it is submitted.
            again += usize::from(identity::digest(&node).is_ok_and(|identity| !seen.insert(identity)));
        }
        if again > 0 {
            tell(&[grid.same_job(len - again)]);
        }
        Ok(grid)
    }

    /// What is told of configurations that are so many different jobs only.
    fn same_job(&self, jobs: usize) -> String {
        let axes = self.axes_outside_identity().join(", ");
        let jobs = match jobs {
            1 => "one job, with the values and the tags of the first".to_owned(),
            jobs => format!("{jobs} jobs, each with the values and the tags of its first one"),
        };
        format!("{axes}: what varies is not all in the identity: these {} configurations are {jobs}", self.len)
    }

    /// The sweeps along which a job stays the same one, all others being at their first value.
    fn axes_outside_identity(&self) -> Vec<String> {
        let mut step = self.len;
        let stays = self.axes.iter().filter(|axis| {
            step /= axis.rows.len();
            let mut seen = HashSet::new();
            let digest = |row: usize| identity::digest(&*self.node(row * step).ok()?).ok();
            (0..axis.rows.len()).any(|row| digest(row).is_some_and(|identity| !seen.insert(identity)))
        });
        stays.map(Axis::name).collect()
    }

    /// The values at one point, as (argument, value) with where they come from.
    fn row(&self, mut index: usize) -> Vec<(&Axis, &[Raw])> {
        let mut row = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            row.push((axis, &axis.rows[index % axis.rows.len()][..]));
            index /= axis.rows.len();
        }
        row.reverse();
        row
    }

    /// Values that do not go together, with what varies among them.
    fn located(&self, problem: Problem, index: usize) -> Problem {
        let Problem::Other(why) = problem else { return problem };
        let row = self.row(index).into_iter().flat_map(|(axis, values)| {
            axis.paths.iter().zip(values).map(|((path, _), raw)| format!("{}{path}={}", axis.source, raw.text()))
        });
        let row: Vec<_> = row.collect();
        Problem::Other(if row.is_empty() { why } else { format!("{why} (with {})", row.join(", ")) })
    }

    fn node(&self, index: usize) -> Result<Arc<Node>, Problem> {
        let mut givens = Givens::from_entries(self.base.clone());
        let row = self.row(index);
        let mut values: Vec<_> = row
            .iter()
            .flat_map(|(axis, values)| axis.paths.iter().zip(*values).map(|((path, ty), raw)| (path, ty, raw, *axis)))
            .collect();
        // What is chosen before the arguments of what is chosen.
        values.sort_by_key(|(path, ..)| path.len());
        for (path, ty, raw, axis) in values {
            givens.set(path, ty, raw, &axis.source)?;
        }
        assemble(self.schema, &self.flags, &givens, None)
    }

    fn tags(&self, index: usize, node: &Node) -> Vec<(String, TagValue)> {
        let paths: Vec<_> = self.axes.iter().flat_map(|axis| &axis.paths).map(|(path, _)| path.as_str()).collect();
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let mut tags = Vec::new();
        for (axis, values) in self.row(index) {
            for ((path, _), raw) in axis.paths.iter().zip(values) {
                let alone = paths.iter().filter(|other| last(other) == last(path)).count() == 1;
                let name = if alone { last(path) } else { path.clone() };
                tags.push((name, self.tag_value(node, path, raw)));
            }
        }
        tags
    }

    /// How a value shows: as its argument does in a tag, a configuration given whole as it was written.
    fn tag_value(&self, node: &Node, path: &str, raw: &Raw) -> TagValue {
        let schema = (self.schema)();
        let path = match schema.kind() {
            TypeKind::Family => path.strip_prefix(&flag::root_name(schema)).unwrap_or(path).trim_start_matches('.'),
            _ => path,
        };
        let mut value: Option<Value> = None;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            let above = value.as_ref().map_or(Some(node), flag::node_of);
            let found = above.and_then(|node| {
                let index = node.arguments().iter().position(|arg| arg.name == name)?;
                Some(node.slots()[index].value.clone())
            });
            match found {
                Some(found) => value = Some(found),
                None => return TagValue::Text(raw.text()),
            }
        }
        match value {
            Some(Value::Config(_)) | None => TagValue::Text(raw.text()),
            Some(value) => TagValue::of(&value),
        }
    }
}

/// The sweeps and the tables of files in their order on the command line.
fn specs(matches: &ArgMatches) -> Result<Vec<Spec>, Problem> {
    let mut found: Vec<(usize, &Vec<Spec>)> = Vec::new();
    for id in [SWEEP, SWEEP_FILE] {
        let specs = matches.try_get_many::<Vec<Spec>>(id).map_err(|_| {
            Problem::Other(format!(
                "`--{id}` cannot be read: the program calls `Command::defer` itself, which takes the place of what `Sweep` \
                 does there; call it before the arguments are added, or do without"
            ))
        })?;
        found.extend(matches.indices_of(id).into_iter().flatten().zip(specs.into_iter().flatten()));
    }
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().flat_map(|(_, specs)| specs.iter().cloned()).collect())
}

/// The two flags, under names that no user's flag has, until all flags are known.
fn sweep_args(command: Command) -> Command {
    if command.get_arguments().any(|arg| arg.get_id() == SWEEP) {
        return command;
    }
    let sweep = Arg::new(SWEEP)
        .long(SWEEP)
        .value_name("KEY=VALUES")
        .action(ArgAction::Append)
        .help("Varies an argument: k1=0.6,0.9, range(0,1,0.1), geom(1e-4,1,5) [may be repeated]");
    let file = Arg::new(SWEEP_FILE)
        .long(SWEEP_FILE)
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_hint(ValueHint::FilePath)
        .help("Takes what varies from a TOML, YAML or JSON file [may be repeated]");
    command.arg(sweep).arg(file)
}

fn add<C: ConfigType>(command: Command, update: bool) -> Command {
    let flags = flag::of_type(C::schema);
    let command = augment(command, &flags, takers::of_sweep(C::schema()), Layers::Sweep, update);
    sweep_args(command).defer(layers::add)
}

impl<C: ConfigType> clap::FromArgMatches for Sweep<C> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self { grid: Arc::new(Grid::of(C::schema, matches, None)?), of: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.grid = Arc::new(Grid::of(C::schema, matches, Some(&self.grid))?);
        Ok(())
    }
}

impl<C: ConfigType> clap::Args for Sweep<C> {
    fn group_id() -> Option<clap::Id> {
        Some(takers::of_sweep(C::schema()).into())
    }

    fn augment_args(command: Command) -> Command {
        add::<C>(command, false)
    }

    fn augment_args_for_update(command: Command) -> Command {
        add::<C>(command, true)
    }
}

impl<C: ConfigType> Iterator for Configs<C> {
    type Item = C::Args;

    fn next(&mut self) -> Option<C::Args> {
        let index = self.next;
        if index >= self.grid.len {
            return None;
        }
        self.next += 1;
        match self.grid.node(index) {
            Ok(node) => {
                let mut args = C::Args::from_slots(node.variant(), node.slots().to_vec());
                for (name, value) in self.grid.tags(index, &node) {
                    args.meta_mut().tag(name, value);
                }
                Some(args)
            }
            Err(error) => {
                panic!("a configuration was taken when the command line was parsed, and now is not: {error:?}")
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.grid.len - self.next;
        (left, Some(left))
    }
}

impl<C: ConfigType> ExactSizeIterator for Configs<C> {}
impl<C: ConfigType> FusedIterator for Configs<C> {}

impl<C: ConfigType> IntoIterator for &Sweep<C> {
    type Item = C::Args;
    type IntoIter = Configs<C>;

    fn into_iter(self) -> Configs<C> {
        self.iter()
    }
}

impl<C: ConfigType> IntoIterator for Sweep<C> {
    type Item = C::Args;
    type IntoIter = Configs<C>;

    fn into_iter(self) -> Configs<C> {
        self.iter()
    }
}

impl<C: ConfigType> Clone for Sweep<C> {
    fn clone(&self) -> Self {
        Self { grid: Arc::clone(&self.grid), of: PhantomData }
    }
}

impl<C: ConfigType> fmt::Debug for Sweep<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let swept: Vec<_> = self.grid.axes.iter().flat_map(|axis| &axis.paths).map(|(path, _)| path).collect();
        f.debug_struct("Sweep").field("swept", &swept).field("len", &self.grid.len).finish()
    }
}

impl<C> fmt::Debug for Configs<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configs").field("next", &self.next).field("len", &self.grid.len).finish()
    }
}
