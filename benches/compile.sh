#!/usr/bin/env bash
# How long `cargo check` takes on a generated crate with 40 configurations of 8 arguments, beside the same structs with
# serde's and clap's derives. Dependencies are built before; only the crate itself is timed, ROUNDS times in turn.
# Usage: benches/compile.sh [ROUNDS]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
rounds=${1:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

generate() { # NAME HEAD DERIVES ATTRIBUTE
    mkdir -p "$dir/$1/src"
    {
        printf '%s\n' "$2"
        for n in $(seq 40); do
            printf '/// Configuration number %s\n%s\npub struct C%s {\n' "$n" "$3" "$n"
            printf '    /// A rate\n    %s\n    pub rate: f64,\n' "${4//VALUE/0.5}"
            printf '    /// A count\n    %s\n    pub count: usize,\n' "${4//VALUE/10}"
            printf '    /// A switch\n    pub flag: bool,\n    /// A name\n    pub name: String,\n'
            printf '    /// A limit\n    pub limit: Option<u32>,\n    /// Sizes\n    pub sizes: Vec<u64>,\n'
            printf '    /// A seed\n    pub seed: u64,\n    /// A scale\n    pub scale: f32,\n}\n'
        done
        printf 'fn main() {}\n'
    } > "$dir/$1/src/main.rs"
}

manifest() { # NAME DEPENDENCIES
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n%s\n[workspace]\n' "$1" "$2" \
        > "$dir/$1/Cargo.toml"
}

generate xpm_configs 'use xpm::prelude::*;' '#[config]' '#[param(default = VALUE)]'
manifest xpm_configs "xpm = { path = \"$root\" }"
generate serde_clap 'use clap::Args; use serde::{Deserialize, Serialize};' \
    '#[derive(Args, Serialize, Deserialize)]' '#[arg(long, default_value_t = VALUE)]'
manifest serde_clap $'serde = { version = "1", features = ["derive"] }\nclap = { version = "4", features = ["derive"] }'

export CARGO_TARGET_DIR=$dir/target
for crate in xpm_configs serde_clap; do
    cargo check --quiet --manifest-path "$dir/$crate/Cargo.toml" 2>/dev/null
done
for round in $(seq "$rounds"); do
    for crate in xpm_configs serde_clap; do
        touch "$dir/$crate/src/main.rs"
        start=$(date +%s%N)
        cargo check --quiet --manifest-path "$dir/$crate/Cargo.toml" 2>/dev/null
        printf '%s %s ms\n' "$crate" $((($(date +%s%N) - start) / 1000000))
    done
done
