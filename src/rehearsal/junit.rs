//! Results as JUnit XML, which build servers read.

use std::fmt::Write;

use super::play::Played;

/// The report of everything played; `seconds` is the time of the whole.
#[must_use]
pub fn junit(played: &[Played], seconds: f64) -> String {
    let failed = played.iter().filter(|p| !p.differences.is_empty()).count();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let tests = played.len();
    // Writing to a string never fails.
    let _ok = writeln!(
        xml,
        "<testsuite name=\"conversations\" tests=\"{tests}\" failures=\"{failed}\" time=\"{seconds:.3}\">"
    );
    for one in played {
        let class = escaped(&one.file.display().to_string());
        let name = escaped(&format!("{} [{}]", one.name, one.lang));
        let _ok = write!(
            xml,
            "  <testcase classname=\"{class}\" name=\"{name}\" line=\"{}\"",
            one.line
        );
        if one.differences.is_empty() {
            xml.push_str("/>\n");
            continue;
        }
        xml.push_str(">\n");
        for difference in &one.differences {
            let message = escaped(&difference.wanted);
            let body = escaped(&difference.to_string());
            let _ok = writeln!(xml, "    <failure message=\"{message}\">{body}</failure>");
        }
        xml.push_str("  </testcase>\n");
    }
    xml.push_str("</testsuite>\n");
    xml
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_means_otherwise_is_escaped() {
        assert_eq!(escaped("a<b & \"c\"\u{1}"), "a&lt;b &amp; &quot;c&quot;\u{fffd}");
    }
}
