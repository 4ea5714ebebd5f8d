//! What tells when something runs twice at once: a file that a process takes exclusively, and says whose it is.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A marker that this process has.
pub struct Marker {
    control: PathBuf,
    path: PathBuf,
    own: String,
}

enum Found {
    Taken(Marker),
    Of(String),
}

impl Marker {
    /// Takes the marker `name`; one of a live process means that the same job runs twice at once.
    pub fn take(control: &Path, name: &str) -> xpm::Result<Self> {
        match Self::try_take(control, &format!("marker.{name}"))? {
            Found::Taken(marker) => Ok(marker),
            Found::Of(other) => Err(violation(control, &format!("{name} ran twice at once: {other} has it"))?),
        }
    }

    /// Takes one of the `capacity` markers of a token.
    pub fn take_one_of(control: &Path, token: &str, capacity: u64) -> xpm::Result<Self> {
        let mut others = String::new();
        for place in 0..capacity {
            match Self::try_take(control, &format!("token.{token}.{place}"))? {
                Found::Taken(marker) => return Ok(marker),
                Found::Of(other) => others += &format!(" {other}"),
            }
        }
        Err(violation(control, &format!("more of the token {token} is held than there is:{others} have it"))?)
    }

    fn try_take(control: &Path, name: &str) -> xpm::Result<Found> {
        let (path, own) = (control.join(name), nonce()?);
        // One at a time: two that find the marker of a dead process would both take it over.
        let lock = OpenOptions::new().create(true).append(true).open(control.join("lock"))?;
        lock.lock()?;
        let marker = |own| Marker { control: control.to_owned(), path: path.clone(), own };
        // The name comes with its content, in one step, and only if nobody has it.
        let mine = control.join(format!(".{name}.{own}"));
        fs::write(&mine, &own)?;
        let taken = match fs::hard_link(&mine, &path) {
            Ok(()) => Found::Taken(marker(own)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match fs::read_to_string(&path) {
                Ok(other) if other != own && is_alive(&other) => Found::Of(other),
                Ok(other) if other == own => Found::Of(other),
                // Of a process that was killed, or gone just now.
                _ => {
                    fs::rename(&mine, &path)?;
                    Found::Taken(marker(own))
                }
            },
            Err(error) => return Err(error.into()),
        };
        let _ = fs::remove_file(&mine);
        Ok(taken)
    }

    /// Gives it back, and finds out whether somebody else had it meanwhile.
    pub fn give_back(self) -> xpm::Result<()> {
        let now = fs::read_to_string(&self.path).unwrap_or_default();
        if now != self.own {
            return Err(violation(&self.control, &format!("{} became {now} under {}", self.path.display(), self.own))?);
        }
        Ok(())
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        if fs::read_to_string(&self.path).is_ok_and(|now| now == self.own) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn violation(control: &Path, what: &str) -> xpm::Result<xpm::Error> {
    append(&control.join("violations"), what)?;
    Ok(xpm::Error::msg(what.to_owned()))
}

/// Appends a line, whole, whoever else does.
pub fn append(path: &Path, line: &str) -> xpm::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    Ok(file.write_all(format!("{line}\n").as_bytes())?)
}

/// This process: its number, and when it was started, since numbers are given again.
pub fn nonce() -> xpm::Result<String> {
    let pid = std::process::id();
    let stat = Stat::of(pid).ok_or_else(|| xpm::Error::msg("/proc cannot be read"))?;
    Ok(format!("{pid}-{}", stat.start))
}

/// Whether the process of a nonce can still do anything.
fn is_alive(nonce: &str) -> bool {
    let Some((pid, start)) = nonce.split_once('-') else { return false };
    let stat = pid.parse().ok().and_then(Stat::of);
    stat.is_some_and(|stat| stat.start == start && !stat.ending)
}

struct Stat {
    start: String,
    ending: bool,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        const PF_EXITING: u64 = 4;
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the name, in parentheses, and may hold anything.
        let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_whitespace().collect();
        let exiting = fields.get(6)?.parse::<u64>().ok()? & PF_EXITING != 0;
        Some(Self { start: (*fields.get(19)?).to_owned(), ending: exiting || ["Z", "X"].contains(&fields[0]) })
    }
}
