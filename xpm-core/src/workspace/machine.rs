//! The CPUs and the memory of a machine that the jobs of all drivers of a workspace have, as locked ranges of one file a machine,
//! `.machine@<host>`: a byte for each CPU and, far behind them, a byte for each byte of memory. Nothing is ever written into it.
//!
//! A job's [`Share`] is an open file that has locked what the job takes. It is handed to the job's process, so that the kernel
//! frees it with the last who has it, whatever is killed; nothing is left to mend.
//!
//! A driver locks no byte beyond its own limit, and takes bytes from there downwards. So, for every number n, the jobs of
//! drivers whose limits are n or less never have more than n together.
//!
//! **The turn.** One more byte is locked by a driver that has waited for long: until it lets that go, others begin nothing, and
//! what their jobs give back is left to the one whose turn it is. Who has the turn is told by yet another byte, that of its
//! process's number: the turn of a process that is stopped (Ctrl-Z) does not count.

mod ranges;

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use self::ranges::{length, without};
use super::Workspace;
use crate::fault;
use crate::files;
use crate::sys;

/// How long a driver that lacks something may start nothing before it takes the turn.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where the bytes lie. Numbers of CPUs and of processes have 32 bits.
const TURN: Range<u64> = 1 << 33..(1 << 33) + 1;
const WHOSE_TURN: Range<u64> = TURN.end..TURN.end + (1 << 32);
const MEMORY: u64 = 1 << 40;
const MOST_MEMORY: u64 = 1 << 62;

/// What the jobs of all drivers have of this machine, as one driver sees it.
#[derive(Clone)]
pub(crate) struct MachineFile(Arc<Inner>);

struct Inner {
    path: PathBuf,
    cpus: Range<u64>,
    /// `None` where it is not limited.
    memory: Option<Range<u64>>,
    state: Mutex<State>,
    tell: Box<Tell>,
}

/// Who is told why drivers can only count for themselves.
type Tell = dyn Fn(&Path, &io::Error) + Send + Sync;

#[derive(Default)]
struct State {
    /// What jobs of this driver have.
    own: Vec<Range<u64>>,
    /// With which the turn is taken, and what others have is looked at.
    look: Option<File>,
    has_turn: bool,
    /// When a job of this driver last took its share.
    last_start: Option<Instant>,
    /// There are no such locks here: this driver counts for itself.
    alone: bool,
}

/// A part of a machine of which there is a limited amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Cpus,
    Memory,
}

/// How much jobs of other drivers have, as far as this one could have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    pub(crate) cpus: u64,
    /// In bytes.
    pub(crate) memory: u64,
}

/// What came of asking for a share.
#[derive(Debug)]
pub(crate) enum AskedShare {
    /// It is there.
    Taken(Share),
    /// Too little of this is left, or it is the turn of another driver that waits for it.
    Short(Part),
}

/// What a job has of the machine. When this is dropped, the job's process has it on, if it was given the open file.
pub(crate) struct Share {
    machine: MachineFile,
    ranges: Vec<Range<u64>>,
    /// `None` if there is nothing to have, or drivers count for themselves.
    file: Option<File>,
}

