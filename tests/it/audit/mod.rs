//! What is found in the articles: each fault once with its place, and nothing else.

mod contradictions;

use std::path::Path;

use jiff::civil::{Date, date};
use xiaoer::bot::{Problems, files_in, load_articles, load_faq};
use xiaoer::knowledge::{Finding, Knowledge, Level, Subject, audit};

use crate::support::root;

/// A knowledge base that grows file by file.
struct Shop {
    folder: tempfile::TempDir,
    day: Date,
    links: bool,
}

impl Shop {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            day: date(2026, 11, 23),
            links: false,
        }
    }

    /// An article; the front matter has its id, the title and what else is given.
    fn write(&self, path: &str, front: &str, body: &str) {
        let file = self.folder.path().join("articles").join(path);
        let id = file.file_stem().unwrap().to_str().unwrap().to_owned();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("---\nid: {id}\n{front}\n---\n{body}\n")).unwrap();
    }

    /// Rows of a faq table.
    fn ask(&self, rows: &str) {
        let file = self.folder.path().join("faq/all.csv");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("question,answer\n{rows}")).unwrap();
    }

    fn findings(&self, bilingual: bool) -> Vec<Finding> {
        of_folder(self.folder.path(), bilingual, self.day, self.links)
    }

    /// `code file:line [other:line]` of everything found in a shop that speaks one language.
    fn told(&self) -> Vec<String> {
        self.findings(false).iter().map(short).collect()
    }
}

fn of_folder(root: &Path, bilingual: bool, day: Date, links: bool) -> Vec<Finding> {
    let mut problems = Problems::new(root);
    let articles = load_articles(&root.join("articles"), &mut problems);
    let faq = load_faq(&root.join("faq"), &mut problems);
    let problems = problems.into_sorted();
    assert!(problems.is_empty(), "{problems:#?}");
    let knowledge = Knowledge::build(&articles, &faq, None).unwrap();
    let files = files_in(root);
    let subject = Subject {
        knowledge: &knowledge,
        articles: &articles,
        faq: &faq,
        root,
        files: &files,
        bilingual,
        day,
        links,
    };
    audit(&subject, &mut |_| {})
}

fn short(finding: &Finding) -> String {
    let name = |file: &Path| file.to_str().unwrap().trim_start_matches("articles/").to_owned();
    let mut told = format!(
        "{} {}:{}",
        finding.code,
        name(&finding.place.file),
        finding.place.line
    );
    if let Some(other) = &finding.other {
        told += &format!(" {}:{}", name(&other.file), other.line);
    }
    told
}

#[test]
fn copies_are_found_however_they_are_typed() {
    let shop = Shop::new();
    shop.write(
        "en/a.md",
        "title: Kettles",
        "Boil clear water once or twice before the first cup.\n\n## Lids\nYes.",
    );
    shop.write(
        "en/b.md",
        "title: Teapots",
        "BOIL clear water, once or twice,\nbefore the first cup!\n\n## Handles\nYes.",
    );
    shop.write(
        "en/c.md",
        "title: Pans",
        "Wipe the pan dry with a soft cloth after every use.",
    );
    shop.write(
        "zh/a.md",
        "title: 水壶",
        "第一次使用前，请先用清水煮开一两遍再倒掉。",
    );
    shop.write(
        "zh/d.md",
        "title: 茶壶",
        "第一次使用前 请先用清水煮开一两遍，再倒掉！",
    );
    shop.ask("怎么擦锅,用软布把锅擦干就可以了。\n锅湿了怎么办,用软布把锅擦干，就可以了\n");
    assert_eq!(
        shop.told(),
        [
            "duplicate en/b.md:5 en/a.md:5",
            "duplicate zh/d.md:5 zh/a.md:5",
            "duplicate faq/all.csv:3 faq/all.csv:2",
        ]
    );
}

