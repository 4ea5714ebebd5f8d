//! `tasks` and `describe`.

use std::fmt::Write as _;

use serde_json::json;

use super::{failed, say, unknown};
use crate::cli::json_schema::json_schema;
use crate::cli::shape::{Shape, shape};
use crate::cli::{doc, text};
use crate::config::Registry;
use crate::schema::{ArgList, ArgSchema, Role, Type, TypeKind, TypeSchema};
use crate::value::Value;

/// `myexp xpm tasks`.
pub(super) fn tasks(registry: &Registry, as_json: bool) -> u8 {
    let schemas = registry.schemas();
    if as_json {
        let types: Vec<_> = schemas
            .iter()
            .map(|schema| {
                json!({"id": schema.id(), "kind": kind(schema), "version": schema.version(), "help": schema.help(),
                       "rust_path": schema.rust_path(), "declared": schema.place().to_string()})
            })
            .collect();
        say(&format!("{:#}\n", json!({"format": 1, "types": types})));
        return 0;
    }
    let width = schemas.iter().map(|schema| schema.id().len()).max().unwrap_or_default();
    let mut out = String::new();
    for (heading, wanted) in
        [("Tasks", TypeKind::Task), ("Configurations", TypeKind::Config), ("Families (enums)", TypeKind::Family)]
    {
        let of_kind: Vec<_> = schemas.iter().filter(|schema| schema.kind() == wanted).collect();
        if of_kind.is_empty() {
            continue;
        }
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{heading}:");
        for schema in of_kind {
            let place = registry.replaced(schema.id());
            let place = place.map_or_else(String::new, |by| format!(" (deprecated: {})", (by.by)().id()));
            let line = format!("  {:width$}  {}{place}", schema.id(), first_line(schema.help()));
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    if out.is_empty() {
        out.push_str("this program has no tasks and no configurations\n");
    }
    say(&out);
    0
}

/// `myexp xpm describe ID`.
pub(super) fn describe(registry: &Registry, id: &str, as_schema: bool) -> u8 {
    let entry = match registry.entry(id) {
        Ok(entry) => entry,
        Err(error) => return unknown(&error),
    };
    let schema = (entry.schema)();
    if as_schema {
        return match serde_json::to_string_pretty(&json_schema(entry.schema)) {
            Ok(text) => {
                say(&format!("{text}\n"));
                0
            }
            Err(error) => failed(&error.to_string()),
        };
    }
    let version = schema.version().map_or_else(String::new, |version| format!(", version {version}"));
    let mut out = format!("{} ({}{version})\n", schema.id(), kind(schema));
    if !schema.help().is_empty() {
        let _ = writeln!(out, "\n{}", schema.help());
    }
    if let Some(replaced) = registry.replaced(id) {
        let _ = writeln!(out, "\nDeprecated: {} has taken its place.", (replaced.by)().id());
    }
    let _ = writeln!(out, "\n{}, declared at {}", schema.rust_path(), schema.place());
    if schema.variants().is_empty() {
        arguments(&mut out, "\nArguments:", schema.arguments(None));
    }
    for variant in schema.variants() {
        let help = first_line(variant.help);
        let gap = if help.is_empty() { "" } else { ": " };
        let _ = writeln!(out, "\n{}{gap}{help}", variant.name);
        arguments(&mut out, "", variant.arguments());
    }
    say(&out);
    0
}

pub(super) fn kind(schema: &TypeSchema) -> &'static str {
    match schema.kind() {
        TypeKind::Task => "task",
        TypeKind::Config => "config",
        TypeKind::Family => "family",
    }
}

fn first_line(help: &str) -> &str {
    help.lines().next().unwrap_or_default()
}

fn arguments(out: &mut String, heading: &str, args: &ArgList) {
    if !heading.is_empty() {
        let _ = writeln!(out, "{heading}");
    }
    if args.is_empty() {
        let _ = writeln!(out, "  none");
    }
    let rows: Vec<[String; 4]> = args.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let [name, ty, value] = [width(0), width(1), width(2)];
    for row in &rows {
        let mut help = row[3].lines();
        let first = help.next().unwrap_or_default();
        let line = format!("  {:name$}  {:ty$}  {:value$}  {first}", row[0], row[1], row[2]);
        let _ = writeln!(out, "{}", line.trim_end());
        for line in help {
            let _ = writeln!(out, "{:1$}{line}", "", name + ty + value + 8);
        }
    }
}

fn row(arg: &ArgSchema) -> [String; 4] {
    let value = match arg.role {
        Role::JobPath(path) => format!("file {path}"),
        _ if arg.required() => "required".to_owned(),
        _ if arg.has_default() => format!("default {}", default_text(&arg.initial())),
        _ => "optional".to_owned(),
    };
    let help = doc::laid_out(arg.help).replace("\n\n", "\n");
    let (first, rest) = help.split_at(help.find('\n').unwrap_or(help.len()));
    let mut notes = vec![first.to_owned()];
    if arg.role == Role::Ignored {
        notes.push("(not in the identity)".to_owned());
    } else if arg.ignore_default {
        notes.push("(not in the identity at its default)".to_owned());
    }
    if let Shape::Choice(alternatives) = shape(inside(&arg.ty)) {
        let names: Vec<_> = alternatives.into_iter().map(|alternative| alternative.name).collect();
        notes.push(format!("[one of {}]", names.join(", ")));
    }
    notes.retain(|note| !note.is_empty());
    [arg.name.to_owned(), arg.ty.to_string(), value, notes.join(" ") + rest]
}

fn inside(ty: &Type) -> &Type {
    match ty {
        Type::Option(item) | Type::List(item) | Type::Set(item) => item,
        other => other,
    }
}

fn default_text(value: &Value) -> String {
    match value.unmarked() {
        Value::Config(_) => {
            let json = crate::cli::json::of(value);
            // A variant without arguments is written as it is given: by its name.
            match (json.as_object().map(serde_json::Map::len), json["type"].as_str()) {
                (Some(1), Some(name)) => name.to_owned(),
                _ => json.to_string(),
            }
        }
        Value::List(_) | Value::Set(_) | Value::Map(_) => crate::cli::json::of(value).to_string(),
        Value::Str(text) => format!("{text:?}"),
        other => {
            let text = text::show(other).concat();
            if text.is_empty() { "none".to_owned() } else { text }
        }
    }
}
