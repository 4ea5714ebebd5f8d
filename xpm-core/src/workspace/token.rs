//! Tokens: named, limited amounts that the jobs of all processes of a workspace share.
//!
//! A token is one file, `tokens/<name>.json`, changed under the lock of `tokens/<name>.lock`. A holder is a job; it holds
//! its amount exactly as long as its job's lock is held, so a killed job or driver keeps nothing: whoever needs the token
//! next strikes out the holders that are gone. There is no background process.
//!
//! Between drivers there is no order but that of [`Turns`].
//!
//! The GPUs of a machine are such a token too, `tokens/.gpus@<host>.json`, of which a holder has certain units: those that
//! its record names.
//!
//! A folder that jobs share (see `partial`) is one as well, of which there is one unit: its file lies beside the folder, and
//! is first written when a job takes it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Durability, FORMAT, JobLock, Turns, Workspace, write_atomic};
use crate::fault;
use crate::files;
use crate::ids::JobKey;

/// A token of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct TokenFile {
    workspace: Workspace,
    name: String,
    /// Its file.
    path: PathBuf,
    /// A folder that one job uses at a time.
    folder: Option<PathBuf>,
    /// What it is made of, if that is told apart.
    units: Option<Arc<[String]>>,
    /// The turns of this driver; who only looks has none.
    turns: Option<Turns>,
}

/// What a token's file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenRecord {
    format: u32,
    pub(crate) capacity: u64,
    #[serde(default)]
    pub(crate) holders: Vec<Holder>,
}

/// A job that holds some of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    #[serde(flatten)]
    pub(crate) job: JobKey,
    pub(crate) amount: u64,
    /// Who took it for the job, each time another name: only that one gives it back.
    #[serde(default)]
    pub(crate) by: String,
    /// What it holds, of a token whose units are told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) units: Vec<String>,
}

/// What a job holds of some tokens, for whoever took it.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    by: String,
    /// The units, of a token that has such.
    pub(crate) units: Vec<String>,
}

impl Holding {
    fn new() -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        // Containers share names of hosts and numbers of processes; they do not begin at the same moment.
        let pid = std::process::id();
        let begin = crate::sys::process_begin(pid).unwrap_or_default();
        let by = format!("{}:{pid}-{begin}-{number}", crate::settings::host());
        Self { by, units: Vec::new() }
    }
}

/// Why a token cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// A file cannot be read or written.
    #[error("the token's file {} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It was written by a newer xpm.
    #[error("{} has format {found}, and this binary knows formats up to {FORMAT}: build it with a newer xpm", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

/// What came of asking for amounts of several tokens.
#[derive(Debug)]
pub(crate) enum Taken {
    /// All of them are held.
    All(Holding),
    /// The token with this place in the request has too little left; nothing is held.
    Short(usize),
}

impl TokenFile {
    pub(crate) fn new(workspace: Workspace, name: &str) -> Self {
        let path = workspace.path().join("tokens").join(format!("{name}.json"));
        Self { workspace, name: name.to_owned(), path, folder: None, units: None, turns: None }
    }

    /// A folder that one job uses at a time. Its name holds a `/`, which that of no token of a plan does.
    pub(crate) fn partial(workspace: Workspace, path: &Path) -> Self {
        let name = path.strip_prefix(workspace.path()).unwrap_or(path).display().to_string();
        let digest = path.file_name().unwrap_or_default().to_string_lossy();
        let file = path.with_file_name(format!(".{digest}.json"));
        Self { workspace, name, path: file, folder: Some(path.to_owned()), units: None, turns: None }
    }

    /// The GPUs of this machine, as `CUDA_VISIBLE_DEVICES` names them. No token of a plan has such a name.
    pub(crate) fn gpus(workspace: Workspace, names: &[String]) -> Self {
        let host = crate::settings::host().replace('/', "_");
        Self { units: Some(names.into()), ..Self::new(workspace, &format!(".gpus@{host}")) }
    }

    /// The token as the driver sees it whose turns these are.
    pub(crate) fn with_turns(self, turns: &Turns) -> Self {
        Self { turns: Some(turns.clone()), ..self }
    }

    /// Whether it is the turn of another driver: what is free is left to that one.
    fn is_anothers_turn(&self) -> bool {
        self.turns.as_ref().is_some_and(|turns| turns.is_anothers(&self.name))
    }

