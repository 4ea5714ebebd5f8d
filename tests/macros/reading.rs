//! Arguments read back into the user's types, as the job does it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xpm::__private::{ArgStruct, ConfigType, Node, ReadError, Reader};
use xpm::prelude::*;
use xpm_core::config::JobSource;
use xpm_core::value::JobRef;

struct NoJobs;

impl JobSource for NoJobs {
    fn folder(&self, _job: &JobRef) -> PathBuf {
        unreachable!("no argument of these tests refers to a job")
    }

    fn node(&self, job: &JobRef) -> Result<Arc<Node>, ReadError> {
        Err(ReadError::NotYet(job.key.to_string()))
    }

    fn output(&self, job: &JobRef) -> Result<serde_json::Value, ReadError> {
        Err(ReadError::NotYet(job.key.to_string()))
    }
}

pub fn try_read_back<C: ConfigType>(args: &C::Args) -> Result<C, ReadError> {
    Reader::new(&NoJobs, Path::new("/job")).config::<C>(&args.node())
}

pub fn read_back<C: ConfigType>(args: &C::Args) -> C {
    try_read_back(args).expect("the arguments of a test can be read back")
}

#[config]
pub struct Net {
    #[param(default = 3)]
    pub layers: usize,
    #[param(path = "weights/net.bin")]
    pub weights: PathBuf,
    #[param(default = 0.5, ignore_default)]
    pub dropout: f64,
}

#[task]
pub struct Train {
    pub net: Net,
    #[param(path = "log.txt")]
    pub log: PathBuf,
}

impl Task for Train {
    type Output = u8;

    fn execute(&self, _job: &JobContext) -> TaskResult<u8> {
        Ok(1)
    }
}

#[test]
fn paths_lie_in_the_job_s_folder() {
    let train = read_back::<Train>(&Train::config().net(Net::config()).build());
    assert_eq!(train.log, Path::new("/job/log.txt"));
    assert_eq!(train.net.weights, Path::new("/job/net/weights/net.bin"));
    assert_eq!((train.net.layers, train.net.dropout), (3, 0.5));
}

fn even(checked: &Checked) -> Result<(), String> {
    if checked.size.is_multiple_of(2) { Ok(()) } else { Err(format!("{} is odd", checked.size)) }
}

mod checks {
    #[derive(Debug)]
    pub struct Own;

    impl std::fmt::Display for Own {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("own error")
        }
    }

    impl std::error::Error for Own {}

    pub fn never(_: &super::Never) -> Result<(), Own> {
        Err(Own)
    }
}

#[config(validate = even)]
#[derive(Debug)]
pub struct Checked {
    pub size: u8,
}

#[config(validate = self::checks::never)]
#[derive(Debug)]
pub enum Never {
    One,
}

#[test]
fn validate_is_called_and_names_the_type() {
    assert!(try_read_back::<Checked>(&Checked::config().size(2).build()).is_ok());
    let error = try_read_back::<Checked>(&Checked::config().size(3).build()).unwrap_err().to_string();
    assert!(error.contains("Checked") && error.contains("3 is odd"), "{error}");
    let error = try_read_back::<Never>(&Never::config().one()).unwrap_err().to_string();
    assert!(error.contains("own error"), "{error}");
}
