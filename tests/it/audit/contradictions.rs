//! Numbers that differ: told where they are of the same thing, and not where they are of two.

use jiff::civil::date;

use super::{Shop, of_folder, short};
use crate::support::root;

/// A language, two titles and two texts.
type Case = (&'static str, [&'static str; 2], [&'static str; 2]);

/// What is told of two sentences in two articles `a` and `b` of one language.
fn against(lang: &str, titles: [&str; 2], sentences: [&str; 2]) -> Vec<String> {
    let shop = Shop::new();
    for (id, (title, sentence)) in ["a", "b"].iter().zip(titles.iter().zip(sentences)) {
        shop.write(&format!("{lang}/{id}.md"), &format!("title: {title}"), sentence);
    }
    shop.told()
}

/// Two numbers for one thing.
const SAME: [Case; 10] = [
    (
        "en",
        ["Returns", "Gifts"],
        [
            "Unused items can be returned within 7 days of delivery.",
            "Gifts are fine; items can be returned within 10 days after delivery.",
        ],
    ),
    (
        "en",
        ["Refunds", "Money back"],
        [
            "The warehouse checks a return within 48 hours.",
            "A return is checked by the warehouse within three days, we promise.",
        ],
    ),
    (
        "en",
        ["Shipping", "Postage"],
        [
            "Shipping is free from ¥99.",
            "Shipping is free from 89 yuan, wherever you live.",
        ],
    ),
    (
        "en",
        ["Contact", "Help"],
        [
            "Phone our service on 400-000-1688.",
            "Our service has a phone: 400-000-1689.",
        ],
    ),
    (
        "en",
        ["Hours", "Visit us"],
        [
            "The showroom is open 10:00–22:00.",
            "Come by: the showroom is open from 9 am to 10 pm.",
        ],
    ),
    (
        "zh",
        ["退货", "礼物"],
        [
            "签收后七天内可以无理由退货。",
            "礼物一样，签收后 10 天内可以无理由退货。",
        ],
    ),
    (
        "zh",
        ["运费", "邮费"],
        ["中国大陆满 99 元包邮。", "邮费不用担心，大陆满 ¥89 包邮。"],
    ),
    (
        "zh",
        ["会员", "生日"],
        ["木枝会员生日有 95 折。", "祝您快乐，木枝会员生日享 10% 的优惠。"],
    ),
    (
        "zh",
        ["客服", "营业"],
        [
            "人工客服每天 9:00–22:00 在线。",
            "欢迎来聊，人工客服每天 10 点到 22 点在线。",
        ],
    ),
    (
        "zh",
        ["验收", "退款"],
        [
            "仓库收到后 48 小时内验收。",
            "退回来的东西，仓库收到后三天内验收。",
        ],
    ),
];

#[test]
fn other_numbers_for_the_same_thing_contradict() {
    for (lang, titles, sentences) in SAME {
        let told = against(lang, titles, sentences);
        let wanted = [
            format!("contradiction {lang}/a.md:5 {lang}/b.md:5"),
            format!("contradiction {lang}/b.md:5 {lang}/a.md:5"),
        ];
        assert!(
            told.len() == 1 && wanted.contains(&told[0]),
            "{sentences:?}: {told:?}"
        );
    }
}

/// Numbers of two things, or two ways to write one number.
const OTHER: [Case; 16] = [
    (
        "en",
        ["Repairing a jacket", "Repairing a tent"],
        [
            "What is repaired is sent back within 5 working days.",
            "What is repaired is sent back within 9 working days.",
        ],
    ),
    (
        "en",
        ["Returns", "Deliveries"],
        [
            "Unused items can be returned within 7 days.",
            "Parcels for islands are delivered within 10 days.",
        ],
    ),
    (
        "en",
        ["Returns", "Faults"],
        [
            "Unused items can be returned within 7 days of delivery.",
            "Faulty items can be returned within 15 days of delivery.",
        ],
    ),
    (
        "en",
        ["Standard", "Express"],
        ["Standard delivery takes 3 days.", "Express delivery takes 1 day."],
    ),
    (
        "en",
        ["Lamps", "Chairs"],
        [
            "The warranty of a lamp is 2 years.",
            "The warranty of a chair is 3 years.",
        ],
    ),
    (
        "en",
        ["Gold", "Silver"],
        ["Gold members get 10% off.", "Silver members get 5% off."],
    ),
    (
        "en",
        ["Japan", "Canada"],
        ["Shipping to Japan costs ¥68.", "Shipping to Canada costs ¥128."],
    ),
    (
        "en",
        ["Sales", "Repairs"],
        [
            "Call our sales on 400-111-2222.",
            "Call our repairs on 400-333-4444.",
        ],
    ),
    (
        "en",
        ["Checks", "Returns"],
        [
            "A return is checked within 48 hours.",
            "A return is checked within 2 days of arrival.",
        ],
    ),
    (
        "en",
        ["Returns", "Levels"],
        [
            "Items can be returned within 7 days.",
            "Items can be returned within 7 days; Crown members return items within 30 days.",
        ],
    ),
    (
        "zh",
        ["退货", "送货"],
        ["签收后 7 天内可以退货。", "海岛的包裹 10 天内送达。"],
    ),
    (
        "zh",
        ["普通会员", "金卡会员"],
        ["普通会员 7 天内可以退货。", "金卡会员 30 天内可以退货。"],
    ),
    ("zh", ["台灯", "椅子"], ["台灯保修 2 年。", "椅子保修 3 年。"]),
    (
        "zh",
        ["日本", "加拿大"],
        ["寄到日本运费 68 元。", "寄到加拿大运费 128 元。"],
    ),
    (
        "zh",
        ["验收", "退货"],
        ["仓库 48 小时内验收退货。", "仓库收到退货后两天内验收。"],
    ),
    (
        "zh",
        ["保修", "耳机"],
        ["耳机保修 1 年。", "耳机保修十二个月，进水除外。"],
    ),
];

#[test]
fn other_numbers_for_other_things_do_not() {
    for (lang, titles, sentences) in OTHER {
        assert_eq!(against(lang, titles, sentences), [""; 0], "{sentences:?}");
    }
    // A form filled in for many things is no contradiction.
    let shop = Shop::new();
    for (name, years) in [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)] {
        shop.write(
            &format!("en/{name}.md"),
            &format!("title: Model {name}"),
            &format!("The warranty of this model is {years} years."),
        );
    }
    let told = shop.told();
    assert!(
        !told.iter().any(|told| told.starts_with("contradiction")),
        "{told:?}"
    );
}

