//! Async plans: on xpm's own executor, with combinators, and with a runtime.

use std::fs;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use xpm::prelude::*;

use crate::Call;

/// `async CASE [NUMBER]`
pub fn async_plan(call: &Call) -> xpm::Result<()> {
    let xp = xpm::experiment(&call.workdir, "story");
    match call.texts()[0] {
        "own" => xp.run_async(async |xp| own(call, xp).await),
        "fails" => xp.run_async(async |xp| {
            let error = call.step("a").submit(xp)?.await.expect_err("it fails");
            println!("{}", error.downcast_ref::<xpm::JobError>().is_some());
            Err(error)
        }),
        "many" => xp.run_async(async |xp| many(call, xp).await),
        "tokio" => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
            let _entered = runtime.enter();
            xp.run_async(async |xp| with_timers(call, xp).await)
        }
        "in-tokio" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
            xp.run(|xp| runtime.block_on(with_timers(call, xp)))
        }
        "interrupted" => xp.run_async(async |xp| {
            let held = call.step("held").submit(xp)?;
            let (job, all) = (held.await, xp.wait_async().await);
            println!("{} {}", job.is_err(), all.is_err());
            Ok(())
        }),
        other => Err(xpm::Error::msg(format!("no case {other}"))),
    }
}

async fn own(call: &Call, xp: &Experiment) -> xpm::Result<()> {
    let steps = ["a", "b", "c"].map(|name| call.step(name).submit(xp));
    let jobs = steps.into_iter().collect::<xpm::Result<Vec<_>>>()?;
    // By reference: the handle can still be used.
    println!("{}", (&jobs[0]).await?);
    println!("{}", jobs[0].clone().await?);
    let calls = call.calls();
    jobs[1].on_completed(move |_, job| calls.add(&job.output()?));
    xp.wait_async().await?;
    call.calls().add("waited")?;
    println!("{:?}", join_all(jobs).await.into_iter().collect::<xpm::Result<Vec<_>>>()?);
    let held = call.step("held").submit(xp)?;
    let free = call.step("free").submit(xp)?;
    let (first, other) = match select(held, free).await {
        Either::Left((first, other)) | Either::Right((first, other)) => (first?, other),
    };
    fs::remove_file(call.control.join("hold.held"))?;
    println!("{first}, then {}", other.await?);
    Ok(())
}

/// Many futures of few jobs, all of which wait before the first job goes on.
async fn many(call: &Call, xp: &Experiment) -> xpm::Result<()> {
    let jobs = [call.step("held").submit(xp)?, call.step("other").submit(xp)?];
    let mut all: FuturesUnordered<_> = (0..call.number(1)).map(|i| jobs[i % 2].clone()).collect();
    let hold = call.control.join("hold.held");
    let mut count = 0;
    while let Some(output) = all.next().await {
        output?;
        count += 1;
        if count == call.number(1) / 2 {
            fs::remove_file(&hold)?;
        }
    }
    println!("{count}");
    Ok(())
}

/// Needs timers, which come from tokio, while jobs come from xpm.
async fn with_timers(call: &Call, xp: &Experiment) -> xpm::Result<()> {
    let held = call.step("held").submit(xp)?;
    let early = tokio::time::timeout(Duration::from_millis(20), &held).await;
    println!("{}", early.is_err());
    fs::remove_file(call.control.join("hold.held"))?;
    println!("{}", held.await?);
    xp.wait_async().await
}