    /// Takes note of whether jobs wait for nothing but this token, and maybe others, of which others hold some.
    pub(crate) fn lacks(&self, lacks: bool) {
        if let Some(turns) = &self.turns {
            turns.lacks(&self.name, lacks, Instant::now());
        }
    }

    /// The folder that it is the right to use, if it is that.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// What a token says of which nothing was written down: nobody has ever used a folder.
    fn unwritten(&self) -> Option<TokenRecord> {
        let record = |_: &PathBuf| TokenRecord { format: FORMAT, capacity: 1, holders: Vec::new() };
        self.folder.as_ref().map(record)
    }

    /// Whether its units are told apart.
    pub(crate) fn has_units(&self) -> bool {
        self.units.is_some()
    }

    /// The token of a workspace that has this name, as [`name`](Self::name) tells it.
    pub(crate) fn named(workspace: Workspace, name: &str) -> Self {
        match name.contains('/') {
            true => Self::partial(workspace.clone(), &workspace.path().join(name)),
            false => Self::new(workspace, name),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    fn error(&self) -> impl Fn(io::Error) -> TokenError {
        let path = self.path();
        move |source| TokenError::Io { path: path.clone(), source }
    }

    /// Takes the token's lock, for a moment.
    fn lock(&self) -> io::Result<File> {
        let path = self.path().with_extension("lock");
        let open = || files::open_to_lock(&path);
        fault::point("open", &path)?;
        let file = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(&path))?;
                open()?
            }
            other => other?,
        };
        fault::point("lock", &path)?;
        file.lock()?;
        Ok(file)
    }

    /// The record; `None` if there is none, but of a folder one without holders. A damaged one counts as none: who holds what is then unknown for the jobs
    /// that run right now, which is said where the token is declared.
    fn read(&self) -> Result<Option<TokenRecord>, TokenError> {
        let text = match files::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(self.unwritten()),
            Err(error) => return Err(self.error()(error)),
        };
        match serde_json::from_slice::<TokenRecord>(&text) {
            Ok(record) if record.format <= FORMAT => Ok(Some(record)),
            Ok(record) => Err(TokenError::Newer { path: self.path(), found: record.format }),
            Err(_) => match super::status::newer_format(&text) {
                Some(found) => Err(TokenError::Newer { path: self.path(), found }),
                None => Ok(None),
            },
        }
    }

    fn write(&self, record: &TokenRecord) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(record).map_err(io::Error::other)?;
        write_atomic(&self.path(), &text, Durability::Lazy)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Sets the capacity; says whether the file was there and damaged.
    pub(crate) fn declare(&self, capacity: u64) -> Result<bool, TokenError> {
        let _lock = self.lock().map_err(self.error())?;
        let before = self.read()?;
        let damaged = before.is_none() && self.path().exists();
        let mut record = before.unwrap_or(TokenRecord { format: FORMAT, capacity, holders: Vec::new() });
        record.capacity = capacity;
        self.write(&record).map_err(self.error())?;
        Ok(damaged)
    }

    /// Takes amounts of several tokens for the job, or nothing. The caller has the job's lock.
    pub(crate) fn take_all(wanted: &[(TokenFile, u64)], job: &JobKey) -> Result<Taken, TokenError> {
        // In order of name, so that two drivers never wait for each other.
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by(|a, b| wanted[*a].0.name.cmp(&wanted[*b].0.name));
        let mut locks = Vec::with_capacity(order.len());
        let mut records = Vec::with_capacity(order.len());
        let mut holding = Holding::new();
        for &index in &order {
            let (token, amount) = &wanted[index];
            locks.push(token.lock().map_err(token.error())?);
            let mut record = token.read()?.unwrap_or(TokenRecord { format: FORMAT, capacity: 0, holders: Vec::new() });
            record.holders.retain(|holder| holder.job != *job);
            if token.left(&record) < *amount {
                record.holders.retain(|holder| token.lives(&holder.job));
            }
            if token.left(&record) < *amount || token.is_anothers_turn() {
                return Ok(Taken::Short(index));
            }
            let units: Vec<_> =
                token.free_units(&record).take(usize::try_from(*amount).unwrap_or(usize::MAX)).collect();
            holding.units.extend_from_slice(&units);
            record.holders.push(Holder { job: job.clone(), amount: *amount, by: holding.by.clone(), units });
            records.push(record);
        }
        for (place, &index) in order.iter().enumerate() {
            let token = &wanted[index].0;
            if let Err(error) = token.write(&records[place]) {
                for &written in &order[..place] {
                    // What cannot be undone here is struck out by the next one who asks: the job's lock is freed.
                    let _ = wanted[written].0.strike_out(&holding);
                }
                return Err(token.error()(error));
            }
        }
        for (token, _) in wanted {
            if let Some(turns) = &token.turns {
                turns.took(&token.name);
            }
        }
        Ok(Taken::All(holding))
    }

    /// Gives back what is held of the token; not what somebody else has taken for the same job since it was let go.
    pub(crate) fn give_back(&self, holding: &Holding) -> Result<(), TokenError> {
        let _lock = self.lock().map_err(self.error())?;
        self.strike_out(holding)
    }

    fn strike_out(&self, holding: &Holding) -> Result<(), TokenError> {
        let Some(mut record) = self.read()? else { return Ok(()) };
        let before = record.holders.len();
        record.holders.retain(|holder| holder.by != holding.by);
        if record.holders.len() == before { Ok(()) } else { self.write(&record).map_err(self.error()) }
    }

    /// The capacity, and how much is not to be had since jobs hold it that `own` does not know, or since it is another driver's turn;
    /// `None` if there is no record to be read.
    pub(crate) fn elsewhere(&self, own: impl Fn(&JobKey) -> bool) -> Result<Option<(u64, u64)>, TokenError> {
        let Some(record) = self.read()? else { return Ok(None) };
        let held = |holder: &Holder| match &self.units {
            None => holder.amount,
            Some(units) => holder.units.iter().filter(|unit| units.contains(unit)).count() as u64,
        };
        let capacity = self.units.as_ref().map_or(record.capacity, |units| units.len() as u64);
        let (owned, others): (Vec<&Holder>, Vec<_>) = record.holders.iter().partition(|holder| own(&holder.job));
        let elsewhere = if self.is_anothers_turn() {
            capacity.saturating_sub(owned.into_iter().map(held).sum())
        } else {
            others.into_iter().filter(|holder| self.lives(&holder.job)).map(held).sum()
        };
        Ok(Some((capacity, elsewhere)))
    }

    /// How much of the token is left.
    fn left(&self, record: &TokenRecord) -> u64 {
        match self.units {
            None => record.left(),
            Some(_) => self.free_units(record).count() as u64,
        }
    }

    /// The units that nobody holds, of those that this process may use; none for a token without units.
    fn free_units(&self, record: &TokenRecord) -> impl Iterator<Item = String> {
        let held = |unit: &String| record.holders.iter().any(|holder| holder.units.contains(unit));
        self.units.iter().flat_map(|units| units.iter()).filter(move |unit| !held(unit)).cloned()
    }

    /// The capacity, the holders, how much each holds and whether it lives; `None` if the file is damaged.
    #[expect(clippy::type_complexity, reason = "told above")]
    pub(crate) fn look(&self) -> Result<Option<(u64, Vec<(JobKey, u64, bool)>)>, TokenError> {
        let Some(record) = self.read()? else { return Ok(None) };
        let holder = |holder: Holder| {
            let lives = self.lives(&holder.job);
            (holder.job, holder.amount, lives)
        };
        Ok(Some((record.capacity, record.holders.into_iter().map(holder).collect())))
    }

    /// Strikes out the holders that are gone, as the next one who asks would.
    pub(crate) fn strike_out_dead(&self) -> Result<(), TokenError> {
        let _lock = self.lock().map_err(self.error())?;
        let Some(mut record) = self.read()? else { return Ok(()) };
        record.holders.retain(|holder| self.lives(&holder.job));
        self.write(&record).map_err(self.error())
    }

    /// What changes whenever the file does.
    pub(crate) fn stamp(&self) -> Option<(SystemTime, u64)> {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::metadata(self.path()).ok()?;
        Some((meta.modified().ok()?, meta.ino()))
    }

    /// Whether the job's lock is held.
    fn lives(&self, job: &JobKey) -> bool {
        JobLock::is_held(&self.workspace.job(job).lock())
    }
}

