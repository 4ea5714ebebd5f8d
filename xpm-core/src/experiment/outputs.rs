//! What a job hands on to other tasks beside itself: the value it returns, its files, and what it made.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::submit::Dependency;
use crate::config::{
    Arg, ArgStruct, Complete, ConfigType, Configure, IntoArg, Json, Plain, Promised, Submitted, Symbolic,
};
use crate::schema::TypeKind;
use crate::value::{JobRef, Node, Value};

/// The value that a job will return. Made by [`Job::promise`](super::Job::promise).
pub struct Promise<V> {
    job: Arc<JobRef>,
    ty: PhantomData<fn() -> V>,
}

impl<V> Promise<V> {
    pub(super) fn new(job: Arc<JobRef>) -> Self {
        Self { job, ty: PhantomData }
    }
}

impl<V> Clone for Promise<V> {
    fn clone(&self) -> Self {
        Self { job: self.job.clone(), ty: PhantomData }
    }
}

impl<V> fmt::Debug for Promise<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Promise({})", self.job.key)
    }
}

/// The marker of conversions from promises.
#[derive(Debug)]
pub struct ByPromise;

macro_rules! promised {
    ($($promise:ty);*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Serialize + DeserializeOwned + 'static> IntoArg<Json<T>, ByPromise> for $promise {
            fn into_arg(self) -> Arg<Json<T>> {
                Arg::of(Value::Promise(self.job.clone()))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Promised> IntoArg<T, ByPromise> for $promise {
            fn into_arg(self) -> Arg<T> {
                Arg::of(Value::Promise(self.job.clone()))
            }
        }
    )*};
}
promised!(Promise<T>; &Promise<T>);

fn promises<T>(items: impl IntoIterator<Item = Promise<T>>) -> Arg<Json<Vec<T>>> {
    Arg::of(Value::List(items.into_iter().map(|promise| Value::Promise(promise.job)).collect()))
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> IntoArg<Json<Vec<T>>, ByPromise> for Vec<Promise<T>> {
    fn into_arg(self) -> Arg<Json<Vec<T>>> {
        promises(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static, const N: usize> IntoArg<Json<Vec<T>>, ByPromise> for [Promise<T>; N] {
    fn into_arg(self) -> Arg<Json<Vec<T>>> {
        promises(self)
    }
}

/// A file in a job's folder. Made by [`Job::file`](super::Job::file).
#[derive(Clone)]
pub struct JobFile {
    job: Arc<JobRef>,
    path: PathBuf,
}

impl JobFile {
    pub(super) fn new(job: Arc<JobRef>, path: &Path) -> Self {
        Self { job, path: path.to_owned() }
    }

    fn value(&self) -> Value {
        let mut inside = PathBuf::new();
        for component in self.path.components() {
            match component {
                Component::Normal(name) => inside.push(name),
                Component::CurDir => {}
                _ => {
                    let why = format!(
                        "`file({:?})` leaves the folder of {}; give a path inside it",
                        self.path.display().to_string(),
                        self.job.key
                    );
                    return Value::Refused(why.into());
                }
            }
        }
        Value::File(self.job.clone(), inside.into())
    }
}

impl fmt::Debug for JobFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobFile({} of {})", self.path.display(), self.job.key)
    }
}

/// The marker of conversions from files of jobs.
#[derive(Debug)]
pub struct ByJobFile;

#[diagnostic::do_not_recommend]
impl IntoArg<PathBuf, ByJobFile> for JobFile {
    fn into_arg(self) -> Arg<PathBuf> {
        Arg::of(self.value())
    }
}

#[diagnostic::do_not_recommend]
impl IntoArg<PathBuf, ByJobFile> for &JobFile {
    fn into_arg(self) -> Arg<PathBuf> {
        Arg::of(self.value())
    }
}

/// What a job can be said to make, [`Job::produces`](super::Job::produces). `Marker` is inferred and says nothing to users.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a job produces",
    label = "expected a configuration",
    note = "given are: a plain value of a type with `#[config]`, an argument struct, a reference to one of these, or a builder with every required argument set (its `.build()` names what is missing)",
    note = "a task is submitted instead, and `&job` is given"
)]
pub trait Producible<Marker> {
    /// The configuration's type.
    type Config: ConfigType;

