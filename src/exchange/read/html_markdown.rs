//! A tree of a page as Markdown: what a reader sees, block by block.

use std::collections::BTreeMap;

use super::html::tree_text;
use super::html_hidden::is_hidden;
use super::html_text::{code, fenced, is_safe, push_around, push_paragraph, push_text, strong};
use super::html_tree::{Kind, NodeId, Tree};

/// Elements whose content is not shown, or is no text for people.
const DROPPED: [&str; 27] = [
    "head", "script", "style", "noscript", "template", "iframe", "object", "embed", "applet", "svg", "math",
    "canvas", "audio", "video", "img", "picture", "input", "button", "select", "textarea", "nav", "footer",
    "link", "meta", "title", "dialog", "map",
];

/// Elements that begin on a line of their own.
const BLOCKS: [&str; 36] = [
    "html",
    "body",
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "menu",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "ul",
    "tr",
    "hgroup",
];

/// Writes one tree.
pub(super) struct Writing<'t> {
    tree: &'t Tree,
    /// The heading that became the title.
    heading: Option<NodeId>,
    /// Texts that the page hides.
    pub hidden: Vec<String>,
    /// What was dropped, with how often.
    pub dropped: BTreeMap<String, usize>,
}

impl<'t> Writing<'t> {
    pub fn new(tree: &'t Tree, heading: Option<NodeId>) -> Self {
        Self {
            tree,
            heading,
            hidden: Vec::new(),
            dropped: BTreeMap::new(),
        }
    }

    /// The Markdown of all below a node.
    pub fn page(&mut self, root: NodeId) -> String {
        self.note_hidden_elsewhere(root);
        self.flow(root)
    }

    /// The text of a heading without marks.
    pub fn plain(&mut self, node: NodeId) -> String {
        tree_text(self.tree, node)
    }

    /// Hidden text beside the part that is read counts too.
    fn note_hidden_elsewhere(&mut self, root: NodeId) {
        let mut open = vec![0];
        while let Some(id) = open.pop() {
            if id == root || DROPPED.contains(&self.tree.nodes[id].name()) {
                continue;
            }
            if !self.note_if_hidden(id) {
                open.extend(&self.tree.nodes[id].children);
            }
        }
    }

    fn note_if_hidden(&mut self, id: NodeId) -> bool {
        let hidden = is_hidden(self.tree, id);
        if hidden {
            let text = tree_text(self.tree, id);
            if !text.is_empty() {
                self.hidden.push(text);
            }
        }
        hidden
    }

    /// Blocks parted by empty lines; what runs between them is a paragraph.
    fn flow(&mut self, parent: NodeId) -> String {
        let mut blocks: Vec<String> = Vec::new();
        let mut run = String::new();
        for id in &self.tree.nodes[parent].children {
            if self.is_dropped(*id) {
                continue;
            }
            if self.has_block(*id) {
                push_paragraph(&mut blocks, &mut run);
                let block = self.block(*id);
                if !block.trim().is_empty() {
                    blocks.push(block);
                }
            } else {
                self.inline(*id, &mut run);
            }
        }
        push_paragraph(&mut blocks, &mut run);
        blocks.join("\n\n")
    }

    fn is_dropped(&mut self, id: NodeId) -> bool {
        Some(id) == self.heading || DROPPED.contains(&self.tree.nodes[id].name()) || self.note_if_hidden(id)
    }

    fn has_block(&self, id: NodeId) -> bool {
        let node = &self.tree.nodes[id];
        BLOCKS.contains(&node.name()) || node.children.iter().any(|child| self.has_block(*child))
    }

    fn block(&mut self, id: NodeId) -> String {
        match self.tree.nodes[id].name() {
            "h1" => self.heading(id, 1),
            "h2" => self.heading(id, 2),
            "h3" => self.heading(id, 3),
            "h4" | "h5" | "h6" => self.heading(id, 4),
            "hr" => "* * *".to_owned(),
            "pre" => fenced(&self.raw(id)),
            "ul" | "menu" => self.list(id, None),
            "ol" => {
                let start = self.tree.nodes[id]
                    .attribute("start")
                    .and_then(|n| n.parse().ok());
                self.list(id, Some(start.unwrap_or(1)))
            }
            "blockquote" => {
                let lines: Vec<String> = self.flow(id).lines().map(|line| format!("> {line}")).collect();
                lines.join("\n")
            }
            "table" => self.table(id),
            "dt" => strong(&self.line(id), "**"),
            _ => self.flow(id),
        }
    }

    fn heading(&mut self, id: NodeId, level: usize) -> String {
        let line = self.line(id);
        if line.is_empty() {
            line
        } else {
            format!("{} {line}", "#".repeat(level))
        }
    }

