//! The schema: what is known of every configuration type, task and family of this binary.
//!
//! Knows types and their arguments; it does not know files, processes or time, nor which types there are
//! (see [`crate::config`]'s registry).

mod arguments;
mod resources;
mod types;

pub use arguments::{ArgList, ArgSchema, Role};
pub use resources::{Memory, Resources, TimeLimit, check_resources, parse_memory, parse_time};
pub use types::{FamilyType, Type};

/// What a type is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeKind {
    /// `#[config]` on a struct.
    Config,
    /// `#[config]` on an enum: a closed family.
    Family,
    /// `#[task]`.
    Task,
}

/// Whether jobs of a task run by themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Transient {
    /// They do.
    #[default]
    No,
    /// Only if something that runs needs them.
    Kept,
    /// As `Kept`, and at the end of the run their files are removed.
    Removed,
}

/// A folder that jobs of a task share if they differ in some arguments only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Partial {
    /// Its name: what the task asks for, and a folder on disk.
    pub name: &'static str,
    /// The arguments in which the jobs may differ.
    pub except: &'static [&'static str],
}

/// A place in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file, as the compiler was given it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The schema of one type. Built by the code that the macros generate.
#[derive(Debug)]
pub struct TypeSchema {
    id: String,
    kind: TypeKind,
    rust_path: String,
    place: Place,
    help: &'static str,
    renamed_from: &'static [&'static str],
    version: Option<u64>,
    validated: bool,
    resources: Resources,
    resumable: bool,
    program: &'static [&'static str],
    transient: Transient,
    partials: &'static [Partial],
    arguments: ArgList,
    variants: Vec<VariantSchema>,
}

/// One variant of a closed family.
#[derive(Debug)]
pub struct VariantSchema {
    /// The variant's name, as it enters the identity.
    pub name: &'static str,
    /// Its doc comment.
    pub help: &'static str,
    arguments: ArgList,
}

impl VariantSchema {
    /// A variant and its arguments.
    pub fn new(name: &'static str, help: &'static str, arguments: Vec<ArgSchema>) -> Self {
        Self { name, help, arguments: ArgList::new(arguments) }
    }

    /// Its arguments, in the order of declaration.
    pub fn arguments(&self) -> &ArgList {
        &self.arguments
    }
}

impl TypeSchema {
    /// The schema of a type declared in `module` under `name`; its id is the path with dots unless [`Self::id_is`] is called.
    pub fn new(kind: TypeKind, module: &'static str, name: &'static str, place: Place) -> Self {
        let rust_path = format!("{module}::{name}");
        let id = rust_path.replace("r#", "").replace("::", ".");
        Self {
            id,
            kind,
            rust_path,
            place,
            help: "",
            renamed_from: &[],
            version: None,
            validated: false,
            resources: Resources::new(),
            resumable: false,
            program: &[],
            transient: Transient::No,
            partials: &[],
            arguments: ArgList::default(),
            variants: Vec::new(),
        }
    }

    /// Gives an explicit id.
    #[must_use]
    pub fn id_is(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// Gives the ids that the type had before: `migrate` finds its finished jobs by them.
    #[must_use]
    pub fn renamed_from(mut self, ids: &'static [&'static str]) -> Self {
        self.renamed_from = ids;
        self
    }

    /// Gives the version, which enters the identity.
    #[must_use]
    pub fn version_is(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }

    /// Gives the doc comment.
    #[must_use]
    pub fn help_is(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    /// Says that values of this type are checked by a `validate` function.
    #[must_use]
    pub fn is_validated(mut self) -> Self {
        self.validated = true;
        self
    }

    /// Gives what one job of the task needs by default.
    #[must_use]
    pub fn resources_are(mut self, resources: Resources) -> Self {
        self.resources = resources;
        self
    }

    /// Says that the folder of a job is kept between attempts, and that a job that ran out of time is run again.
    #[must_use]
    pub fn is_resumable(mut self) -> Self {
        self.resumable = true;
        self
    }

    /// Gives the program that does the task's work, and what always stands on its command line.
    #[must_use]
    pub fn program_is(mut self, words: &'static [&'static str]) -> Self {
        self.program = words;
        self
    }

    /// Says that jobs of the task run only if something needs them.
    #[must_use]
    pub fn transient_is(mut self, transient: Transient) -> Self {
        self.transient = transient;
        self
    }

    /// Gives the folders that jobs of the task share.
    #[must_use]
    pub fn partials_are(mut self, partials: &'static [Partial]) -> Self {
        self.partials = partials;
        self
    }

    /// Gives the arguments of a struct.
    #[must_use]
    pub fn arguments_are(mut self, arguments: Vec<ArgSchema>) -> Self {
        self.arguments = ArgList::new(arguments);
        self
    }

    /// Gives the variants of a closed family.
    #[must_use]
    pub fn variants_are(mut self, variants: Vec<VariantSchema>) -> Self {
        self.variants = variants;
        self
    }

    /// The id that enters the identity and names the folder of a task's jobs.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The ids that the type had before.
    pub fn older_ids(&self) -> &'static [&'static str] {
        self.renamed_from
    }

    /// What the type is for.
    pub fn kind(&self) -> TypeKind {
        self.kind
    }

    /// Crate, module and name, `myexp::data::Collection`.
    pub fn rust_path(&self) -> &str {
        &self.rust_path
    }

    /// Where it is declared.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Its doc comment.
    pub fn help(&self) -> &'static str {
        self.help
    }

    /// Its declared version.
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// Whether values of this type are checked by a `validate` function.
    pub fn validated(&self) -> bool {
        self.validated
    }

    /// What one job of the task needs by default.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }

    /// Whether the folder of a job is kept between attempts.
    pub fn resumable(&self) -> bool {
        self.resumable
    }

    /// The program that does the task's work, and what always stands on its command line; empty for any other task.
    pub fn program(&self) -> &'static [&'static str] {
        self.program
    }

    /// Whether jobs of the task run by themselves.
    pub fn transient(&self) -> Transient {
        self.transient
    }

    /// The folders that jobs of the task share, in the order of declaration.
    pub fn partials(&self) -> &'static [Partial] {
        self.partials
    }

    /// The arguments of a struct (`None`) or of the variant with that number.
    ///
    /// # Panics
    /// If there is no such variant.
    pub fn arguments(&self, variant: Option<usize>) -> &ArgList {
        match variant {
            None => &self.arguments,
            Some(index) => &self.variants[index].arguments,
        }
    }

    /// The variants of a closed family; empty for a struct.
    pub fn variants(&self) -> &[VariantSchema] {
        &self.variants
    }
}
