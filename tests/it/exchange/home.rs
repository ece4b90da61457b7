//! Out of the knowledge base and home again: nothing is lost on the way.

use xiaoer::conversation::Lang;
use xiaoer::exchange::{export, import};

use super::{Shop, counts, samples};
use crate::support::{copy_folder, root};

/// Out of the demo shop in every format that can be read again, and back into it: nothing is new.
#[test]
fn out_and_in_again_is_unchanged() {
    let shop = Shop::new();
    copy_folder(&root().join("knowledge_base"), shop.path());
    std::fs::write(
        shop.path().join("faq/odd.csv"),
        "question,answer,lang,tags,similar\n=SUM(A1) 是什么,\"- 一个公式\n- 没别的\",zh,\"a,b\",+1 呢|@我\n'=x' ok?,\"say \"\"x\"\"\",en,,\n",
    )
    .unwrap();
    let (articles, faq, _) = shop.load();
    let things = articles.len() + faq.len();
    let out = tempfile::tempdir().unwrap();
    for format in ["csv", "fastgpt", "markdown"] {
        let place = out.path().join(format!("shop.{format}"));
        let exported = export(shop.path(), format, &place, None, false).unwrap();
        assert_eq!(exported.articles + exported.faq, things);
        let again = shop.import(&place, format);
        assert_eq!(counts(&again), [0, 0, things, 0, 0, 0, 0], "{format}: {again:#?}");
        let refused = export(shop.path(), format, &place, None, false).unwrap_err();
        assert_eq!(refused.code(), "conflict", "{format}");
    }
    let sheet = std::fs::read_to_string(out.path().join("shop.csv")).unwrap();
    assert!(sheet.contains("'=SUM(A1)") && sheet.contains("\"'- 一个公式") && sheet.contains(",'+1 呢|@我"));
    let lines = csv::Reader::from_reader(sheet.as_bytes())
        .into_records()
        .map(Result::unwrap)
        .collect::<Vec<_>>();
    let dangerous = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t']);
    assert!(!lines.iter().flatten().any(dangerous), "no cell is a formula");
    // Into an empty shop everything is new, and reads.
    let empty = Shop::new();
    let report = empty.import(&out.path().join("shop.csv"), "csv");
    assert_eq!((report.new, report.bad), (things, 0), "{:#?}", report.notes);
    let (_, rows, _) = empty.load();
    assert_eq!(rows.len(), things);
}

#[test]
fn an_edited_export_comes_home() {
    let shop = Shop::new();
    shop.import(&samples("docs"), "markdown");
    let out = tempfile::tempdir().unwrap();
    let place = out.path().join("shop.csv");
    export(shop.path(), "csv", &place, Some(Lang::En), false).unwrap();
    let sheet = std::fs::read_to_string(&place)
        .unwrap()
        .replace("3 days", "5 days");
    std::fs::write(&place, sheet).unwrap();
    let mut wanted = shop.wanted(&place, None);
    wanted.overwrite = true;
    let report = import(&wanted).unwrap();
    assert_eq!(counts(&report), [0, 1, 2, 0, 0, 0, 0], "{report:#?}");
    let (articles, faq, _) = shop.load();
    let refunds = articles
        .iter()
        .find(|a| a.id == "refunds" && a.lang == Lang::En)
        .unwrap();
    assert!(refunds.body.contains("5 days") && refunds.handling.valid_from.is_some() && faq.is_empty());
}

#[test]
fn lines_of_json_have_every_field() {
    let out = tempfile::tempdir().unwrap();
    let place = out.path().join("shop.jsonl");
    let exported = export(
        &root().join("knowledge_base"),
        "jsonl",
        &place,
        Some(Lang::Zh),
        false,
    )
    .unwrap();
    let text = std::fs::read_to_string(&place).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), exported.articles + exported.faq);
    assert!(lines.iter().all(|line| line["lang"] == "zh"));
    let article = lines.iter().find(|line| line["kind"] == "article").unwrap();
    for field in [
        "id",
        "title",
        "tags",
        "questions",
        "audience",
        "related",
        "boost",
        "body",
        "valid_until",
    ] {
        assert!(article.get(field).is_some(), "{field}");
    }
}

/// Runs the program: exit code, stdout, stderr.
fn program(args: &[&str]) -> (Option<i32>, String, String) {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_xiaoer"))
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code(), text(out.stdout), text(out.stderr))
}

#[test]
fn the_commands_keep_to_their_word() {
    let (shop, out) = (Shop::new(), tempfile::tempdir().unwrap());
    let into = shop.path().to_str().unwrap();
    let from = samples("fastgpt.csv");
    let from = from.to_str().unwrap();
    let (code, stdout, stderr) = program(&["kb", "import", from, "--into", into]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    assert!(
        stderr.contains("fastgpt: 2 new, 0 changed") && stderr.contains("1 files written"),
        "{stderr}"
    );
    let changed = out.path().join("q.csv");
    std::fs::write(&changed, "q,a,indexes\n你是谁？,不告诉你。,\n").unwrap();
    let (code, stdout, _) = program(&[
        "kb",
        "import",
        changed.to_str().unwrap(),
        "--into",
        into,
        "--json",
    ]);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (code, &report["conflicts"], &report["notes"][0]["line"]),
        (Some(1), &1.into(), &2.into())
    );
    let (code, stdout, _) = program(&["kb", "import", "/dev/null", "--into", into, "--json"]);
    let refused: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &refused["code"]), (Some(1), &"not_a_file".into()));
    let place = out.path().join("out.csv");
    let export = [
        "kb",
        "export",
        "--to",
        "csv",
        place.to_str().unwrap(),
        "--knowledge-base",
        into,
    ];
    assert_eq!(program(&export).0, Some(0));
    let (code, _, stderr) = program(&export);
    assert!(code == Some(1) && stderr.contains("--overwrite"), "{stderr}");
    assert_eq!(program(&["kb", "import", from, "--from", "docx"]).0, Some(2));
}
