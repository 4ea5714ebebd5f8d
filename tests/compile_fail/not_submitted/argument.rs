use xpm::prelude::*;

#[task]
pub struct Train {
    pub epochs: u32,
}

impl Task for Train {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[config]
pub struct Evaluate {
    pub train: Train,
    pub others: Vec<Train>,
    pub maybe: Option<Train>,
}

fn main() {
    let train = Train::config().epochs(1).build();
    Evaluate::config().train(Train::config().epochs(1));
    Evaluate::config().train(&train);
    Evaluate::config().train(Train { epochs: 3 });
    Evaluate::config().others([&train]);
    Evaluate::config().maybe(train);
}
