//! What the schema says: ids, help, defaults, flags.

use std::path::PathBuf;
use std::time::Duration;

use xpm::__private::{ConfigType, TypeKind};
use xpm::prelude::*;

/// A document collection.
///
/// With more to say.
#[config(id = "macros.schema.collection", version = 3)]
pub struct Collection {
    /// Name of the collection,
    /// as people say it
    pub name: String,
    /** Where it lies */
    #[param(default = "/data", ignored)]
    pub place: PathBuf,
    pub limit: Option<usize>,
    #[doc = concat!("built ", "by a macro")]
    #[param(path = "index/docs.bin")]
    pub index: PathBuf,
    #[param(default = 2, ignore_default)]
    pub r#type: u8,
    #[param(json, id = "older")]
    pub extra: Vec<(u8, String)>,
    #[param(json)]
    pub more: Option<Vec<u8>>,
}

/// A choice.
#[config]
enum Choice {
    /// The one.
    One,
    #[allow(unused)]
    r#TwoFold(u8, #[param(default = 1)] u8),
}

#[test]
fn a_schema_says_what_was_declared() {
    let schema = Collection::schema();
    assert_eq!((schema.id(), schema.kind(), schema.version()), ("macros.schema.collection", TypeKind::Config, Some(3)));
    assert_eq!(schema.help(), "A document collection.\n\nWith more to say.");
    assert_eq!(schema.rust_path(), "macros::schema::Collection");
    assert!(schema.place().file.ends_with("schema.rs"));
    assert_eq!(schema.place().line, 13);
    let args: Vec<_> = schema.arguments(None).iter().map(|arg| (arg.name, arg.required(), arg.help)).collect();
    assert_eq!(
        args,
        [
            ("name", true, "Name of the collection,\nas people say it"),
            ("place", false, "Where it lies"),
            ("limit", false, ""),
            ("index", false, ""),
            ("type", false, ""),
            ("extra", true, ""),
            ("more", false, ""),
        ]
    );
    let arg = |name: &str| schema.arguments(None).iter().find(|arg| arg.name == name).unwrap();
    assert_eq!(arg("extra").identity_name, "older");
    assert!(arg("type").ignore_default);
    assert_eq!(arg("place").initial().to_string(), "/data");
    assert_eq!(arg("more").ty.to_string(), "optional JSON (alloc::vec::Vec<u8>)");
}

#[task(cpus = 4, memory = "8GiB", gpus = 0b10, time = "1h 30m", resumable)]
struct Heavy {
    n: u8,
}

impl Task for Heavy {
    type Output = ();

    fn execute(&self, _: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[task]
struct Light;

impl Task for Light {
    type Output = ();

    fn execute(&self, _: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[test]
fn a_task_says_what_its_jobs_need() {
    let (heavy, light) = (Heavy::schema(), Light::schema());
    assert_eq!(*heavy.resources(), Resources::new().cpus(4).memory("8GiB").gpus(2).time(Duration::from_secs(5400)));
    assert_eq!((heavy.kind(), heavy.resumable()), (TypeKind::Task, true));
    assert_eq!(*light.resources(), Resources::new());
    assert!(!light.resumable());
}

#[test]
fn an_id_is_the_path_unless_it_is_given() {
    let schema = Choice::schema();
    assert_eq!((schema.id(), schema.kind(), schema.help()), ("macros.schema.Choice", TypeKind::Family, "A choice."));
    let variants: Vec<_> = schema.variants().iter().map(|variant| (variant.name, variant.help)).collect();
    assert_eq!(variants, [("One", "The one."), ("TwoFold", "")]);
    let args: Vec<_> = schema.arguments(Some(1)).iter().map(|arg| (arg.name, arg.required())).collect();
    assert_eq!(args, [("0", true), ("1", false)]);
}

#[test]
fn every_type_is_registered() {
    let registry = xpm_core::config::Registry::get().unwrap();
    assert!(std::ptr::eq(registry.schema("macros.schema.collection").unwrap(), Collection::schema()));
    assert!(registry.schema("macros.schema.Choice").is_ok());
    let Err(error) = registry.schema("macros.schema.Nothing") else { panic!("there is no such type") };
    assert!(error.to_string().contains("macros.schema.Choice"), "{error}");
}

#[config(id = "macros.schema.named", renamed_from = ["macros.schema.once", "macros.schema.first"])]
pub struct Named {
    #[param(renamed_from = "before", default = 1)]
    pub now: u32,
}

#[config(renamed_from = "macros.schema.a_choice")]
pub enum NamedChoice {
    One {
        #[param(renamed_from = ["x", "y"])]
        z: u8,
    },
}

#[test]
fn older_names_are_in_the_schema_and_change_no_identity() {
    let schema = <Named as ConfigType>::schema();
    assert_eq!(schema.older_ids(), ["macros.schema.once", "macros.schema.first"]);
    assert_eq!(schema.arguments(None)[0].renamed_from, ["before"]);
    let choice = <NamedChoice as ConfigType>::schema();
    assert_eq!(choice.older_ids(), ["macros.schema.a_choice"]);
    assert_eq!(choice.arguments(Some(0))[0].renamed_from, ["x", "y"]);
}