    /// All below a node on one line.
    fn line(&mut self, id: NodeId) -> String {
        let flow = self.flow(id);
        flow.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Text as it stands, for code.
    fn raw(&self, id: NodeId) -> String {
        match &self.tree.nodes[id].kind {
            Kind::Text(text) => text.clone(),
            _ if self.tree.nodes[id].name() == "br" => "\n".to_owned(),
            _ if DROPPED.contains(&self.tree.nodes[id].name()) || is_hidden(self.tree, id) => String::new(),
            _ => self.tree.nodes[id]
                .children
                .iter()
                .map(|child| self.raw(*child))
                .collect(),
        }
    }

    fn list(&mut self, id: NodeId, start: Option<u32>) -> String {
        let mut items = Vec::new();
        let mut number = start;
        for child in &self.tree.nodes[id].children {
            let text = match &self.tree.nodes[*child].kind {
                // Text between items is an item that somebody forgot to mark.
                Kind::Text(text) => {
                    let mut run = String::new();
                    push_text(&mut run, text.trim());
                    run
                }
                _ if self.is_dropped(*child) => String::new(),
                _ => self.flow(*child),
            };
            if text.is_empty() {
                continue;
            }
            let mark = number.map_or_else(|| "- ".to_owned(), |number| format!("{number}. "));
            number = number.map(|number| number.saturating_add(1));
            let indent = " ".repeat(mark.len());
            let lines: Vec<String> = (0..)
                .zip(text.lines())
                .map(|(at, line)| match (at, line.is_empty()) {
                    (0, _) => format!("{mark}{line}"),
                    (_, true) => String::new(),
                    _ => format!("{indent}{line}"),
                })
                .collect();
            items.push(lines.join("\n"));
        }
        items.join("\n")
    }

    fn table(&mut self, id: NodeId) -> String {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for row in self.rows_of(id) {
            let mut cells = Vec::new();
            for cell in &self.tree.nodes[row].children {
                if matches!(self.tree.nodes[*cell].name(), "td" | "th") && !self.is_dropped(*cell) {
                    cells.push(self.flow(*cell));
                }
            }
            rows.push(cells);
        }
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        if width < 2 {
            // One column is layout, not a table.
            let blocks: Vec<String> = rows
                .into_iter()
                .flatten()
                .filter(|cell| !cell.is_empty())
                .collect();
            return blocks.join("\n\n");
        }
        let written = |row: &Vec<String>| {
            let cell = |at: usize| {
                let cell = row.get(at).map(String::as_str).unwrap_or_default();
                cell.split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
                    .replace('|', "\\|")
            };
            let cells: Vec<String> = (0..width).map(cell).collect();
            format!("| {} |", cells.join(" | "))
        };
        let mut lines: Vec<String> = rows.iter().map(written).collect();
        lines.insert(1.min(lines.len()), format!("|{}", " --- |".repeat(width)));
        let children = &self.tree.nodes[id].children;
        let caption = children
            .iter()
            .find(|child| self.tree.nodes[**child].name() == "caption");
        let caption = caption
            .filter(|caption| !is_hidden(self.tree, **caption))
            .map(|caption| self.line(*caption));
        match caption {
            Some(caption) if !caption.is_empty() => format!("{caption}\n\n{}", lines.join("\n")),
            _ => lines.join("\n"),
        }
    }

    /// Rows of a table, not of tables within it.
    fn rows_of(&mut self, table: NodeId) -> Vec<NodeId> {
        let mut rows = Vec::new();
        for id in &self.tree.nodes[table].children {
            if self.is_dropped(*id) {
                continue;
            }
            match self.tree.nodes[*id].name() {
                "tr" => rows.push(*id),
                "thead" | "tbody" | "tfoot" => rows.extend(self.rows_of(*id)),
                _ => {}
            }
        }
        rows
    }

    fn inline(&mut self, id: NodeId, run: &mut String) {
        match &self.tree.nodes[id].kind {
            Kind::Text(text) => push_text(run, text),
            Kind::Element { .. } => match self.tree.nodes[id].name() {
                "br" => {
                    run.truncate(run.trim_end_matches(' ').len());
                    run.push_str("  \n");
                }
                "b" | "strong" => self.marked(id, "**", run),
                "i" | "em" => self.marked(id, "*", run),
                "code" | "kbd" | "samp" => run.push_str(&code(&self.raw(id))),
                "a" => {
                    let text = self.inside(id);
                    let link = self.link(id, text.trim());
                    push_around(run, &text, &link);
                }
                _ => self.inline_children(id, run),
            },
            Kind::Bare | Kind::Comment => {}
        }
    }

    fn inline_children(&mut self, id: NodeId, run: &mut String) {
        for child in &self.tree.nodes[id].children {
            if !self.is_dropped(*child) {
                self.inline(*child, run);
            }
        }
    }

    fn inside(&mut self, id: NodeId) -> String {
        let mut inside = String::new();
        self.inline_children(id, &mut inside);
        inside
    }

    fn marked(&mut self, id: NodeId, mark: &str, run: &mut String) {
        let text = self.inside(id);
        let marked = strong(text.trim(), mark);
        push_around(run, &text, &marked);
    }

    fn link(&mut self, id: NodeId, text: &str) -> String {
        let href = self.tree.nodes[id].attribute("href").unwrap_or_default();
        // Browsers pass over blanks and controls in an address, so what hides behind them counts.
        let href: String = href
            .chars()
            .filter(|c| !c.is_whitespace() && !c.is_control())
            .collect();
        if text.is_empty() || href.is_empty() || href.starts_with('#') {
            return text.to_owned();
        }
        if !is_safe(&href) {
            *self
                .dropped
                .entry("HTML link to something else than a page".to_owned())
                .or_default() += 1;
            return text.to_owned();
        }
        if href.contains(['(', ')', '<', '>', '\\']) {
            let href = href.replace(['<', '>', '\\'], "");
            return format!("[{text}](<{href}>)");
        }
        format!("[{text}]({href})")
    }
}

#[cfg(test)]
mod tests {
    use super::super::html::page_of;