impl MachineFile {
    /// The file of this machine, of which jobs of this driver may have so many CPUs and so many bytes of memory. `tell` is
    /// called once if drivers can only count for themselves.
    pub(crate) fn new(
        workspace: &Workspace,
        cpus: u32,
        memory: Option<u64>,
        tell: impl Fn(&Path, &io::Error) + Send + Sync + 'static,
    ) -> Self {
        let host = crate::settings::host().replace('/', "_");
        let path = workspace.path().join(format!(".machine@{host}"));
        let memory = memory.map(|bytes| MEMORY..MEMORY + bytes.min(MOST_MEMORY));
        Self(Arc::new(Inner { path, cpus: 0..cpus.into(), memory, state: Mutex::default(), tell: Box::new(tell) }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> io::Result<File> {
        fault::point("open", &self.0.path)?;
        files::open_to_lock(&self.0.path)
    }

    fn part(&self, part: Part) -> Option<&Range<u64>> {
        match part {
            Part::Cpus => Some(&self.0.cpus),
            Part::Memory => self.0.memory.as_ref(),
        }
    }

    /// Takes so many CPUs and so many bytes of memory for a job, or nothing.
    pub(crate) fn take(&self, cpus: u64, memory: u64) -> io::Result<AskedShare> {
        let wanted = [(Part::Cpus, cpus), (Part::Memory, memory)].into_iter();
        let wanted = wanted.filter_map(|(part, amount)| Some((part, self.part(part)?, amount)));
        let wanted: Vec<_> = wanted.filter(|(.., amount)| *amount > 0).collect();
        let mut share = Share { machine: self.clone(), ranges: Vec::new(), file: None };
        let Some(&(first, ..)) = wanted.first() else { return Ok(AskedShare::Taken(share)) };
        let file = self.open()?;
        let mut state = self.state();
        if state.alone {
            return Ok(AskedShare::Taken(share));
        }
        let mut taken = Vec::new();
        let locked = (|| {
            fault::point("lock", &self.0.path)?;
            if !state.has_turn && is_anothers_turn(&file)? {
                return Ok(Some(first));
            }
            for (part, all, amount) in wanted {
                let free = without(all, &state.own);
                match lock_some(&file, free, amount)? {
                    Some(ranges) => taken.extend(ranges),
                    None => return Ok(Some(part)),
                }
            }
            Ok(None)
        })();
        match locked {
            Ok(None) => {
                state.own.extend_from_slice(&taken);
                state.last_start = Some(Instant::now());
                state.release_turn();
                drop(state);
                share.ranges = taken;
                share.file = Some(file);
                Ok(AskedShare::Taken(share))
            }
            Ok(Some(part)) => Ok(AskedShare::Short(part)),
            Err(error) if sys::has_no_range_locks(&error) => {
                state.alone = true;
                drop(state);
                (self.0.tell)(&self.0.path, &error);
                Ok(AskedShare::Taken(share))
            }
            Err(error) => Err(error),
        }
    }

    /// How much jobs of others have. While it is another's turn, all that this driver's jobs do not have.
    pub(crate) fn elsewhere(&self) -> io::Result<Elsewhere> {
        let mut state = self.state();
        if state.alone {
            return Ok(Elsewhere::default());
        }
        if state.look.is_none() {
            state.look = Some(self.open()?);
        }
        let Some(file) = &state.look else { return Ok(Elsewhere::default()) };
        let all = !state.has_turn && is_anothers_turn(file)?;
        let had = |part| -> io::Result<u64> {
            let Some(limit) = self.part(part) else { return Ok(0) };
            let rest = without(limit, &state.own);
            if all { Ok(length(&rest)) } else { locked_within(file, rest) }
        };
        Ok(Elsewhere { cpus: had(Part::Cpus)?, memory: had(Part::Memory)? })
    }

    /// Takes the turn, if nobody has it and this driver, which has lacked something since `since`, has started nothing for long.
    pub(crate) fn take_turn(&self, since: Instant) {
        let state = &mut *self.state();
        let since = state.last_start.map_or(since, |start| start.max(since));
        let Some(file) = &state.look else { return };
        if state.has_turn || since.elapsed() < PATIENCE {
            return;
        }
        // Whoever cannot take it goes on as before.
        if sys::try_lock_range(file, &TURN).unwrap_or(false) {
            let own = WHOSE_TURN.start + u64::from(std::process::id());
            let _ = sys::try_lock_range(file, &(own..own + 1));
            state.has_turn = true;
        }
    }

    /// Lets the turn go, if this driver has it.
    pub(crate) fn release_turn(&self) {
        self.state().release_turn();
    }
}

impl State {
    fn release_turn(&mut self) {
        if std::mem::take(&mut self.has_turn) {
            // Should it fail, closing frees them as well.
            let freed = self.look.as_ref().map(|file| sys::unlock_range(file, &(TURN.start..WHOSE_TURN.end)));
            if !matches!(freed, Some(Ok(()))) {
                self.look = None;
            }
        }
    }
}

/// Whether another driver has the turn, and goes on.
fn is_anothers_turn(file: &File) -> io::Result<bool> {
    if sys::range_of_another(file, &TURN)?.is_none() {
        return Ok(false);
    }
    let whose = sys::range_of_another(file, &WHOSE_TURN)?;
    let process = whose.and_then(|byte| u32::try_from(byte.start.checked_sub(WHOSE_TURN.start)?).ok());
    Ok(!process.is_some_and(sys::process_is_stopped))
}

/// Locks so much of these ranges, the last bytes first; `None` if others have too much of them. What is locked then is freed
/// when the file is closed.
fn lock_some(file: &File, mut free: Vec<Range<u64>>, amount: u64) -> io::Result<Option<Vec<Range<u64>>>> {
    let (mut locked, mut missing) = (Vec::new(), amount);
    while missing > 0 {
        let Some(gap) = free.pop() else { return Ok(None) };
        let piece = gap.end - missing.min(gap.end - gap.start)..gap.end;
        if sys::try_lock_range(file, &piece)? {
            missing -= piece.end - piece.start;
            locked.push(piece);
        } else if let Some(other) = sys::range_of_another(file, &piece)? {
            free.extend(without(&gap, &[other]));
        } else {
            // It has just been freed.
            free.push(gap);
        }
    }
    Ok(Some(locked))
}

/// How much of these ranges others have.
fn locked_within(file: &File, mut ranges: Vec<Range<u64>>) -> io::Result<u64> {
    let mut found = 0;
    while let Some(range) = ranges.pop() {
        if let Some(other) = sys::range_of_another(file, &range)? {
            let rest = without(&range, &[other]);
            found += range.end - range.start - length(&rest);
            ranges.extend(rest);
        }
    }
    Ok(found)
}

/// Frees the CPUs of a share; called by the job's process, which needs none any more.
pub(crate) fn give_cpus_back(share: &File) -> io::Result<()> {
    sys::unlock_range(share, &(0..TURN.start))
}

impl Share {
    /// The open file, for the job's process.
    pub(crate) fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// The job's process has given its CPUs back.
    pub(crate) fn cpus_given_back(&mut self) {
        self.forget(|range| range.start < TURN.start);
    }

    /// The job's process is gone: frees what it had, though copies of it may have the open file.
    pub(crate) fn end(mut self) {
        // Closing the file frees them as well, unless there is such a copy.
        if let Some(file) = self.file.take().filter(|_| fault::point("free", &self.machine.0.path).is_ok()) {
            for range in &self.ranges {
                let _ = sys::unlock_range(&file, range);
            }
        }
    }

    fn forget(&mut self, which: impl Fn(&Range<u64>) -> bool) {
        let mut state = self.machine.state();
        state.own.retain(|range| !(which(range) && self.ranges.contains(range)));
        drop(state);
        self.ranges.retain(|range| !which(range));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if !self.ranges.is_empty() {
            self.file = None;
            self.forget(|_| true);
        }
    }
}

impl fmt::Debug for MachineFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MachineFile({})", self.0.path.display())
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({:?})", self.ranges)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
