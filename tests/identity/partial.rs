//! The digest that names a partial folder: that of the task without the arguments in which its jobs may differ.

use xpm::__private::{ArgStruct, ConfigType, Partial};
use xpm::Identity;
use xpm::prelude::*;
use xpm_core::identity::digest_without;

#[config(id = "partial.model")]
#[derive(Clone)]
struct Model {
    layers: u32,
    epochs: u32,
}

#[config(id = "partial.train", version = 2)]
struct Train {
    rate: f64,
    #[param(id = "older")]
    epochs: u32,
    #[param(default = 3, ignore_default)]
    seed: u64,
    model: Model,
}

fn without(names: &[&str], args: &impl ArgStruct) -> Identity {
    digest_without(&args.node(), names).expect("these arguments have an identity")
}

fn train(rate: f64, epochs: u32, layers: u32) -> TrainConfig {
    Train::config().rate(rate).epochs(epochs).model(Model::config().layers(layers).epochs(epochs)).build()
}

#[test]
fn it_is_the_identity_of_the_task_as_if_the_arguments_were_not_declared() {
    #[config(id = "partial.train", version = 2)]
    struct Without {
        rate: f64,
        model: Model,
    }
    #[config(id = "partial.train", version = 3)]
    struct Later {
        rate: f64,
        model: Model,
    }
    let model = Model::config().layers(4).epochs(9).build();
    let undeclared = Without::config().rate(0.1).model(&model).identity();
    for epochs in [1, 20] {
        let args = Train::config().rate(0.1).epochs(epochs).model(&model).build();
        assert_eq!(without(&["epochs"], &args), undeclared);
        // The names are the fields', and of the task's own arguments only.
        assert_eq!(without(&["older"], &args), args.identity());
        assert_eq!(without(&["layers"], &args), args.identity());
        assert_eq!(without(&[], &args), args.identity());
    }
    assert_ne!(Later::config().rate(0.1).model(&model).identity(), undeclared);
    // It says something of the nested one's argument of the same name.
    assert_ne!(without(&["epochs"], &train(0.1, 1, 4)), without(&["epochs"], &train(0.1, 2, 4)));
    assert_ne!(without(&["epochs"], &train(0.1, 1, 4)), without(&["epochs"], &train(0.2, 1, 4)));
    assert_eq!(
        without(&["epochs", "rate", "model", "seed"], &train(0.1, 1, 4)),
        without(&["model", "rate", "epochs"], &train(0.2, 5, 7))
    );
}

#[test]
fn declaring_such_folders_changes_no_identity() {
    #[task(id = "partial.task")]
    struct Plain {
        a: u32,
        b: u32,
    }
    #[task(id = "partial.task", partial(one, except = [a]), partial("t-wo", except = [b, a]))]
    struct Shares {
        a: u32,
        b: u32,
    }
    impl Task for Plain {
        type Output = ();

        fn execute(&self, _: &JobContext) -> TaskResult<()> {
            Ok(())
        }
    }
    impl Task for Shares {
        type Output = ();

        fn execute(&self, _: &JobContext) -> TaskResult<()> {
            Ok(())
        }
    }
    assert_eq!(Plain::config().a(1).b(2).identity(), Shares::config().a(1).b(2).identity());
    assert!(Plain::schema().partials().is_empty());
    let partials = [Partial { name: "one", except: &["a"] }, Partial { name: "t-wo", except: &["b", "a"] }];
    assert_eq!(Shares::schema().partials(), partials);
}