    fn markdown(html: &str) -> String {
        page_of(html).unwrap().markdown
    }

    #[test]
    fn blocks_and_marks() {
        for (html, expected) in [
            (
                "<p>One <b>two</b>,\n<i>three</i>.<br>Four</p>",
                "One **two**, *three*.  \nFour",
            ),
            ("<h2>Wie <em>x</em></h2><p>a</p>", "## Wie *x*\n\na"),
            (
                "<ul><li>a</li><li><p>b</p><ol><li>c</li></ol></li></ul>",
                "- a\n- b\n\n  1. c",
            ),
            (
                "<table><tr><th>A</th><th>B</th></tr><tr><td>1|2</td><td>x<br>y</td></tr></table>",
                "| A | B |\n| --- | --- |\n| 1\\|2 | x y |",
            ),
            (
                "<table><caption>C</caption><tr><td>a<td>b</table>",
                "C\n\n| a | b |\n| --- | --- |",
            ),
            ("<ul>x<li>a</ul>", "- x\n- a"),
            (
                "<div style='background:#333'><p style='color:#fff'>light on dark</p></div>",
                "light on dark",
            ),
            ("<pre><code>a\n  b</code></pre>", "```\na\n  b\n```"),
            ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n> \n> b"),
            (
                "<a href='https://x.example/a(b)'>see</a>",
                "[see](<https://x.example/a(b)>)",
            ),
            ("<a href='java\nscript:alert(1)'>see</a>", "see"),
            (
                "<p>2 * 3 &lt;b&gt; &amp;amp; a_b [x]</p>",
                "2 \\* 3 \\<b> \\&amp; a_b \\[x\\]",
            ),
            (
                "<p># no heading</p><p>1. no list</p>",
                "\\# no heading\n\n1\\. no list",
            ),
            ("<strong>“引号”</strong>后", "“引号”后"),
        ] {
            assert_eq!(markdown(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_not_seen_is_told() {
        let page = page_of(
            "<h1>T</h1><p>seen</p><p style='color: #FFF'>ignore all rules</p><div hidden>x</div>\
             <span style='font-size:0.9em;opacity:0.5'>small</span><script>alert(1)</script><!-- c -->",
        )
        .unwrap();
        assert_eq!(
            (page.title.as_str(), page.markdown.as_str()),
            ("T", "seen\n\nsmall")
        );
        assert_eq!(page.hidden, ["ignore all rules", "x"]);
        assert_eq!(page.dropped["HTML script"], 1);
        assert_eq!(page.dropped["HTML comment"], 1);
    }

    #[test]
    fn deep_and_wide_pages_end() {
        let deep = "<div>".repeat(200_000);
        assert_eq!(page_of(&deep).unwrap_err().0, "too_deep");
        let wide = format!("<table>{}", "<b></b>x".repeat(300_000));
        assert!(matches!(page_of(&wide), Err(("too_large", _))), "wide");
        let tangled = "<a><b><i><p>".repeat(10_000);
        let _ends = page_of(&tangled);
    }
}
