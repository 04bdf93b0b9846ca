//! Source text for messages: tokens spaced about as people write them.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The longest excerpt in a message.
const LONGEST: usize = 60;

/// What was found, short enough for a message.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    write(tokens.to_token_stream(), &mut text);
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST - 1).chain(['…']).collect() }
}

fn write(tokens: TokenStream, text: &mut String) {
    // The token before, when a space may follow it.
    let mut before: Option<TokenTree> = None;
    let mut glued = true;
    for token in tokens {
        if !glued && space_before(before.as_ref(), &token) {
            text.push(' ');
        }
        glued = glues(before.as_ref(), &token);
        match &token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            other => text.push_str(&other.to_string()),
        }
        before = Some(token);
    }
}

/// Whether the token wants no space behind it.
fn glues(before: Option<&TokenTree>, token: &TokenTree) -> bool {
    let TokenTree::Punct(punct) = token else { return false };
    match punct.as_char() {
        '&' | '<' | '.' | '\'' | '#' | '!' => true,
        ':' => {
            punct.spacing() == Spacing::Joint
                || matches!(before, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
        }
        // A sign, not a difference.
        '-' => before.is_none() || punct.spacing() == Spacing::Joint,
        _ => punct.spacing() == Spacing::Joint,
    }
}

fn space_before(before: Option<&TokenTree>, token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => !matches!(punct.as_char(), ',' | ':' | ';' | '.' | '<' | '>' | '?' | '!'),
        TokenTree::Group(group) => {
            group.delimiter() == Delimiter::Brace || !matches!(before, Some(TokenTree::Ident(_)))
        }
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_spaced_as_people_write_them() {
        for source in [
            "&mut self",
            "&'a mut self",
            "self: Rc<Self>",
            "times: u32, pause: Duration",
            "T: Default",
            "-3",
            "concat!(\"a\", \"b\")",
            "Duration::from_secs(1)..Duration::from_secs(5)",
            "(1, 5)",
            "task = 3",
            "Option<()>",
            "impl Send",
        ] {
            let tokens: TokenStream = source.parse().expect("tokens");
            assert_eq!(text(&tokens), source);
        }
    }

    #[test]
    fn long_source_is_cut() {
        let tokens: TokenStream = "a, ".repeat(100).parse().expect("tokens");
        assert_eq!(text(&tokens).chars().count(), LONGEST);
    }
}
