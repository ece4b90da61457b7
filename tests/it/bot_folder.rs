//! The shop's folder: every problem at once, with file and line.

use std::path::Path;

use xiaoer::bot::{Bot, Severity};

use crate::support::{copy_folder, root};

/// The errors of the shipped folder after a change, as they are printed.
fn errors(change: impl FnOnce(&Path)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("knowledge_base"), folder.path());
    change(folder.path());
    let (bot, problems) = Bot::load(folder.path());
    let errors: Vec<String> = problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    assert_eq!(bot.is_none(), !errors.is_empty());
    errors
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn the_shipped_folder_has_no_errors() {
    assert_eq!(errors(|_| {}), [""; 0]);
}

#[test]
fn mistakes_in_articles_have_their_place_and_name() {
    let article = "---\nid: x\ntitle: X\n---\nText.\n";
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "articles/zh/a.md",
            b"no front matter".to_vec(),
            "articles/zh/a.md:1: error[no_front_matter]",
        ),
        (
            "articles/zh/b.md",
            b"---\nid: x\ntitel: X\n---\nText.\n".to_vec(),
            "error[bad_front_matter]",
        ),
        (
            "articles/zh/c.md",
            b"---\nid: [x\n---\nText.\n".to_vec(),
            "error[bad_front_matter]",
        ),
        ("articles/d.md", article.into(), "articles/d.md:1: error[no_lang]"),
        (
            "articles/zh/e.md",
            b"---\nid: x\ntitle: X\n---\n\n".to_vec(),
            "error[empty_article]",
        ),
        (
            "articles/zh/f.md",
            b"---\nid: x\ntitle: \xff\n---\nText.\n".to_vec(),
            "articles/zh/f.md:3: error[not_utf8]",
        ),
        ("articles/zh/g.md", vec![b'a'; 300 * 1024], "error[too_large]"),
        (
            "articles/zh/h.md",
            b"---\nid: Refund-Timing\ntitle: X\n---\nText.\n".to_vec(),
            "error[duplicate_slug]",
        ),
        (
            "articles/zh/i.md",
            format!("---\nid: {}x\n---\nT\n", "[".repeat(10_000)).into(),
            "error[bad_front_matter]",
        ),
    ];
    check(cases);
}

/// Each file with its bytes gives an error that contains the wanted text.
fn check(cases: Vec<(&str, Vec<u8>, &str)>) {
    for (name, bytes, wanted) in cases {
        let found = errors(|folder| write(folder, name, &bytes));
        assert!(
            found.iter().any(|e| e.contains(wanted)),
            "{name}: {wanted} in {found:#?}"
        );
    }
}

#[test]
fn mistakes_in_other_files_have_their_place_and_name() {
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "faq/bad.csv",
            b"question,answer\nonly one\n".to_vec(),
            "faq/bad.csv:2: error[bad_row]",
        ),
        (
            "shop.yaml",
            b"name: {zh: a, en: b}\nzone: Nowhere/City\nhours: {}\norder_numbers: {prefix: A, digits: 8}\n"
                .to_vec(),
            "error[bad_zone]",
        ),
        ("shop.yaml", b"nmae: x\n".to_vec(), "shop.yaml:1: error[bad_yaml]"),
        (
            "flows/x.yaml",
            b"flow: x\nlabel: {zh: a, en: b}\nsteps:\n  - id: a\n    say: nothing_like_it\n".to_vec(),
            "flows/x.yaml:5: error[missing_response]",
        ),
        (
            "flows/x.yaml",
            b"flow: x\nlabel: {zh: a, en: b}\nsteps:\n  - id: a\n    handoff: true\n    next: b\n".to_vec(),
            "flows/x.yaml:6: error[unknown_step]",
        ),
        (
            "flows/x.yaml",
            b"flow: x\nlabel: {zh: a, en: b}\nsteps:\n  - id: a\n    say: thanks\n    call: find_order\n"
                .to_vec(),
            "flows/x.yaml:4: error[bad_step]",
        ),
        (
            "intents/x.yaml",
            b"intent: x\ndescription: {zh: a, en: b}\nflow: none_such\n".to_vec(),
            "intents/x.yaml:3: error[unknown_flow]",
        ),
        (
            "catalogue/customers.csv",
            b"customer_id,name,phone,level,points\n".to_vec(),
            "error[unknown_customer]",
        ),
    ];
    check(cases);
}

#[test]
fn all_problems_come_at_once() {
    let found = errors(|folder| {
        write(folder, "articles/zh/a.md", "x");
        write(folder, "shop.yaml", "x: [");
        write(folder, "flows/x.yaml", "flow: x\nsteps: []\n");
    });
    assert!(found.len() >= 3, "{found:#?}");
}

#[test]
fn the_check_knows_every_value_that_a_call_gives() {
    let known: Vec<&str> = xiaoer::bot::CALLS
        .iter()
        .flat_map(|call| call.values)
        .copied()
        .collect();
    let mut given = Vec::new();
    for entry in std::fs::read_dir(root().join("src/commerce/calls"))
        .unwrap()
        .flatten()
    {
        let source = std::fs::read_to_string(entry.path()).unwrap();
        let source: String = source.split_whitespace().collect();
        let values = source
            .split(".with(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        given.extend(values.map(str::to_owned));
    }
    assert!(given.len() >= 25, "{given:?}");
    let unknown: Vec<&String> = given
        .iter()
        .filter(|value| !known.contains(&value.as_str()))
        .collect();
    assert!(unknown.is_empty(), "add to bot/calls.rs: {unknown:?}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let found = errors(|folder| {
        std::os::unix::fs::symlink("/etc/passwd", folder.join("articles/zh/link.md")).unwrap();
    });
    assert_eq!(found, [""; 0], "a link is passed over with a warning");
}