#[test]
fn texts_that_differ_in_a_word_or_two_are_found() {
    let shop = Shop::new();
    let en = "Keep the outer box and all the padding, and photograph the label, the damage and the item before you write to us.";
    let zh = "收到破损的商品时，请先保留外箱和全部内衬，拍下面单、破损处和商品，再联系客服处理。";
    shop.write("en/a.md", "title: Damaged parcels", en);
    shop.write("en/b.md", "title: Broken parcels", &en.replace("outer", "whole"));
    shop.write("zh/a.md", "title: 包裹破损", zh);
    shop.write("zh/b.md", "title: 商品坏了", &zh.replace("全部", "所有"));
    // The same matter in other words.
    shop.write(
        "en/c.md",
        "title: Missing parts",
        "Tell us which part is missing, with a photograph of what came in the box.",
    );
    shop.write(
        "zh/c.md",
        "title: 少了零件",
        "少了零件请告诉客服缺哪一样，并拍下盒子里的东西。",
    );
    assert_eq!(
        shop.told(),
        [
            "near_duplicate en/b.md:5 en/a.md:5",
            "near_duplicate zh/b.md:5 zh/a.md:5",
        ]
    );
    let found = shop.findings(false);
    assert!(
        found
            .iter()
            .all(|f| f.likeness.is_some_and(|l| (0.7..1.0).contains(&l)))
    );
}

#[test]
fn a_time_that_has_passed_is_told() {
    let shop = Shop::new();
    let write = |id: &str, front: &str, body: &str| shop.write(id, &format!("title: {id}\n{front}"), body);
    write(
        "en/spring.md",
        "valid_until: 2026-11-22",
        "The spring fair is on.",
    );
    write("en/now.md", "valid_until: 2026-12-08", "Winter boots have come.");
    write(
        "en/soon.md",
        "valid_from: 2026-11-01\nvalid_until: 2026-12-07",
        "Free socks with every hat.",
    );
    write("en/later.md", "valid_from: 2027-01-01", "Kites are back.");
    write(
        "en/old.md",
        "",
        "Umbrellas are half the price.\n\nThat goes on until 31 October 2025.",
    );
    write(
        "en/dated.md",
        "valid_until: 2027-10-31",
        "Gloves were blue in 2024.",
    );
    write("en/history.md", "", "Qimu was founded in 2016.");
    write("zh/旧.md", "", "雨伞半价。\n活动到 2025 年 10 月 31 日。");
    write("zh/双.md", "", "双11 2025 的围巾七折。");
    write(
        "zh/新.md",
        "",
        "手套的颜色在 2027 年换新。订单号如 QM2024110312。",
    );
    assert_eq!(
        shop.told(),
        [
            "not_yet en/later.md:4",
            "stale en/old.md:8",
            "ends_soon en/soon.md:5",
            "expired en/spring.md:4",
            "stale zh/双.md:6",
            "stale zh/旧.md:7",
        ]
    );
}

#[test]
fn links_that_lead_nowhere_are_told() {
    let mut shop = Shop::new();
    let good = "See [b](b), [b](b.md), [其他](../zh/other.md#第一-步), [b](article:b#more), [here](#here), [m](mailto:a@b.c).";
    shop.write(
        "en/a.md",
        "title: A page",
        &format!("{good}\n\n## Here\nAnd [shop](https://shop.example)."),
    );
    shop.write(
        "en/b.md",
        "title: B page",
        "Hats.\n\n## More!\nCaps and ![hat](hat.png) and [home](/).",
    );
    std::fs::write(shop.folder.path().join("articles/en/hat.png"), b"png").unwrap();
    shop.write(
        "zh/other.md",
        "title: 其他",
        "帽子。\n\n## 第一 步？\n围巾。\n\n见[甲](没有)。",
    );
    let bad = [
        "[x](gone)",
        "[x](gone.md)",
        "[x](../zh/gone.md)",
        "[x](article:gone)",
        "[x](b#gone)",
        "[x]()",
        "[x](#gone)",
    ];
    shop.write("en/z.md", "title: Bad ones", &bad.join("\n"));
    let lines = (5..12).map(|line| format!("broken_link en/z.md:{line}"));
    let mut wanted: Vec<String> = lines.chain(["broken_link zh/other.md:10".to_owned()]).collect();
    assert_eq!(shop.told(), wanted);
    shop.links = true;
    wanted.insert(0, "external_link en/a.md:8".to_owned());
    assert_eq!(shop.told(), wanted);
}

#[test]
fn what_one_language_lacks_is_told_where_the_shop_speaks_both() {
    let shop = Shop::new();
    let long =
        "Felt.\n\n## Care\nBrush it.\n\n## Sizes\nMeasure it.\n\n## Colours\nRed.\n\n## Shops\nIn town.";
    shop.write("en/hats.md", "title: Hats", long);
    shop.write("zh/hats.md", "title: 帽子", "毛毡。");
    shop.write(
        "en/scarves.md",
        "title: Scarves\ntranslations: {zh: weijin}",
        "Wool.",
    );
    shop.write("zh/weijin.md", "title: 围巾", "羊毛。");
    shop.write("en/gloves.md", "title: Gloves", "Leather.");
    shop.write("zh/雨伞.md", "title: 雨伞", "黑色。");
    let told: Vec<String> = shop.findings(true).iter().map(short).collect();
    assert_eq!(
        told,
        [
            "missing_translation en/gloves.md:2",
            "uneven_translation zh/hats.md:5 en/hats.md:5",
            "missing_translation zh/雨伞.md:2",
        ]
    );
    assert_eq!(shop.told(), [""; 0]);
}

