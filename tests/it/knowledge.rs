//! What front matter says is heeded: audience, days, translations, reading on, ranking.

use std::sync::Arc;

use jiff::civil::date;
use xiaoer::bot::{Article, Audience, Handling, Problems, load_articles};
use xiaoer::conversation::Lang;
use xiaoer::knowledge::{Answer, Knowledge, Query};

/// A folder of articles `(path, front matter without id, body)`; the id is the file's stem.
fn shelf(files: &[(&str, &str, &str)]) -> (Vec<Arc<Article>>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    for (path, front, body) in files {
        let file = folder.path().join(path);
        let id = file.file_stem().unwrap().to_str().unwrap().to_owned();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("---\nid: {id}\n{front}\n---\n{body}\n")).unwrap();
    }
    let mut problems = Problems::new(folder.path());
    let articles = load_articles(folder.path(), &mut problems);
    let told = problems.into_sorted().iter().map(ToString::to_string).collect();
    (articles, told)
}

fn ask(articles: &[Arc<Article>], text: &str, change: impl FnOnce(&mut Query<'_>)) -> Answer {
    let mut query = Query {
        text,
        lang: Lang::of_text(text).unwrap(),
        context: None,
        audience: Audience::Public,
        today: date(2026, 11, 25),
    };
    change(&mut query);
    let knowledge = Knowledge::build(articles, &[], None).unwrap();
    knowledge.answer(&query)
}

#[test]
fn agents_alone_read_what_is_written_for_them() {
    let (articles, told) = shelf(&[(
        "en/goodwill.md",
        "title: Goodwill vouchers\naudience: agents",
        "Goodwill vouchers of up to ¥50 need no approval.",
    )]);
    assert_eq!(told, Vec::<String>::new());
    let question = "goodwill vouchers without approval";
    assert!(ask(&articles, question, |_| {}).hits.is_empty());
    let answer = ask(&articles, question, |query| query.audience = Audience::Agents);
    assert_eq!(answer.text, "Goodwill vouchers of up to ¥50 need no approval.");
}

#[test]
fn an_article_holds_from_its_first_day_to_its_last() {
    let (articles, told) = shelf(&[(
        "en/sale.md",
        "title: Winter sale\nvalid_from: 2026-12-01\nvalid_until: 2026-12-24",
        "The winter sale takes 20% off.",
    )]);
    assert_eq!(told, Vec::<String>::new());
    let on = |month, day| {
        let answer = ask(&articles, "winter sale", |query| {
            query.today = date(2026, month, day);
        });
        !answer.hits.is_empty()
    };
    let days = [(11, 30), (12, 1), (12, 24), (12, 25)];
    assert_eq!(
        days.map(|(month, day)| on(month, day)),
        [false, true, true, false]
    );
}

#[test]
fn a_translation_under_another_id_answers_in_the_askers_language() {
    let care = "title: Caring for a 羽绒服 jacket\nquestions: [羽绒服怎么洗]";
    // Whichever of the two names the other, and however many sections they have.
    for (en, zh) in [
        ("\ntranslations: {zh: baoyang}", ""),
        ("", "\ntranslations: {en: care}"),
    ] {
        for body in ["Wash it cold.", "Wash it cold.\n\n## Drying\nSlowly."] {
            let (articles, told) = shelf(&[
                ("en/care.md", &format!("{care}{en}"), body),
                ("zh/baoyang.md", &format!("title: 保养说明{zh}"), "冷水洗。"),
            ]);
            assert_eq!(told, Vec::<String>::new());
            let answer = ask(&articles, "羽绒服怎么洗", |_| {});
            assert_eq!((answer.text.as_str(), answer.lang), ("冷水洗。", Lang::Zh));
        }
    }
}

#[test]
fn a_translation_that_may_not_be_read_is_not_answered_from() {
    let (articles, _) = shelf(&[
        (
            "en/care.md",
            "title: Caring for a 羽绒服 jacket\nquestions: [羽绒服怎么洗]",
            "Wash it cold.",
        ),
        ("zh/care.md", "title: 保养说明\naudience: agents", "冷水洗。"),
    ]);
    let answer = ask(&articles, "羽绒服怎么洗", |_| {});
    assert_eq!((answer.text.as_str(), answer.lang), ("Wash it cold.", Lang::En));
}

#[test]
fn related_articles_are_named_with_an_answer() {
    let (articles, _) = shelf(&[
        (
            "en/sizes.md",
            "title: Shoe sizes\nrelated: [exchange, gone]",
            "They run small.",
        ),
        ("en/exchange.md", "title: How to exchange", "Within 7 days."),
    ]);
    let answer = ask(&articles, "shoe sizes", |_| {});
    let named: Vec<_> = answer.related.iter().map(|l| (&*l.id, &*l.title)).collect();
    assert_eq!(named, [("exchange", "How to exchange")]);
}

#[test]
fn a_pinned_article_answers_its_own_questions_before_a_better_ranked_one() {
    let body = "Voucher code rejected? A voucher code is rejected when it has expired.";
    let files = |pinned: &'static str| {
        let front = format!("title: Checkout problems\n{pinned}questions: [why is my voucher code rejected]");
        shelf(&[
            ("en/rejected.md", "title: Voucher code rejected\nboost: 10", body),
            ("en/checkout.md", &front, "Type the code without blanks."),
        ])
    };
    let ask = |pinned, text| {
        let answer = ask(&files(pinned).0, text, |_| {});
        (answer.curated, answer.citation.unwrap().article)
    };
    let question = "why is my voucher code rejected?";
    assert_eq!(ask("", question), (false, "rejected".to_owned()));
    assert_eq!(ask("pinned: true\n", question), (true, "checkout".to_owned()));
    assert_eq!(
        ask("pinned: true\n", "voucher code expired"),
        (false, "rejected".to_owned())
    );
}

