//! YAML files with values of arguments: the core schema of YAML 1.2, in which `no`, `on` and `y` are texts and only `true` and
//! `false` are booleans. What the parser tells as events becomes the same JSON values that the other files give.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value as Json};

/// How deep values may be nested.
const DEEPEST: usize = 100;

/// How many values a file may hold, those included that aliases stand for.
const MOST: usize = 1_000_000;

/// The members of a YAML document. An error says line and column, and the argument.
pub(super) fn parse(text: &str) -> Result<Map<String, Json>, String> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker();
            format!("line {}, column {}: {}", at.line(), at.col() + 1, error.info())
        })?;
        builder.take(event, span).map_err(|why| {
            let path = builder.path();
            let of = if path.is_empty() { String::new() } else { format!(" `{path}`:") };
            format!("line {}, column {}:{of} {why}", span.start.line(), span.start.col() + 1)
        })?;
    }
    match builder.document {
        Some(Json::Object(members)) => Ok(members),
        None | Some(Json::Null) => Ok(Map::new()),
        Some(_) => Err("line 1, column 1: it holds no names with values (`k1: 0.9`)".to_owned()),
    }
}

/// A list or a map that is not at its end.
struct Open {
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Json>),
    /// The members so far, and the name whose value comes next.
    Map(Map<String, Json>, Option<String>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    document: Option<Json>,
    /// What aliases stand for, by number.
    anchors: Vec<(usize, Json)>,
    count: usize,
}

impl Builder {
    /// The dotted name of what is read.
    fn path(&self) -> String {
        let names = self.open.iter().filter_map(|open| match &open.content {
            Content::Map(_, name) => name.clone(),
            Content::List(items) => Some(items.len().to_string()),
        });
        names.collect::<Vec<_>>().join(".")
    }

    fn take(&mut self, event: Event<'_>, _at: Span) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) if self.document.is_some() => {
                Err("a second document begins; a file holds one".to_owned())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let expects_name = matches!(self.open.last(), Some(Open { content: Content::Map(_, None), .. }));
                if expects_name {
                    self.name(&text, anchor, tag.is_some())
                } else {
                    self.scalar(&text, style, anchor, tag.as_deref())
                }
            }
            Event::SequenceStart(anchor, tag) => self.begin(anchor, tag.is_some(), Content::List(Vec::new())),
            Event::MappingStart(anchor, tag) => self.begin(anchor, tag.is_some(), Content::Map(Map::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { anchor, content }) = self.open.pop() else { return Ok(()) };
                let value = match content {
                    Content::List(items) => Json::Array(items),
                    Content::Map(members, _) => Json::Object(members),
                };
                self.put(value, anchor)
            }
            Event::Alias(number) => {
                let found = self.anchors.iter().find(|(anchor, _)| *anchor == number);
                let Some((_, value)) = found else {
                    return Err("the alias stands for what holds it".to_owned());
                };
                let (size, depth) = measure(value);
                self.count += size;
                if self.open.len() + depth > DEEPEST {
                    return Err(format!("values are nested more than {DEEPEST} deep"));
                }
                if self.count > MOST {
                    return Err(format!("the file holds more than {MOST} values"));
                }
                let value = value.clone();
                self.put(value, 0)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, tagged: bool, content: Content) -> Result<(), String> {
        if tagged {
            return Err("tags (`!name`) are not read".to_owned());
        }
        if matches!(self.open.last(), Some(Open { content: Content::Map(_, None), .. })) {
            return Err("a list or a map is no name".to_owned());
        }
        if self.open.len() >= DEEPEST {
            return Err(format!("values are nested more than {DEEPEST} deep"));
        }
        self.open.push(Open { anchor, content });
        Ok(())
    }

