//! A task that says things with `tracing`.

use xpm::prelude::*;

use crate::Call;

/// Speaks on each level, in threads too, within a span.
#[task(id = "story.speaks")]
pub struct Speaks {
    pub how: String,
}

impl Task for Speaks {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        let aside = tracing_subscriber::fmt().with_writer(std::io::stdout).with_ansi(false);
        match &*self.how {
            "init" => aside.init(),
            "with" => tracing::subscriber::with_default(aside.finish(), || tracing::info!("aside")),
            _ => {}
        }
        let _span = tracing::info_span!("training", fold = 3).entered();
        tracing::error!(target: "other", "an error");
        tracing::warn!("a warning");
        tracing::info!(loss = 0.5, name = "a b", "an epoch");
        std::thread::spawn(|| tracing::info!("from a thread")).join().expect("it does not panic");
        tracing::debug!("a detail");
        tracing::trace!(target: "story::deep::down", "a trace");
        if self.how == "fails" {
            xpm::bail!("as {}", "asked");
        }
        Ok(())
    }
}

/// `logs HOW`: one job that speaks.
pub fn logs(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        Speaks::config().how(call.texts()[0]).submit(xp)?;
        Ok(())
    })
}