impl TokenRecord {
    fn left(&self) -> u64 {
        self.capacity.saturating_sub(self.holders.iter().map(|holder| holder.amount).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Identity;
    use crate::workspace::TryLock;

    fn job(n: u8) -> JobKey {
        JobKey { task: "t".into(), identity: Identity::from_bytes([n; 32]) }
    }

    fn held(workspace: &Workspace, n: u8) -> JobLock {
        let folder = workspace.job(&job(n));
        folder.create().unwrap();
        match JobLock::try_take(&folder.lock()).unwrap() {
            TryLock::Taken(lock) => lock,
            TryLock::Busy(_) => panic!("nobody else has it"),
        }
    }

    #[test]
    fn all_or_nothing_and_the_dead_hold_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_or_create(dir.path()).unwrap();
        let (a, b) = (TokenFile::new(workspace.clone(), "a"), TokenFile::new(workspace.clone(), "b"));
        assert!(!a.declare(2).unwrap());
        b.declare(1).unwrap();
        let one = held(&workspace, 1);
        assert!(matches!(TokenFile::take_all(&[(b.clone(), 1)], &job(1)), Ok(Taken::All(_))));
        let two = held(&workspace, 2);
        let both = [(b.clone(), 1), (a.clone(), 2)];
        assert!(matches!(TokenFile::take_all(&both, &job(2)), Ok(Taken::Short(0))));
        assert_eq!(a.elsewhere(|_| false).unwrap(), Some((2, 0)), "nothing of `a` is held");
        drop(one);
        let Ok(Taken::All(held)) = TokenFile::take_all(&both, &job(2)) else { panic!("both are free") };
        assert_eq!(a.elsewhere(|_| false).unwrap(), Some((2, 2)));
        a.declare(5).unwrap();
        assert_eq!(a.elsewhere(|key| *key == job(2)).unwrap(), Some((5, 0)));
        a.give_back(&held).unwrap();
        drop(two);
        assert_eq!(b.elsewhere(|_| false).unwrap(), Some((1, 0)));
    }

    #[test]
    fn what_is_given_back_late_is_not_what_the_next_one_took_for_the_same_job() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_or_create(dir.path()).unwrap();
        let token = TokenFile::new(workspace.clone(), "a");
        token.declare(1).unwrap();
        let take = || match TokenFile::take_all(&[(token.clone(), 1)], &job(1)).unwrap() {
            Taken::All(holding) => holding,
            Taken::Short(_) => panic!("whoever has the job's lock is the only holder"),
        };
        let _lock = held(&workspace, 1);
        let (late, next) = (take(), take());
        token.give_back(&late).unwrap();
        assert_eq!(token.elsewhere(|_| false).unwrap(), Some((1, 1)));
        token.give_back(&next).unwrap();
        assert_eq!(token.elsewhere(|_| false).unwrap(), Some((1, 0)));
    }