    fn name(&mut self, text: &str, anchor: usize, tagged: bool) -> Result<(), String> {
        if anchor != 0 || tagged {
            return Err(format!("the name `{text}` is written plainly, without `&` or `!`"));
        }
        if text == "<<" {
            return Err("merge keys (`<<`) are no part of YAML 1.2: write the values out".to_owned());
        }
        if let Some(Open { content: Content::Map(members, name), .. }) = self.open.last_mut() {
            if members.contains_key(text) {
                return Err(format!("`{text}` stands here for the second time"));
            }
            *name = Some(text.to_owned());
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>) -> Result<(), String> {
        let plain = style == ScalarStyle::Plain;
        let value = match tag {
            None if plain => resolve(text),
            None => Json::String(text.to_owned()),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Json::String(text.to_owned()),
            Some(_) => return Err("tags (`!name`) are not read".to_owned()),
        };
        self.put(value, anchor)
    }

    fn put(&mut self, value: Json, anchor: usize) -> Result<(), String> {
        self.count += 1;
        if self.count > MOST {
            return Err(format!("the file holds more than {MOST} values"));
        }
        if anchor != 0 {
            self.count += measure(&value).0;
            self.anchors.push((anchor, value.clone()));
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.document = Some(value),
            Some(Content::List(items)) => items.push(value),
            Some(Content::Map(members, name)) => match name.take() {
                Some(name) => drop(members.insert(name, value)),
                None => return Err("an alias is no name".to_owned()),
            },
        }
        Ok(())
    }
}

/// How many values a value holds, and how deep they are nested.
fn measure(value: &Json) -> (usize, usize) {
    let sum = |(size, deepest), part| {
        let (more, depth) = measure(part);
        (size + more, std::cmp::max(deepest, depth + 1))
    };
    match value {
        Json::Array(items) => items.iter().fold((1, 1), sum),
        Json::Object(members) => members.values().fold((1, 1), sum),
        _ => (1, 0),
    }
}

/// What a plain scalar is in the core schema. Numbers that JSON does not have are texts, which arguments read as well.
fn resolve(text: &str) -> Json {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Json::Null,
        "true" | "True" | "TRUE" => return true.into(),
        "false" | "False" | "FALSE" => return false.into(),
        ".nan" | ".NaN" | ".NAN" => return "NaN".into(),
        _ => {}
    }
    let (sign, digits) = match text.as_bytes() {
        [b'-', ..] => ("-", &text[1..]),
        [b'+', ..] => ("", &text[1..]),
        _ => ("", text),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return format!("{sign}inf").into();
    }
    let radix = |prefix: &str, radix| u64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return number.into();
    }
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = format!("{sign}{digits}");
        let whole = number.parse::<i64>().map(Json::from).or_else(|_| number.parse::<u64>().map(Json::from));
        return whole.unwrap_or(Json::String(number));
    }
    let is_float = digits.starts_with(|first: char| first == '.' || first.is_ascii_digit())
        && digits.contains(|digit: char| digit.is_ascii_digit())
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    match text.parse::<f64>() {
        Ok(number) if is_float => serde_json::Number::from_f64(number).map_or_else(|| text.into(), Json::Number),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_those_of_yaml_1_2() {
        for (text, value) in [
            ("no", json!("no")),
            ("on", json!("on")),
            ("y", json!("y")),
            ("true", json!(true)),
            ("False", json!(false)),
            ("~", json!(null)),
            ("null", json!(null)),
            ("'true'", json!("true")),
            ("\"12\"", json!("12")),
            ("!!str 12", json!("12")),
            ("12", json!(12)),
            ("+012", json!(12)),
            ("-3", json!(-3)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("18446744073709551616", json!("18446744073709551616")),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1e-3", json!(0.001)),
            ("-.inf", json!("-inf")),
            (".nan", json!("NaN")),
            ("1.2.3", json!("1.2.3")),
            ("2026-11-24", json!("2026-11-24")),
            ("12:30", json!("12:30")),
            ("e5", json!("e5")),
            ("infinity", json!("infinity")),
            ("[1, a, {b: no}]", json!([1, "a", {"b": "no"}])),
        ] {
            assert_eq!(Json::Object(parse(&format!("x: {text}\n")).unwrap()), json!({"x": value}), "{text}");
        }
    }

    #[test]
    fn files_are_maps() {
        assert_eq!(parse("").unwrap(), Map::new());
        assert_eq!(parse("# nothing\n").unwrap(), Map::new());
        let text = "model: &m\n  k1: 0.9\n  b: 0.4\nother: *m\nnames:\n- a\n- |\n  two\n  lines\n";
        let value = json!({
            "model": {"k1": 0.9, "b": 0.4}, "other": {"k1": 0.9, "b": 0.4}, "names": ["a", "two\nlines\n"],
        });
        assert_eq!(Json::Object(parse(text).unwrap()), value);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, said) in [
            ("a: 1\nmodel:\n  k1: 1\n  k1: 2\n", "line 4, column 3: `model`: `k1` stands here for the second time"),
            ("a: [1, 2\nb: 3\n", "line 2, column "),
            ("- 1\n- 2\n", "it holds no names with values"),
            ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document begins"),
            ("model: !big 3\n", "`model`: tags (`!name`) are not read"),
            ("a: &x {k: 1}\nb:\n  <<: *x\n", "line 3, column 3: `b`: merge keys (`<<`) are no part of YAML 1.2"),
            ("? [1]\n: 2\n", "a list or a map is no name"),
            ("a: &x [*x]\n", "the alias stands for what holds it"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{text:?}: {error}");
        }
        let deep = format!("a: {}\n", "[".repeat(5_000));
        assert!(parse(&deep).unwrap_err().contains("column "), "deep values end well");
        let mut tower = "a0: &a0 [1]\n".to_owned();
        (1..200).for_each(|n| tower.push_str(&format!("a{n}: &a{n} [*a{}]\n", n - 1)));
        assert!(parse(&tower).unwrap_err().contains("nested more than 100 deep"));
        let mut bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for n in 1..9 {
            let items = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.push_str(&format!("a{n}: &a{n} [{items}]\n"));
        }
        assert!(parse(&bomb).unwrap_err().contains("more than 1000000 values"));
    }
}
