//! What `submit` refuses.

use std::path::PathBuf;

use xpm::{SubmitError, prelude::*};

use crate::Call;
use crate::steps::Step;

fn positive(rate: &Rate) -> Result<(), String> {
    if rate.value > 0.0 { Ok(()) } else { Err(format!("the rate {} is not positive", rate.value)) }
}

#[config(id = "story.rate", validate = positive)]
pub struct Rate {
    pub value: f64,
}

#[config(id = "story.optimiser")]
pub struct Optimiser {
    pub rate: Rate,
}

/// Takes what can be wrong.
#[task(id = "story.picky")]
pub struct Picky {
    pub file: Option<PathBuf>,
    pub files: Option<Vec<PathBuf>>,
    pub number: Option<u128>,
    pub optimiser: Option<Optimiser>,
    pub step: Option<Step>,
    pub text: Option<String>,
    #[param(json)]
    pub json: Option<Option<u8>>,
    #[param(json)]
    pub unit: Option<()>,
    #[param(json)]
    pub float: Option<f64>,
}

impl Task for Picky {
    type Output = String;

    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        Ok(format!("{:?} {:?} {:?}", self.json, self.unit, self.float))
    }
}

/// Submits what is to be refused; a `SubmitError` is inside the error.
pub fn refused(call: &Call) -> xpm::Result<()> {
    call.run(1, |xp| {
        let control = call.control();
        let step = Step::config().name("good").control(&control).submit(xp)?;
        let picky = Picky::config();
        let submitted = match call.texts()[0] {
            "path" => picky.file(step.path().join("sub/out.txt")).submit(xp),
            "paths" => picky.files(vec![PathBuf::from("/fine"), step.path().join("./x/../out.txt")]).submit(xp),
            "folder" => picky.file(step.path()).submit(xp),
            "validate" => picky.optimiser(Optimiser::config().rate(Rate::config().value(-1.0))).submit(xp),
            "validate-plain" => picky.optimiser(Optimiser { rate: Rate { value: -2.0 } }).submit(xp),
            "large" => picky.number(u128::MAX).submit(xp),
            "file-above" => picky.file(step.file("../x")).submit(xp),
            "file-absolute" => picky.file(step.file("/etc/passwd")).submit(xp),
            "file-bytes" => {
                use std::os::unix::ffi::OsStringExt;
                picky.file(step.file(std::ffi::OsString::from_vec(vec![b'a', 0xff]))).submit(xp)
            }
            "some-none" => picky.json(None).submit(xp),
            "some-unit" => picky.unit(()).submit(xp),
            "nan" => picky.float(f64::NAN).submit(xp),
            "other-experiment" => {
                let mut result = None;
                xpm::experiment(call.control.join("other"), "other").run(|other| {
                    result = Some(Picky::config().step(&step).submit(other));
                    Ok(())
                })?;
                result.expect("the plan has run")
            }
            "other-experiment-dependency" => {
                let mut result = None;
                xpm::experiment(call.control.join("other"), "other").run(|other| {
                    result = Some(Picky::config().add_dependency(&step).submit(other));
                    Ok(())
                })?;
                result.expect("the plan has run")
            }
            other => return Err(xpm::Error::msg(format!("no error {other}"))),
        };
        let error = match submitted {
            Ok(job) => panic!("it is to be refused, and the job sees {}", job.output()?),
            Err(error) => error,
        };
        assert!(error.downcast_ref::<SubmitError>().is_some(), "{error:?}");
        Err(error)
    })
}
