//! Import of what is broken, hostile or odd: each has its outcome, and none hangs or leaves the folder.

use std::io::{Cursor, Write};
use std::path::Path;

use xiaoer::exchange::{Outcome, import};
use zip::write::SimpleFileOptions;

use super::{Shop, counts, has, samples};

/// Writes a file and imports it: the code it is refused with.
fn refused(name: &str, bytes: &[u8], format: &str) -> String {
    let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
    let file = from.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let error = shop.try_import(&file, format).unwrap_err();
    assert!(error.to_string().contains(';'), "says what to do: {error}");
    assert!(
        std::fs::read_dir(shop.path()).unwrap().next().is_none(),
        "nothing is written"
    );
    format!("{}: {error}", error.code())
}

const SHEET: &str = "xl/worksheets/sheet1.xml";

/// The parts of a spreadsheet with this sheet.
fn parts(sheet: &str) -> Vec<(&'static str, String)> {
    let spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    vec![
        (
            "[Content_Types].xml",
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#.to_owned(),
        ),
        (
            "_rels/.rels",
            format!(r#"<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        ),
        (
            "xl/workbook.xml",
            format!(r#"<workbook xmlns="{spreadsheet}" xmlns:r="{office}"><sheets><sheet name="FAQ" sheetId="1" r:id="r1"/></sheets></workbook>"#),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(r#"<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#),
        ),
        (SHEET, format!(r#"<worksheet xmlns="{spreadsheet}"><sheetData>{sheet}</sheetData></worksheet>"#)),
    ]
}

fn zipped(parts: &[(&str, String)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Rows of texts as a sheet.
fn rows(rows: &[&[&str]]) -> String {
    let cell = |row: usize, column: usize, text: &str| {
        let letter = char::from(b'A' + u8::try_from(column).unwrap());
        format!(r#"<c r="{letter}{row}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    };
    let row = |(at, cells): (usize, &&[&str])| {
        let cells: String = cells
            .iter()
            .enumerate()
            .map(|(column, text)| cell(at, column, text))
            .collect();
        format!(r#"<row r="{at}">{cells}</row>"#)
    };
    (1..).zip(rows).map(row).collect()
}

const HEAD: &[&str] = &["问题", "答案", "相似问法"];

#[test]
fn a_spreadsheet_is_read() {
    let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
    let file = from.path().join("常见 问题.xlsx");
    let number =
        r#"<row r="4"><c r="A4" t="inlineStr"><is><t>多少天？</t></is></c><c r="B4"><v>7</v></c></row>"#;
    let sheet = rows(&[
        HEAD,
        &["怎么退货？", "七天内。", "如何退货&#10;怎样退货"],
        &["没有答案"],
    ]) + number;
    std::fs::write(&file, zipped(&parts(&sheet))).unwrap();
    let report = import(&shop.wanted(&file, None)).unwrap();
    assert_eq!(report.format, "xlsx");
    assert_eq!(counts(&report), [2, 0, 0, 0, 0, 1, 0], "{report:#?}");
    assert!(has(&report, Outcome::Bad, "bad_row", "常见 问题.xlsx", 3));
    let written = std::fs::read_to_string(shop.path().join("faq/常见-问题.csv")).unwrap();
    assert_eq!(
        written,
        "question,answer,similar,tags,lang\n怎么退货？,七天内。,如何退货|怎样退货,,zh\n多少天？,7,,,zh\n"
    );
    assert_eq!(counts(&shop.import(&file, "xlsx"))[..3], [0, 0, 2]);
}

#[test]
fn archives_that_lie_are_refused() {
    let good = zipped(&parts(&rows(&[HEAD, &["q", "a", ""]])));
    let with = |name: &'static str, text: String| {
        let mut parts = parts(&rows(&[HEAD]));
        parts.push((name, text));
        zipped(&parts)
    };
    // The size of the sheet in both of its headers, made smaller than it is.
    let mut lying = good.clone();
    let size = u32::try_from(parts(&rows(&[HEAD, &["q", "a", ""]]))[4].1.len())
        .unwrap()
        .to_le_bytes();
    let places: Vec<usize> = (0..lying.len() - 4)
        .filter(|at| lying[*at..at + 4] == size)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        lying[at..at + 4].copy_from_slice(&7_u32.to_le_bytes());
    }
    for (name, bytes, code) in [
        (
            "no archive",
            b"PK\x03\x04 and then nothing".to_vec(),
            "bad_archive",
        ),
        ("cut off", good[..good.len() / 2].to_vec(), "bad_archive"),
        ("lying size", lying, "bad_archive"),
        (
            "out of the archive",
            with("../../evil.xml", "x".to_owned()),
            "bad_archive",
        ),
        (
            "out of it on Windows",
            with("..\\evil.xml", "x".to_owned()),
            "bad_archive",
        ),
        (
            "a bomb",
            with("xl/media/zeros.bin", "0".repeat(300 << 20)),
            "too_large",
        ),
        ("no sheet", zipped(&parts("")[..3]), "bad_archive"),
        ("no header", zipped(&parts(&rows(&[&["a1", "b1"]]))), "bad_header"),
    ] {
        let outcome = refused("x.xlsx", &bytes, "xlsx");
        assert!(outcome.starts_with(code), "{name}: {outcome}");
    }
}

#[test]
fn parts_upon_each_other_are_refused() {
    // Two entries of the directory that share one part's data: many times the work for the same bytes.
    let mut bytes = zipped(&parts(&rows(&[HEAD, &["q", "a", ""]])));
    let offset = |bytes: &[u8], at: usize| bytes[at + 42..at + 46].to_vec();
    let entries: Vec<usize> = (0..bytes.len() - 46)
        .filter(|at| bytes[*at..at + 4] == *b"PK\x01\x02")
        .collect();
    let first = offset(&bytes, entries[0]);
    bytes[entries[1] + 42..entries[1] + 46].copy_from_slice(&first);
    let outcome = refused("x.xlsx", &bytes, "xlsx");
    assert!(outcome.starts_with("bad_archive"), "{outcome}");
}

#[test]
fn sheets_larger_than_they_are() {
    // One cell in the last corner: taken as it stands, never as a sheet of billions of cells.
    let corner = r#"<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row>"#;
    let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
    let file = from.path().join("x.xlsx");
    std::fs::write(&file, zipped(&parts(&(rows(&[HEAD, &["q", "a", ""]]) + corner)))).unwrap();
    let report = shop.import(&file, "xlsx");
    assert_eq!(counts(&report), [1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(report.not_carried["cell beyond column 256"], 1);
    let long: String = (1..=100_002)
        .map(|at| format!(r#"<row r="{at}"><c r="A{at}"><v>1</v></c></row>"#))
        .collect();
    let outcome = refused("x.xlsx", &zipped(&parts(&long)), "xlsx");
    assert!(outcome.starts_with("too_large"), "{outcome}");
}

#[test]
fn entities_of_a_document_fetch_nothing() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a secret").unwrap();
    let mut parts = parts(&rows(&[HEAD, &["q", "&x;", ""]]));
    let file = secret.path().display();
    parts[4].1 = format!(
        "<!DOCTYPE w [<!ENTITY x SYSTEM \"file://{file}\">]>{}",
        parts[4].1
    );
    let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
    let file = from.path().join("x.xlsx");
    std::fs::write(&file, zipped(&parts)).unwrap();
    let outcome = shop.try_import(&file, "xlsx").map(|report| format!("{report:?}"));
    let told = outcome.unwrap_or_else(|error| error.to_string());
    let written = std::fs::read_to_string(shop.path().join("faq/x.csv")).unwrap_or_default();
    assert!(
        !told.contains("a secret") && !written.contains("a secret"),
        "{told} {written}"
    );
}

#[test]
fn encodings_of_tables() {
    let text = "问题,答案\n怎么退货？,七天内可以退货。\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(text);
    let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        mark.into_iter()
            .chain(text.encode_utf16().flat_map(bytes))
            .collect()
    };
    for (name, bytes) in [
        ("UTF-8 with a mark", format!("\u{feff}{text}").into_bytes()),
        ("UTF-16LE", wide([0xff, 0xfe], u16::to_le_bytes)),
        ("UTF-16BE", wide([0xfe, 0xff], u16::to_be_bytes)),
        ("GB18030", gb.into_owned()),
        ("Windows line ends", text.replace('\n', "\r\n").into_bytes()),
        ("tabs", text.replace(',', "\t").into_bytes()),
    ] {
        let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
        let file = from.path().join("t.csv");
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(
            counts(&shop.import(&file, "csv")),
            [1, 0, 0, 0, 0, 0, 0],
            "{name}"
        );
        let written = std::fs::read_to_string(shop.path().join("faq/t.csv")).unwrap();
        assert!(written.contains("怎么退货？,七天内可以退货。"), "{name}");
    }
}

#[test]
fn tables_that_cannot_be_read() {
    let many = "q,a\n".to_owned() + &"x,y\n".repeat(100_001);
    for (name, bytes, format, wanted) in [
        (
            "Latin-1",
            b"question,answer\nd\xe9j\xe0 vu,oui\n".to_vec(),
            "csv",
            "not_utf8: t.x:2: error[not_utf8] byte 17",
        ),
        (
            "a picture",
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".to_vec(),
            "csv",
            "not_utf8",
        ),
        (
            "no headings",
            b"hello,world\n".to_vec(),
            "csv",
            "bad_header: t.x:1",
        ),
        ("nothing", Vec::new(), "csv", "bad_header"),
        ("too many rows", many.into_bytes(), "csv", "too_large"),
        ("too many bytes", vec![b'a'; 65 << 20], "csv", "too_large"),
        ("not known", b"x".to_vec(), "nothing-like-it", "unknown_format"),
        (
            "a table as Markdown",
            b"a,b\n".to_vec(),
            "markdown",
            "nothing_found",
        ),
    ] {
        let outcome = refused("t.x", &bytes, format);
        assert!(outcome.starts_with(wanted), "{name}: {outcome}");
    }
}

/// Imports one file of a folder format: code and line of the one bad thing in it.
fn bad(name: &str, bytes: &[u8], format: &str) -> (String, usize) {
    let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
    std::fs::write(from.path().join(name), bytes).unwrap();
    let report = shop.import(from.path(), format);
    assert_eq!((report.bad, report.new), (1, 0), "{name}: {report:#?}");
    let note = report
        .notes
        .iter()
        .find(|note| note.outcome == Outcome::Bad)
        .unwrap();
    (note.code.to_owned(), note.line)
}

#[test]
fn files_of_a_folder_that_cannot_be_read() {
    let laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(b'b'..=b'i')
            .map(|c| {
                let (own, before) = (char::from(c), char::from(c - 1));
                let list = vec![format!("*{before}"); 9].join(",");
                format!("{own}: &{own} [{list}]\n")
            })
            .collect::<String>();
    let open = "[".repeat(10_000);
    let deep_json = format!("{{\"articles\": {}", "[".repeat(100_000));
    for (name, bytes, format, wanted) in [
        ("large.md", vec![b'a'; 10 << 20], "markdown", ("too_large", 0)),
        (
            "laughs.md",
            format!("---\n{laughs}---\nx\n").into_bytes(),
            "markdown",
            ("bad_front_matter", 0),
        ),
        (
            "deep.md",
            format!("---\nx: {open}\n---\nx\n").into_bytes(),
            "markdown",
            ("bad_front_matter", 2),
        ),
        (
            "twice.md",
            b"---\ntitle: a\ntitle: b\n---\nx\n".to_vec(),
            "markdown",
            ("bad_front_matter", 3),
        ),
        (
            "boost.md",
            b"---\ntitle: a\nboost: 99\n---\nx\n".to_vec(),
            "markdown",
            ("bad_front_matter", 0),
        ),
        (
            "latin.md",
            b"# d\xe9j\xe0 vu\n".to_vec(),
            "markdown",
            ("not_utf8", 1),
        ),
        (
            "deep.html",
            "<div>".repeat(100_000).into_bytes(),
            "html",
            ("too_deep", 0),
        ),
        ("large.html", vec![b'a'; 5 << 20], "html", ("too_large", 0)),
        (
            "nlu.yml",
            format!("nlu:\n{laughs}").into_bytes(),
            "rasa",
            ("bad_yaml", 0),
        ),
        ("deep.json", deep_json.into_bytes(), "zendesk", ("bad_json", 1)),
        (
            "other.json",
            b"{\"posts\": []}".to_vec(),
            "zendesk",
            ("bad_json", 0),
        ),
    ] {
        let (code, line) = bad(name, &bytes, format);
        assert_eq!(code, wanted.0, "{name}");
        assert!(wanted.1 == 0 || line == wanted.1, "{name}: line {line}");
    }
}

#[cfg(unix)]
#[test]
fn links_pipes_and_ways_out_are_passed_over() {
    let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
    let folder = from.path();
    std::fs::write(folder.join("real.md"), "# Real\n\nText.\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("passwd.md")).unwrap();
    std::os::unix::fs::symlink("/etc", folder.join("etc")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.join("pipe.md"))
        .status()
        .unwrap();
    assert!(made.success());
    let report = shop.import(folder, "markdown");
    assert_eq!(counts(&report), [1, 0, 0, 0, 3, 0, 0], "{report:#?}");
    for name in ["passwd.md", "etc", "pipe.md"] {
        assert!(has(&report, Outcome::Skipped, "not_a_file", name, 0), "{name}");
    }
    for path in [folder.join("pipe.md"), "/dev/zero".into(), folder.join("nothing")] {
        let error = shop.try_import(&path, "markdown").unwrap_err();
        assert!(["not_a_file", "not_readable"].contains(&error.code()), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let (shop, elsewhere) = (Shop::new(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(elsewhere.path(), shop.path().join("faq")).unwrap();
    let error = shop.try_import(&samples("faq.csv"), "csv").unwrap_err();
    assert_eq!(error.code(), "not_a_file");
    assert!(std::fs::read_dir(elsewhere.path()).unwrap().next().is_none());
}

#[test]
fn ids_cannot_leave_the_folder() {
    let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
    for (name, id) in [
        ("a.md", "../../../evil"),
        ("b.md", "Evil"),
        ("c.md", "evil"),
        ("d.md", "con"),
    ] {
        std::fs::write(
            from.path().join(name),
            format!("---\nid: {id}\ntitle: T {name}\nlang: en\n---\n{name}\n"),
        )
        .unwrap();
    }
    let report = shop.import(from.path(), "markdown");
    // The loader takes ids that differ in case alone for the same.
    assert_eq!(counts(&report), [3, 0, 0, 1, 0, 0, 0], "{report:#?}");
    assert!(has(&report, Outcome::Duplicate, "duplicate", "c.md", 0));
    assert_eq!(
        report.files,
        [
            "articles/en/con-1.md",
            "articles/en/evil-2.md",
            "articles/en/evil.md"
        ]
    );
}

#[test]
fn a_missing_knowledge_base_is_not_made() {
    let from = samples("faq.csv");
    let shop = Shop::new();
    let mut wanted = shop.wanted(&from, None);
    wanted.into = Path::new("/nowhere/at/all");
    assert_eq!(import(&wanted).unwrap_err().code(), "no_knowledge_base");
}

#[test]
fn reports_do_not_drive_a_terminal() {
    let (shop, from) = (Shop::new(), tempfile::tempdir().unwrap());
    let file = from.path().join("t.csv");
    std::fs::write(&file, "question,answer,lang\nq,a,\u{1b}[2Jxx\n").unwrap();
    let report = shop.import(&file, "csv");
    assert_eq!(report.bad, 1);
    assert!(
        report
            .notes
            .iter()
            .all(|note| !note.to_string().contains('\u{1b}'))
    );
}
