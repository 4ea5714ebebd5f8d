//! Texts with commas between them, as in a sweep and in a tuple.

/// Splits at commas outside brackets and quotes.
pub(super) fn split(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut open, mut begin) = (Vec::new(), Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.pop() != Some(c) => return Err(format!("`{c}` closes nothing in `{text}`")),
            ',' if open.is_empty() => {
                parts.push(text[begin..i].trim());
                begin = i + 1;
            }
            _ => {}
        }
    }
    match open.last() {
        _ if quoted => Err(format!("a quote is not closed in `{text}`")),
        Some(close) => Err(format!("`{close}` is missing in `{text}`")),
        None => {
            parts.push(text[begin..].trim());
            Ok(parts)
        }
    }
}

/// The text that stands in double quotes; nothing if it has none.
pub(super) fn unquoted(text: &str) -> Option<Result<String, String>> {
    let read = |text| serde_json::from_str(text).map_err(|error| format!("`{text}` is no quoted text: {error}"));
    text.starts_with('"').then(|| read(text))
}
