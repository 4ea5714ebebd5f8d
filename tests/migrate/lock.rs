//! `lock --check` tells what is declared from what is not.

use crate::harness::{AFTER, BEFORE, Work, said};

#[test]
fn the_lock_tells_what_migrates() {
    let work = Work::new();
    assert_eq!(work.run(BEFORE, &["all"]).code, Some(1), "one of its jobs fails");
    said(work.command(BEFORE, &["xpm", "lock"])).ok();
    let checked = said(work.command(AFTER, &["xpm", "lock", "--check", "--workdir", "work"]));
    assert_eq!(checked.code, Some(1));
    checked.says(&[
        "error: mig.model: it is `mig.net` now, as `renamed_from` says\n  effect: the identity of 6 finished jobs would change; \
         `migrate` of this program makes them found again\n  to avoid it: write `id = \"mig.model\"` instead of `renamed_from`",
        "error: mig.model.k: it is called `k1` now, as `renamed_from` says",
        "to avoid it: write `#[param(id = \"k\")]` instead of `renamed_from`",
        "error: mig.train.model: it is called `net` now",
        "error: mig.count.v1: `mig.count` has taken its place, as `deprecated` says\n  effect: the identity of 2 finished jobs would \
         change in plans that use what has taken its place; `migrate` of this program makes them found again\n",
        "error: mig.count.v1.schedule: the type was mig.schedule, and is mig.steps now, as `deprecated` says\n",
        "error: mig.twin.threads: it is not in the identity any more\n  effect: the identity of 2 finished jobs would change; \
         `migrate` of this program makes them found again\n",
        "error: mig.raised: the version was none, and is 1 now\n  effect: the identity of 1 finished job would change\n",
        "error: mig.fine.x: the type was float (f64), and is float (f32) now: values have fewer digits\n  effect: the identity of 1 \
         finished job would change, where the value is no `f32` (0.1 is one, 0.123456789 is not)\n  to avoid it: keep the type (float (f64))",
        "error: mig.dropped: the type is gone",
        "harmless: mig.model.delta: a new argument, not in the identity at its default",
        "harmless: mig.same.old_name: it is called `name` now, and `old_name` in the identity",
    ]);
    said(work.command(AFTER, &["xpm", "lock"])).ok();
    said(work.command(AFTER, &["xpm", "lock", "--check"])).ok().says(&["nothing changed"]);
    // The way back is no declared change.
    let back = said(work.command(BEFORE, &["xpm", "lock", "--check"]));
    back.says(&[
        "harmless: mig.fine.x: the type was float (f32), and is float (f64) now: the same in the identity",
        "`mig.fails` has the same arguments: if it is the same type, give it `id = \"mig.failed\"`, or \
         `renamed_from = \"mig.failed\"` and run `migrate`",
        "harmless: mig.schedule: it is not `deprecated` any more",
        "harmless: mig.evaluate.baseline: the type was JSON (migrate_after::Metrics), and is JSON (migrate_before::Metrics) now: the same",
    ]);
}
