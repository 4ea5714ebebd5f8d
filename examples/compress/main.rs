//! Which compressor for which file? A Python script as a task, over a grid of methods, levels and files of this repository.
//!
//! `cargo run --release -p xpm-examples --example compress [WORKDIR]`. Needs `python3`, and nothing beside it.

#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

/// A file to compress. Where it lies is not in the identity; its name and size are.
#[config(id = "compress.file")]
#[derive(Debug)]
pub struct Input {
    /// Its name
    pub name: String,
    /// Its size
    pub bytes: u64,
    /// Where it lies on this machine
    pub path: PathBuf,
}

/// A compressor and how hard it tries.
#[config(id = "compress.method")]
#[derive(Clone, Copy, Debug)]
pub enum Method {
    /// Deflate
    Zlib {
        /// From 1 to 9
        level: u8,
    },
    /// Burrows-Wheeler
    Bz2 {
        /// From 1 to 9
        level: u8,
    },
    /// LZMA
    Lzma {
        /// From 0 to 9
        level: u8,
    },
}

/// What a compressor made of a file.
#[derive(Serialize, Deserialize, Debug)]
pub struct Packed {
    /// The size of what it wrote.
    pub bytes: u64,
    /// The shortest time that it took.
    pub seconds: f64,
}

/// Compresses a file: `python3 compress/compress.py --file.name … --method zlib --method.level 6 …`.
#[task(id = "compress.run", program = ["python3", "compress/compress.py"], output = Packed, version = 1)]
#[derive(Debug)]
pub struct Compress {
    /// What it compresses
    pub file: Input,
    /// How
    pub method: Method,
    /// How often it is timed
    #[param(default = 5)]
    pub repeats: u32,
    /// What it makes of it
    #[param(path = "packed.bin")]
    pub packed: PathBuf,
}

#[xpm::main]
fn main() -> xpm::Result<()> {
    let workdir = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("xpm-compress"), PathBuf::from);
    let files = ["../docs/identity.md", "../docs/wine.svg", "../Cargo.lock", "wine/main.rs"];
    let methods = [
        Method::Zlib { level: 1 },
        Method::Zlib { level: 6 },
        Method::Zlib { level: 9 },
        Method::Bz2 { level: 9 },
        Method::Lzma { level: 0 },
        Method::Lzma { level: 6 },
    ];
    xpm::experiment(&workdir, "compress").run(|xp| {
        let mut rows = Vec::new();
        for method in methods {
            let mut jobs = Vec::new();
            for file in files {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
                let bytes = path.metadata()?.len();
                let name = file.rsplit('/').next().unwrap_or(file);
                let input = Input::config().name(tag(name)).bytes(bytes).path(&*path);
                let job = Compress::config().file(input).method(tag(method)).submit(xp)?;
                jobs.push((bytes, job));
            }
            rows.push((format!("{method:?}"), jobs));
        }
        println!(
            "{:<20}{}",
            "method",
            files.map(|file| format!("{:>16}", file.rsplit('/').next().unwrap_or(file))).concat()
        );
        for (method, jobs) in rows {
            let mut line = format!("{method:<20}");
            for (bytes, job) in jobs {
                let packed = job.output()?;
                line += &format!(
                    "{:>8.1}% {:>4.0}MB/s",
                    packed.bytes as f64 / bytes as f64 * 100.0,
                    bytes as f64 / packed.seconds / 1e6
                );
            }
            println!("{line}");
        }
        Ok(())
    })
}
