//! JSON Schema (draft 2020-12) of configurations: what `--config` files hold.

use serde_json::{Map, Value as Json, json};

use super::json::{self, TYPE, has_type, settable};
use super::shape::{Alternative, Shape, shape};
use crate::schema::{ArgList, Type, TypeKind, TypeSchema};

/// The JSON Schema of a type: of the files that `--config` takes, and of the JSON that stands for it on command lines.
pub(crate) fn json_schema(of: fn() -> &'static TypeSchema) -> Json {
    let schema = of();
    let mut writer = Writer { defs: Map::new() };
    let mut root = match schema.kind() {
        // A task is asked for its arguments here; as an argument it stands for one of its jobs.
        TypeKind::Task | TypeKind::Config => writer.object(schema, schema.arguments(None), None),
        TypeKind::Family => writer.value(&Type::Config(of)),
    };
    root.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    root.insert("title".to_owned(), schema.id().into());
    if !writer.defs.is_empty() {
        root.insert("$defs".to_owned(), Json::Object(writer.defs));
    }
    Json::Object(root)
}

struct Writer {
    defs: Map<String, Json>,
}

type Members = Map<String, Json>;

fn members(json: Json) -> Members {
    match json {
        Json::Object(members) => members,
        _ => Map::new(),
    }
}

impl Writer {
    fn value(&mut self, ty: &Type) -> Members {
        members(match ty {
            Type::Nothing => json!({"type": "null"}),
            Type::Bool => json!({"type": "boolean"}),
            Type::Int(name) => match *name {
                "u8" => json!({"type": "integer", "minimum": 0, "maximum": u8::MAX}),
                "u16" => json!({"type": "integer", "minimum": 0, "maximum": u16::MAX}),
                "u32" => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
                "u64" | "usize" => json!({"type": "integer", "minimum": 0}),
                "i8" => json!({"type": "integer", "minimum": i8::MIN, "maximum": i8::MAX}),
                "i16" => json!({"type": "integer", "minimum": i16::MIN, "maximum": i16::MAX}),
                "i32" => json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX}),
                // What no JSON number holds is a text.
                "u128" => {
                    json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}]})
                }
                "i128" => json!({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]+$"}]}),
                _ => json!({"type": "integer"}),
            },
            Type::Float(_) => json!({"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf", "NaN"]}]}),
            Type::Str | Type::Path => json!({"type": "string"}),
            Type::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
            Type::Duration => json!({"type": "string", "description": "A duration: 1h30m, 250ms"}),
            Type::Option(item) => {
                let item = Json::Object(self.value(item));
                json!({"anyOf": [item, {"type": "null"}]})
            }
            Type::List(item) => json!({"type": "array", "items": self.value(item)}),
            Type::Set(item) => json!({"type": "array", "uniqueItems": true, "items": self.value(item)}),
            Type::Map(_, item) => json!({"type": "object", "additionalProperties": self.value(item)}),
            Type::Tuple(items) => {
                let (count, items) = (items.len(), items.iter().map(|item| self.value(item)).collect::<Vec<_>>());
                json!({"type": "array", "prefixItems": items, "minItems": count, "maxItems": count})
            }
            Type::Json(_) => json!({}),
            Type::Config(_) | Type::Family(_) => return self.named(ty),
        })
    }

    /// A configuration, which has a place of its own: it may be met again, also within itself.
    fn named(&mut self, ty: &Type) -> Members {
        let name = match ty {
            Type::Config(schema) => schema().id().to_owned(),
            other => other.to_string(),
        };
        let key = name.replace(' ', "-");
        if !self.defs.contains_key(&key) {
            self.defs.insert(key.clone(), Json::Null);
            let def = match shape(ty) {
                Shape::Struct(schema) => self.structure(schema),
                Shape::Choice(alternatives) => {
                    let each: Vec<_> = alternatives.iter().map(|alternative| self.alternative(alternative)).collect();
                    let mut def = members(json!({"oneOf": each}));
                    if let Type::Config(schema) = ty {
                        describe(&mut def, schema().help());
                    }
                    def
                }
                Shape::Job(schema) => members(json!({
                    "type": "string",
                    "description": format!("A finished job of {}: its identity", schema.id()),
                })),
                Shape::Leaf => Map::new(),
            };
            self.defs.insert(key.clone(), Json::Object(def));
        }
        members(json!({"$ref": format!("#/$defs/{key}")}))
    }

    /// A struct, as it is given and as its defaults are written.
    fn structure(&mut self, schema: &TypeSchema) -> Members {
        let mut object = self.object(schema, schema.arguments(None), None);
        if has_type(schema.arguments(None)) {
            return members(json!({"anyOf": [object, around(schema.id(), &object)]}));
        }
        if let Some(Json::Object(properties)) = object.get_mut("properties") {
            properties.insert(TYPE.to_owned(), json!({"const": schema.id()}));
        }
        object
    }

    /// One variant or member: its name, if nothing must be said beside it, or an object that says which it is.
    fn alternative(&mut self, alternative: &Alternative) -> Json {
        let args = alternative.arguments();
        let mut object = self.object(alternative.schema, args, Some(&alternative.name));
        object.remove("description");
        if has_type(args) {
            object = around(&alternative.name, &object);
        }
        describe(&mut object, alternative.help);
        match args.iter().any(crate::schema::ArgSchema::required) {
            true => Json::Object(object),
            false => json!({"anyOf": [{"const": alternative.name}, object]}),
        }
    }

    fn object(&mut self, schema: &TypeSchema, args: &ArgList, chosen: Option<&str>) -> Members {
        let mut properties = Map::new();
        let mut required = Vec::new();
        if let Some(name) = chosen.filter(|_| !has_type(args)) {
            properties.insert(TYPE.to_owned(), json!({"const": name}));
            required.push(TYPE);
        }
        for arg in args.iter().filter(|arg| settable(arg)) {
            let mut property = self.value(&arg.ty);
            describe(&mut property, arg.help);
            if arg.has_default() {
                property.insert("default".to_owned(), json::of(&arg.initial()));
            }
            properties.insert(arg.name.to_owned(), Json::Object(property));
            if arg.required() && !matches!(arg.ty, Type::Bool) {
                required.push(arg.name);
            }
        }
        let mut object = members(json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }));
        describe(&mut object, schema.help());
        object
    }
}

/// An object whose only member has this name, and holds what has a member `type` for itself.
fn around(name: &str, object: &Members) -> Members {
    members(json!({
        "type": "object",
        "properties": {name: object},
        "required": [name],
        "additionalProperties": false,
    }))
}

fn describe(object: &mut Members, help: &str) {
    if !help.is_empty() {
        object.insert("description".to_owned(), help.into());
    }
}
