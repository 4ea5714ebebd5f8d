//! `arg!(Rank.model.k1 as "k1")`: an argument as a type.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Ident, LitStr, Path, Token};

/// What is written in `arg!(…)`.
struct Named {
    of: Path,
    steps: Vec<Ident>,
    rename: Option<LitStr>,
}

const EXAMPLE: &str = "write `arg!(Task.field)`, `arg!(Task.config.field)` or `arg!(Task.field as \"name\")`";

impl Parse for Named {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let wrong = |error: syn::Error| syn::Error::new(error.span(), format!("{error}; {EXAMPLE}"));
        let of = input.call(Path::parse_mod_style).map_err(wrong)?;
        let mut steps = Vec::new();
        while input.parse::<Option<Token![.]>>()?.is_some() {
            steps.push(input.call(Ident::parse_any).map_err(wrong)?);
        }
        if steps.is_empty() {
            return Err(syn::Error::new_spanned(&of, format!("which argument of `{}`? {EXAMPLE}", shown(&of))));
        }
        let rename = match input.parse::<Option<Token![as]>>()? {
            Some(_) => Some(input.parse::<LitStr>().map_err(wrong)?),
            None => None,
        };
        if !input.is_empty() {
            return Err(input.error(format!("nothing follows here; {EXAMPLE}")));
        }
        if let Some(name) = &rename {
            check_flag(name)?;
        }
        Ok(Self { of, steps, rename })
    }
}

fn shown(path: &Path) -> String {
    quote!(#path).to_string().replace(' ', "")
}

/// What can stand behind `--`.
fn check_flag(name: &LitStr) -> syn::Result<()> {
    let text = name.value();
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let why = if text.starts_with('-') {
        format!("write the name without dashes before it: `as \"{}\"`", text.trim_start_matches('-'))
    } else if text.is_empty() || !text.chars().all(good) {
        "the name of a flag holds letters, digits, `-`, `_` and `.`: write for instance `as \"ranking-depth\"`"
            .to_owned()
    } else {
        return Ok(());
    };
    Err(syn::Error::new(name.span(), why))
}

/// Expands `arg!(…)`.
pub(crate) fn arg(input: TokenStream) -> TokenStream {
    let Named { of, steps, rename } = match Named::parse.parse2(input) {
        Ok(named) => named,
        Err(error) => return error.to_compile_error(),
    };
    let mut ty = TokenStream::new();
    let mut key = quote!(::xpm::__private::keys::<#of>());
    for (depth, step) in steps.iter().enumerate() {
        let field = quote_spanned!(step.span()=> #key.#step);
        ty = match depth {
            0 => quote!(::xpm::__private::Field<#of, { #field.index }>),
            _ => quote!(::xpm::__private::Below<#ty, { #field.index }>),
        };
        key = quote!(::xpm::__private::held(#field));
    }
    match rename {
        None => ty,
        Some(name) => {
            let text = name.value();
            let letters = text.as_bytes().chunks(16).rev().fold(quote!(::xpm::__private::End), |behind, part| {
                let bytes = part.iter().fold(0_u128, |bytes, byte| (bytes << 8) | u128::from(*byte));
                quote!(::xpm::__private::Letters16<#bytes, #behind>)
            });
            quote!(::xpm::__private::Renamed<#ty, #letters>)
        }
    }
}
