//! Names of methods made from names of variants.

use proc_macro2::{Ident, Span};

/// `HTTPGet` as `http_get`.
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (i, c) in chars.iter().enumerate() {
        let after_lower = i > 0 && !chars[i - 1].is_uppercase() && chars[i - 1] != '_';
        let starts_word = i > 0 && chars[i - 1].is_uppercase() && chars.get(i + 1).is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && (after_lower || starts_word) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// An identifier, raw if the name is a keyword.
pub(crate) fn method_name(name: &str, span: Span) -> Ident {
    match name {
        // A keyword of edition 2024, which the crate may have.
        "gen" => Ident::new_raw(name, span),
        name if syn::parse_str::<Ident>(name).is_ok() => Ident::new(name, span),
        "self" | "super" | "crate" | "_" => Ident::new(&format!("{name}_"), span),
        keyword => Ident::new_raw(keyword, span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_methods_in_snake_case() {
        for (variant, method) in [
            ("Mse", "mse"),
            ("HuberLoss", "huber_loss"),
            ("HTTPGet", "http_get"),
            ("L2", "l2"),
            ("Bm25Plus", "bm25_plus"),
            ("Already_Snake", "already_snake"),
            ("Type", "r#type"),
            ("Gen", "r#gen"),
            ("Super", "super_"),
        ] {
            assert_eq!(method_name(&snake_case(variant), Span::call_site()).to_string(), method);
        }
    }
}