#[test]
fn a_page_leads_to_the_articles_it_links_to() {
    let (articles, _) = shelf(&[
        (
            "en/a.md",
            "title: A",
            "See [one](article:b), [two](sub/c.md#top), [three](../zh/b.md), [four](b), [five](gone.md) \
             and [six](https://shop.example/x).",
        ),
        ("en/b.md", "title: B", "Text."),
        ("zh/b.md", "title: 乙", "文字。"),
        ("en/sub/c.md", "title: C", "Text."),
        ("en/secret.md", "title: Secret\naudience: agents", "Text."),
    ]);
    let knowledge = Knowledge::build(&articles, &[], None).unwrap();
    let page = |id: &str| knowledge.page(Lang::En, id, date(2026, 11, 25));
    let html = page("a").unwrap().html;
    let addresses: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let wanted = [
        "/articles/en/b",
        "/articles/en/c",
        "/articles/zh/b",
        "/articles/en/b",
        "gone.md",
        "https://shop.example/x",
    ];
    assert_eq!(addresses, wanted);
    assert_eq!(page("b").unwrap().other.unwrap().title, "乙");
    assert!(page("secret").is_none() && page("nothing").is_none());
}

#[test]
fn a_boost_decides_between_equals() {
    let best = |boosts: [f32; 2]| {
        let articles = [("a", boosts[0]), ("b", boosts[1])].map(|(id, boost)| {
            Arc::new(Article {
                id: id.to_owned(),
                title: "Gift wrap".to_owned(),
                lang: Lang::En,
                tags: Vec::new(),
                questions: Vec::new(),
                handling: Handling {
                    boost,
                    ..Handling::default()
                },
                body: "Gift wrap costs ¥5.".to_owned(),
                file: "a.md".into(),
                body_line: 1,
                source: 0,
            })
        });
        ask(&articles, "gift wrap", |_| {}).hits[0].article.clone()
    };
    assert_eq!([best([2.0, 1.0]), best([1.0, 2.0])], ["a", "b"]);
}

#[test]
fn wrong_front_matter_is_named_by_file_and_line() {
    let wrong = |front: &str| {
        let (articles, told) = shelf(&[("en/a.md", front, "Text.")]);
        assert!(articles.is_empty() && told.len() == 1, "{told:?}");
        told[0].clone()
    };
    let turned = wrong("title: A\nvalid_from: 2026-12-02\nvalid_until: 2026-12-01");
    assert!(
        turned.contains("en/a.md:5") && turned.contains("bad_dates"),
        "{turned}"
    );
    let boosted = wrong("title: A\nboost: 40");
    assert!(
        boosted.contains("en/a.md:4") && boosted.contains("bad_boost"),
        "{boosted}"
    );
    for front in [
        "title: A\naudience: everybody",
        "title: A\nvalid_from: soon",
        "title: A\ncolour: red",
    ] {
        assert!(wrong(front).contains("bad_front_matter"), "{front}");
    }
}
