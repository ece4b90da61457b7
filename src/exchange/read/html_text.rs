//! Pieces of text as Markdown: marks that will be read as marks, signs that will not.

/// Whether a link leads to a page or a person, and runs nothing.
pub(super) fn is_safe(href: &str) -> bool {
    let scheme = href
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default()
        .split_once(':');
    scheme.is_none_or(|(scheme, _)| {
        ["http", "https", "mailto", "tel"]
            .iter()
            .any(|safe| scheme.eq_ignore_ascii_case(safe))
    })
}

/// Marks only what begins and ends with a letter or digit: beside other signs the mark would not be read
/// as one, Chinese has no blanks around it.
pub(super) fn strong(text: &str, mark: &str) -> String {
    let ends = [text.chars().next(), text.chars().next_back()];
    if ends.into_iter().all(|c| c.is_some_and(char::is_alphanumeric)) && !text.contains('\n') {
        format!("{mark}{text}{mark}")
    } else {
        text.to_owned()
    }
}

pub(super) fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        text
    } else if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

pub(super) fn fenced(text: &str) -> String {
    let text = text.trim_matches('\n');
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    if text.trim().is_empty() {
        String::new()
    } else {
        format!("{fence}\n{text}\n{fence}")
    }
}

/// Adds text with blanks squeezed and the signs of Markdown made plain.
pub(super) fn push_text(run: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            if !run.ends_with([' ', '\n']) {
                run.push(' ');
            }
            continue;
        }
        let inside_word = c == '_'
            && run.ends_with(char::is_alphanumeric)
            && chars.peek().is_some_and(|c| c.is_alphanumeric());
        let begins_entity = c == '&' && chars.peek().is_some_and(|c| c.is_alphanumeric() || *c == '#');
        if (matches!(c, '\\' | '*' | '_' | '`' | '[' | ']' | '<') && !inside_word) || begins_entity {
            run.push('\\');
        }
        run.push(c);
    }
}

/// Adds `made` of `text` with the blanks that were around the text.
pub(super) fn push_around(run: &mut String, text: &str, made: &str) {
    if text.starts_with(char::is_whitespace) && !run.ends_with([' ', '\n']) {
        run.push(' ');
    }
    run.push_str(made);
    if text.ends_with(char::is_whitespace) && !made.is_empty() {
        run.push(' ');
    }
}

/// Ends a paragraph; no line of it begins with a sign that would make it something else.
pub(super) fn push_paragraph(blocks: &mut Vec<String>, run: &mut String) {
    let text = std::mem::take(run);
    let lines: Vec<String> = text
        .trim()
        .lines()
        .map(|line| plain_start(line.trim_start()))
        .collect();
    if !text.trim().is_empty() {
        blocks.push(lines.join("\n"));
    }
}

fn plain_start(line: &str) -> String {
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let after = &line[digits..];
    if digits > 0 && after.starts_with(['.', ')']) && after[1..].starts_with(' ') {
        format!("{}\\{after}", &line[..digits])
    } else if line.starts_with(['#', '>', '-', '+', '=', '~']) {
        format!("\\{line}")
    } else {
        line.to_owned()
    }
}
