//! `xpm tokens`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value as Json, json};
use xpm_core::printable::escaped;
use xpm_core::upkeep::{TokenInfo, tokens};

use crate::context::Context;
use crate::output::{self, DIM, RED, YELLOW, paint};

/// List tokens, which jobs hold them and which wait for them
#[derive(Args)]
pub(crate) struct Tokens {}

pub(crate) fn run(context: &Context, _: &Tokens) -> anyhow::Result<ExitCode> {
    let workspace = context.workspace()?;
    let tokens = tokens(&workspace, &workspace.snapshot());
    if context.json {
        output::json(&json!({"tokens": tokens.iter().map(describe).collect::<Vec<_>>()}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for token in &tokens {
        match &token.record {
            Err(why) => {
                let why = paint(context.color, RED, &output::clean(why));
                text.push_str(&format!("{}  {why}\n", escaped(&token.name)));
            }
            Ok((capacity, holders)) => {
                text.push_str(&format!("{}  {} of {capacity} held\n", escaped(&token.name), token.held()));
                for holder in holders {
                    let gone = if holder.alive { "" } else { "  (gone: struck out when somebody asks next)" };
                    text.push_str(&format!("  {}  {}{}\n", holder.job, holder.amount, paint(context.color, DIM, gone)));
                }
                for (job, amount) in &token.waiting {
                    let waits = paint(context.color, YELLOW, "waits");
                    text.push_str(&format!("  {job}  {amount}  {waits}\n"));
                }
            }
        }
    }
    if tokens.is_empty() {
        text.push_str("the workspace has no tokens\n");
    }
    output::page(context, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn describe(token: &TokenInfo) -> Json {
    let job = xpm_core::JobKey::full_name;
    let waiting: Vec<Json> =
        token.waiting.iter().map(|(key, amount)| json!({"job": job(key), "amount": amount})).collect();
    match &token.record {
        Ok((capacity, holders)) => {
            let holder = |holder: &xpm_core::upkeep::HolderInfo| json!({"job": job(&holder.job), "amount": holder.amount, "alive": holder.alive});
            let holders: Vec<Json> = holders.iter().map(holder).collect();
            json!({"token": token.name, "capacity": capacity, "held": token.held(), "holders": holders, "waiting": waiting})
        }
        Err(why) => json!({"token": token.name, "problem": why, "waiting": waiting}),
    }
}