/// What is told of a Chinese text and its English.
fn translated(zh: &str, en: &str) -> Vec<String> {
    let shop = Shop::new();
    shop.write("zh/a.md", "title: 说明", zh);
    shop.write("en/a.md", "title: Notes", en);
    shop.told()
}

#[test]
fn a_translation_that_says_another_number_contradicts() {
    for (zh, en) in [
        (
            "签收后 7 天内可以无理由退货。",
            "You can return things without a reason within 10 days of delivery.",
        ),
        (
            "满 99 元包邮，偏远地区满 199 元。",
            "Shipping is free from ¥89, in remote areas from ¥199.",
        ),
        (
            "人工客服每天 9:00–22:00 在线。",
            "People answer every day from 9:00 to 21:00.",
        ),
        ("电话 400-000-1688", "Phone 400-000-1689."),
        (
            "支付宝退款 1–3 个工作日到账。",
            "Alipay refunds take 2–4 working days.",
        ),
    ] {
        assert_eq!(
            translated(zh, en),
            ["contradiction en/a.md:5 zh/a.md:5"],
            "{zh} {en}"
        );
    }
    for (zh, en) in [
        (
            "签收后七天内可以无理由退货，木冠会员 30 天。",
            "You can return things within a 7-day window; Crown members have 30.",
        ),
        (
            "签收后 7 天内可以退货。退款 3 个工作日到账。",
            "You can return things within 7 days. The warranty is 2 years.",
        ),
        ("普通快递 3 天送达。", "Express delivery takes 1 day."),
        (
            "两周内可以退货，48 小时内验收，保修一年。",
            "Return it within 14 days; checks take two days, the warranty 12 months.",
        ),
    ] {
        assert_eq!(translated(zh, en), [""; 0], "{zh} {en}");
    }
}

#[test]
fn articles_that_never_hold_together_are_not_compared() {
    let shop = Shop::new();
    let text =
        "In the sale every order over the limit has 20% off and comes with free shipping to all provinces.";
    shop.write(
        "en/a.md",
        "title: This year's sale\nvalid_from: 2026-11-01\nvalid_until: 2026-12-31",
        text,
    );
    shop.write(
        "en/b.md",
        "title: Next year's sale\nvalid_from: 2027-01-01",
        &text.replace("20%", "30%"),
    );
    assert_eq!(shop.told(), ["not_yet en/b.md:4"]);
}

#[test]
fn a_changed_number_in_a_shipped_article_is_told() {
    for (file, from, to) in [
        ("zh/return-window.md", "15 天", "20 天"),
        ("zh/price-protection.md", "15 天", "10 天"),
        ("zh/instalments.md", "600 元", "500 元"),
        ("en/invoice.md", "24 hours", "48 hours"),
        ("en/opening-hours.md", "22:00", "21:00"),
        ("en/opening-hours.md", "400-000-1688", "400-000-1689"),
        ("en/gift-wrap.md", "¥12", "¥15"),
        ("en/delivery-time.md", "1–2 days", "1–3 days"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        crate::support::copy_folder(
            &root().join("knowledge_base/articles"),
            &folder.path().join("articles"),
        );
        let path = folder.path().join("articles").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let found = of_folder(folder.path(), true, date(2026, 11, 23), false);
        let told: Vec<String> = found
            .iter()
            .filter(|f| f.code == "contradiction")
            .map(short)
            .collect();
        assert!(
            !told.is_empty() && told.iter().all(|told| told.contains(file)),
            "{file} {to}: {told:?}"
        );
    }
}