#[test]
fn questions_and_answers_that_miss_each_other_are_told() {
    let shop = Shop::new();
    shop.write(
        "en/a.md",
        "title: Hats\nquestions:\n  - Do you sell hats\n  - How do I wash a hat",
        "Hats are washed by hand.",
    );
    shop.write(
        "en/b.md",
        "title: Caps\nquestions:\n  - How do I wash a hat?",
        "Caps too.",
    );
    shop.write("zh/a.md", "title: 帽子\nquestions: [帽子怎么洗]", "手洗帽子。");
    shop.ask("帽子怎么洗？,帽子用冷水轻轻手洗。\n");
    shop.write(
        "en/long.md",
        "title: Felting",
        &format!("Felt{}.", " and wool".repeat(60)),
    );
    shop.write(
        "en/fits.md",
        "title: Knitting",
        &format!("Knit{}. {}.", " and purl".repeat(50), "Then rest".repeat(2)),
    );
    assert_eq!(
        shop.told(),
        [
            "shared_question en/b.md:5 en/a.md:6",
            "too_long_answer en/long.md:5",
            "shared_question faq/all.csv:2 zh/a.md:4",
        ]
    );
}

#[test]
fn an_article_that_others_hide_is_told_with_the_winner() {
    let shop = Shop::new();
    for name in ["one", "two", "three", "four", "five"] {
        let front = format!("title: Sun hat\nquestions: [sun hat for the beach number {name}]");
        shop.write(
            &format!("en/{name}.md"),
            &front,
            &format!("A sun hat for the beach, beach hat {name}, keeps off the sun."),
        );
    }
    shop.write("en/lost.md", "title: Sun hat", "See the leaflet.");
    let found = shop.findings(false);
    let told: Vec<String> = found.iter().map(short).collect();
    assert_eq!(told.len(), 1, "{found:#?}");
    assert!(told[0].starts_with("unreachable en/lost.md:3 en/"), "{told:?}");
}

#[test]
fn nothing_worse_than_information_is_shipped() {
    let found = of_folder(&root().join("knowledge_base"), true, date(2026, 11, 23), false);
    let worse: Vec<&Finding> = found.iter().filter(|f| f.level != Level::Info).collect();
    assert!(worse.is_empty(), "{worse:#?}");
    let known = ["missing_translation", "uneven_translation"];
    assert!(found.iter().all(|f| known.contains(&f.code)), "{found:#?}");
}

/// What the command answers for a knowledge base: its exit code and its one object.
fn command(folder: &Path) -> (i32, serde_json::Value) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_xiaoer"))
        .args([
            "kb",
            "check",
            "--json",
            "--models",
            "/nowhere",
            "--knowledge-base",
        ])
        .arg(folder)
        .output()
        .unwrap();
    let object = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), object)
}

#[test]
fn only_what_cannot_be_read_makes_the_command_fail() {
    let folder = tempfile::tempdir().unwrap();
    crate::support::copy_folder(&root().join("knowledge_base"), folder.path());
    let article = folder.path().join("articles/en/new.md");
    std::fs::write(&article, "---\nid: new\ntitle: New hats\n---\nSee [x](gone).\n").unwrap();
    let (code, object) = command(folder.path());
    assert_eq!((code, &object["errors"]), (0, &0.into()));
    let found = object["findings"].as_array().unwrap();
    let broken = found.iter().find(|f| f["code"] == "broken_link").unwrap();
    assert_eq!(
        (&broken["file"], &broken["line"]),
        (&"articles/en/new.md".into(), &5.into())
    );
    std::fs::write(folder.path().join("articles/en/bad.md"), "no front matter").unwrap();
    let (code, object) = command(folder.path());
    assert_eq!((code, &object["errors"]), (1, &1.into()));
    let found = object["findings"].as_array().unwrap();
    assert!(
        found.iter().any(|f| f["code"] == "broken_link"),
        "the rest is checked all the same"
    );
}
