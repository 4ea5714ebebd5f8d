//! The one terminal of this process: who draws on it, and how it is left when the process ends.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use super::line::Line;
use super::screen::{CLOSE, Screen, Size};
use crate::sys;

struct Stage {
    screen: Option<Screen>,
    /// Whether the process ends: nothing is drawn any more.
    over: bool,
}

static STAGE: Mutex<Stage> = Mutex::new(Stage { screen: None, over: false });

/// Whether the region is on the terminal. A signal takes it away when the size changes.
static DRAWN: AtomicBool = AtomicBool::new(false);

/// Takes the terminal for a region. There is one at a time: a second run in the same process writes lines.
pub(super) fn claim() -> bool {
    static AT_EXIT: Once = Once::new();
    let mut stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    if stage.screen.is_some() || stage.over {
        return false;
    }
    // A plan may end the process by itself.
    AT_EXIT.call_once(|| {
        sys::at_exit(leave);
        sys::undraw_on_signals(&DRAWN, CLOSE);
    });
    stage.screen = Some(Screen::default());
    true
}

/// Gives the terminal back, as it was.
pub(super) fn release() {
    let mut stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(mut screen) = stage.screen.take() {
        let mut out = String::new();
        DRAWN.store(false, Ordering::SeqCst);
        screen.close(&mut out);
        print(&out);
    }
}

/// Writes `text`, and draws the region anew below it, in one write.
pub(super) fn show(text: &str, region: &[Line], size: Size) {
    let mut stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut out = text.to_owned();
    if !stage.over
        && let Some(screen) = &mut stage.screen
    {
        if !DRAWN.swap(true, Ordering::SeqCst) {
            screen.forget();
        }
        screen.draw(&mut out, region, size);
        DRAWN.fetch_and(screen.is_open(), Ordering::SeqCst);
    }
    print(&out);
}

/// Writes without regard to regions.
pub(super) fn print(text: &str) {
    if !text.is_empty() {
        // Nobody may listen any more (`2>&1 | head`): that is no reason to stop, and `eprintln!` would panic.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

extern "C" fn leave() {
    const PATIENCE: u32 = 50;
    for _ in 0..PATIENCE {
        match STAGE.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Poisoned(_)) => return,
            Ok(mut stage) => {
                stage.over = true;
                DRAWN.store(false, Ordering::SeqCst);
                if stage.screen.take().is_some_and(|screen| screen.is_open()) {
                    print(CLOSE);
                }
                return;
            }
        }
    }
}