    /// The configuration as data.
    fn into_node(self) -> Arc<Node>;
}

/// A builder or an argument struct.
#[derive(Debug)]
pub struct ByArguments;

/// A reference to an argument struct.
#[derive(Debug)]
pub struct ByArgumentsRef;

/// A plain value.
#[derive(Debug)]
pub struct ByPlainValue;

/// A reference to a plain value.
#[derive(Debug)]
pub struct ByPlainValueRef;

#[diagnostic::do_not_recommend]
impl<B: Configure + Complete> Producible<ByArguments> for B {
    type Config = <B::Built as ArgStruct>::Target;

    fn into_node(self) -> Arc<Node> {
        self.into_args().node()
    }
}

#[diagnostic::do_not_recommend]
impl<A: ArgStruct> Producible<ByArgumentsRef> for &A {
    type Config = A::Target;

    fn into_node(self) -> Arc<Node> {
        self.node()
    }
}

#[diagnostic::do_not_recommend]
impl<C: ConfigType + Plain> Producible<ByPlainValue> for C {
    type Config = C;

    fn into_node(self) -> Arc<Node> {
        self.to_node()
    }
}

#[diagnostic::do_not_recommend]
impl<C: ConfigType + Plain> Producible<ByPlainValueRef> for &C {
    type Config = C;

    fn into_node(self) -> Arc<Node> {
        self.to_node()
    }
}

/// A configuration that stands for something a job made. Made by [`Job::produces`](super::Job::produces).
pub struct Produced<C> {
    job: Arc<JobRef>,
    node: Arc<Node>,
    ty: PhantomData<fn() -> C>,
}

impl<C: ConfigType> Produced<C> {
    pub(super) fn new(job: Arc<JobRef>, node: Arc<Node>) -> Self {
        Self { job, node, ty: PhantomData }
    }

    fn value(&self) -> Value {
        if self.node.schema().kind() == TypeKind::Task {
            return Value::Refused("`produces` takes a configuration; a task is submitted".into());
        }
        Value::Produced(self.job.clone(), self.node.clone())
    }
}

impl<C> Clone for Produced<C> {
    fn clone(&self) -> Self {
        Self { job: self.job.clone(), node: self.node.clone(), ty: PhantomData }
    }
}

impl<C> fmt::Debug for Produced<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Produced({} by {})", self.node, self.job.key)
    }
}

impl<C: ConfigType> Symbolic for Produced<C> {
    type Target = C;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        self.value()
    }
}

impl<C: ConfigType> Symbolic for &Produced<C> {
    type Target = C;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        self.value()
    }
}

impl<C: ConfigType> From<&Produced<C>> for Dependency {
    fn from(produced: &Produced<C>) -> Self {
        Dependency::job(produced.job.key.clone())
    }
}

impl<C: ConfigType> From<Produced<C>> for Dependency {
    fn from(produced: Produced<C>) -> Self {
        Dependency::from(&produced)
    }
}

impl From<&JobFile> for Dependency {
    fn from(file: &JobFile) -> Self {
        Dependency::job(file.job.key.clone())
    }
}

impl From<JobFile> for Dependency {
    fn from(file: JobFile) -> Self {
        Dependency::from(&file)
    }
}

impl<V> From<&Promise<V>> for Dependency {
    fn from(promise: &Promise<V>) -> Self {
        Dependency::job(promise.job.key.clone())
    }
}

impl<V> From<Promise<V>> for Dependency {
    fn from(promise: Promise<V>) -> Self {
        Dependency::from(&promise)
    }
}