    #[test]
    fn each_unit_is_held_by_one_job_and_the_dead_hold_none() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_or_create(dir.path()).unwrap();
        let names = ["0", "1", "GPU-a"].map(str::to_owned);
        let (all, some) = (TokenFile::gpus(workspace.clone(), &names), TokenFile::gpus(workspace.clone(), &names[..2]));
        all.declare(3).unwrap();
        let take =
            |token: &TokenFile, amount, n| match TokenFile::take_all(&[(token.clone(), amount)], &job(n)).unwrap() {
                Taken::All(holding) => Some(holding.units),
                Taken::Short(_) => None,
            };
        let first = held(&workspace, 1);
        assert_eq!(take(&all, 1, 1), Some(vec!["0".to_owned()]));
        let _second = held(&workspace, 2);
        assert_eq!(take(&some, 2, 2), None, "of these two one is held");
        assert_eq!(
            (some.elsewhere(|_| false).unwrap(), all.elsewhere(|_| false).unwrap()),
            (Some((2, 1)), Some((3, 1)))
        );
        assert_eq!(take(&all, 2, 2), Some(vec!["1".to_owned(), "GPU-a".to_owned()]));
        let _third = held(&workspace, 3);
        assert_eq!(take(&all, 1, 3), None);
        drop(first);
        assert_eq!(take(&some, 1, 3), Some(vec!["0".to_owned()]));
    }

    #[test]
    fn a_damaged_file_is_said_and_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_or_create(dir.path()).unwrap();
        let token = TokenFile::new(workspace, "a");
        token.declare(2).unwrap();
        let whole = fs::read(token.path()).unwrap();
        for cut in 0..whole.len() {
            File::create(token.path()).and_then(|mut f| io::Write::write_all(&mut f, &whole[..cut])).unwrap();
            assert!(token.declare(3).unwrap(), "cut at {cut}");
            assert_eq!(token.elsewhere(|_| false).unwrap(), Some((3, 0)));
        }
    }
}
