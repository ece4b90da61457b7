//! Rasa's way to write examples: `- where is my [order](object)`, with entities marked in the text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A block below `nlu`.
#[derive(Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    pub intent: Option<String>,
    #[serde(default)]
    pub examples: Value,
    /// `synonym`, `regex`, `lookup` and the like.
    #[serde(flatten)]
    pub kind: BTreeMap<String, Value>,
}

/// Examples as written: one text with a `- ` before each, or a list of texts or of objects with a text.
pub(super) fn examples_of(examples: &Value) -> Vec<String> {
    let of_block = |block: &str| -> Vec<String> {
        let lines = block.lines().map(str::trim);
        lines
            .map(|line| line.strip_prefix('-').unwrap_or(line).trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    match examples {
        Value::String(block) => of_block(block),
        Value::Array(list) => {
            let text = |element: &Value| match element {
                Value::String(text) => Some(text.clone()),
                Value::Object(object) => object.get("text").and_then(Value::as_str).map(str::to_owned),
                _ => None,
            };
            list.iter()
                .filter_map(text)
                .flat_map(|text| of_block(&text))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// An annotation at the beginning of `rest`: its text and its length in bytes.
fn annotation(rest: &str) -> Option<(&str, usize)> {
    let inner = rest.strip_prefix('[')?;
    let close = inner.find(']')?;
    let text = &inner[..close];
    let after = &inner[close + 1..];
    let end = match after.chars().next()? {
        '(' => after.find(')')?,
        '{' => after.find('}')?,
        _ => return None,
    };
    // Both brackets, and from the closing one of the text to that of its label.
    (!text.contains('[')).then_some((text, close + 2 + end + 1))
}

/// How many entities are marked in an example.
pub(super) fn annotations(example: &str) -> usize {
    example
        .match_indices('[')
        .filter(|(at, _)| annotation(&example[*at..]).is_some())
        .count()
}

/// The example as a customer would write it.
pub(super) fn plain(example: &str) -> String {
    let mut plain = String::with_capacity(example.len());
    let mut rest = example;
    while let Some(at) = rest.find('[') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (text, length) = annotation(rest).unwrap_or(("[", 1));
        plain.push_str(text);
        rest = &rest[length..];
    }
    plain + rest
}

/// Rasa's `{slot}` is our `{{ slot }}`; all other braces are letters, whatever they would do in a template.
pub(super) fn template(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        made.push_str(&rest[..at]);
        rest = &rest[at..];
        let slot = rest[1..]
            .split('}')
            .next()
            .filter(|name| rest.len() > name.len() + 1 && is_name(name));
        if let Some(slot) = slot {
            made.push_str(&format!("{{{{ {slot} }}}}"));
            rest = &rest[slot.len() + 2..];
        } else {
            made.push_str("{{ '{' }}");
            rest = &rest[1..];
        }
    }
    made + rest
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_become_their_text() {
        for (example, text, marked) in [
            ("where is [my order](object)", "where is my order", 1),
            (
                r#"to [NYC]{"entity": "city", "role": "to"} please"#,
                "to NYC please",
                1,
            ),
            ("[a](b)[c](d)", "ac", 2),
            ("a [note] here", "a [note] here", 0),
            ("open [ bracket", "open [ bracket", 0),
            ("[退货](事)怎么办", "退货怎么办", 1),
        ] {
            assert_eq!(plain(example), text);
            assert_eq!(annotations(example), marked, "{example}");
        }
    }

    #[test]
    fn templates_of_theirs_do_nothing_here() {
        assert_eq!(template("Hi {name}!"), "Hi {{ name }}!");
        let environment = minijinja::Environment::new();
        for text in ["{{7*7}}", "{% for a in b %}", "{# x #}", "a { b", "{}", "}{"] {
            assert_eq!(environment.render_str(&template(text), ()).unwrap(), text);
        }
    }
}
