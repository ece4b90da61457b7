//! What a shop calls things: read by its map, looked over by `doctor` and `check`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xiaoer::bot::{Bot, OrderState, Severity, ShopMap};
use xiaoer::commerce::{Connector, ProductQuery, Samples};
use xiaoer::conversation::Lang;

use super::{Act, Scripted, connector, letter, rule, sample};
use crate::support::{copy_folder, root};

const FOREIGN: &str = "
map:
  answers: { order: /data, orders: /data/list, products: /data/rows, customer: /data/user, coupon: '' }
  order:
    order_no: /orderId
    customer_id: /buyer/id
    phone_tail: /receiver/phoneTail
    state: /status
    placed_on: /createdAt
    items: /lines
    total: /payment/amount
    tracking_no: /parcels/0/no
    scans: /parcels/0/traces
  item: { sku: /goods/code, count: /num }
  scan: { at: /time, zh: /desc }
  customer: { customer_id: /uid, phone: /mobile }
  product: { sku: /code, name_zh: /title, stock: /available, colours: /options/colours }
  states: { WAIT_SEND: paid, '9': shipped }
";

#[tokio::test]
async fn a_shop_that_calls_things_otherwise_is_read_by_its_map() {
    let shop = Scripted::default();
    let http = connector(&rule(&format!("url: '{}'{FOREIGN}", shop.open().await))).await;
    let order = json!({
        "orderId": 20_261_122_001_u64, "buyer": { "id": "U7" }, "receiver": { "phoneTail": "8421" },
        "status": "WAIT_SEND", "createdAt": "2026-11-22T18:30:00Z",
        "lines": [{ "goods": { "code": "K-1" }, "num": "2" }, { "goods": { "code": "K-2" } }],
        "payment": { "amount": "268.50" },
        "parcels": [{ "no": "SF1", "traces": [{ "time": "2026-11-23 08:00", "desc": "已揽收;杭州|余杭" }] }],
    });
    shop.plan([Act::Says(200, json!({ "code": 0, "data": order }))]);
    let read = http.order("20261122001").await.unwrap().unwrap();
    assert_eq!(
        (&*read.order_no, &*read.customer_id, &*read.phone_tail),
        ("20261122001", "U7", "8421")
    );
    assert_eq!(
        (read.state, &*read.placed_on),
        (OrderState::Paid, "2026-11-23"),
        "a moment is a day where the shop is"
    );
    assert_eq!(read.items().collect::<Vec<_>>(), [("K-1", 2), ("K-2", 1)]);
    assert_eq!((read.total, &*read.tracking_no), (268.5, "SF1"));
    let scans: Vec<_> = read.scans(Lang::En).collect();
    assert_eq!(
        scans,
        [("2026-11-23 08:00", "已揽收；杭州｜余杭")],
        "the shop's own words, in one piece"
    );
    // A row that cannot be read, or is somebody else's, is left out.
    let list = json!([{ "orderId": "A", "status": 9, "buyer": { "id": "U7" } }, { "orderId": "B" },
        { "orderId": "C", "status": 9, "buyer": { "id": "U8" } }]);
    shop.plan([Act::Says(200, json!({ "data": { "list": list } }))]);
    let orders = http.orders_of("U7", 5).await.unwrap();
    assert_eq!(
        orders.iter().map(|o| (&*o.order_no, o.state)).collect::<Vec<_>>(),
        [("A", OrderState::Shipped)]
    );
    shop.plan([Act::Says(
        200,
        json!({ "data": { "user": { "uid": "U7", "mobile": 19_000_008_421_u64 } } }),
    )]);
    assert_eq!(http.customer("U7").await.unwrap().unwrap().phone, "19000008421");
    let rows = json!([{ "code": "K-1", "title": "壶", "price": "99", "available": true, "options": { "colours": ["红", { "zh": "蓝", "en": "Blue" }] } }]);
    shop.plan([Act::Says(200, json!({ "data": { "rows": rows } }))]);
    let products = http.products(&ProductQuery::default()).await.unwrap();
    assert_eq!(
        (&*products[0].name_en, products[0].stock, &*products[0].colours),
        ("壶", 1, "红/蓝|Blue")
    );
    let coupon = json!({ "code": "new20", "title_zh": "新人", "valid_from": "2026-11-01", "valid_until": 1_795_395_600_000_i64, "used": true });
    shop.plan([Act::Says(200, coupon)]);
    let coupon = http.coupon("NEW20").await.unwrap().unwrap();
    assert_eq!((&*coupon.code, &*coupon.used), ("NEW20", "yes"));
    assert_eq!(coupon.valid_until.to_string(), "2026-11-23");
}

#[tokio::test]
async fn doctor_says_what_the_answers_lack() {
    let (url, _folder) = sample().await;
    let samples = Samples {
        letter: None,
        order_no: Some("QM2026112240".to_owned()),
        coupon: Some("NEW20".to_owned()),
        customer: None,
    };
    let probed = connector(&rule(&format!("{{ url: '{url}' }}")))
        .await
        .probe(&samples)
        .await;
    assert_eq!(probed.len(), 5);
    assert!(probed.iter().all(|p| p.works), "{probed:#?}");
    let lacks = |answer: usize| {
        probed[answer]
            .text
            .split_once("not there: ")
            .map_or("", |(_, lacks)| lacks)
    };
    assert_eq!((lacks(0), lacks(2), lacks(4)), ("", "", ""));
    let wrong = rule(&format!(
        "{{ url: '{url}', map: {{ order: {{ state: /stat }}, product: {{ price: /cost }} }} }}"
    ));
    let probed = connector(&wrong).await.probe(&samples).await;
    assert!(
        !probed[0].works && probed[0].text.contains("state (needed) at /stat"),
        "{probed:#?}"
    );
    assert!(
        !probed[3].works && probed[3].text.contains("price (needed) at /cost"),
        "{probed:#?}"
    );
    let letters = connector(&rule(&format!("{{ url: '{url}', transcript: true }}"))).await;
    let probed = letters.probe(&samples).await;
    assert!(
        probed[5].works && !probed[5].whole && probed[5].text.contains("--mail"),
        "{probed:#?}"
    );
    let letter = Some(letter("doctor-1", "lin@shop.example"));
    let probed = letters.probe(&Samples { letter, ..samples }).await;
    assert!(probed[5].works && probed[5].whole, "{probed:#?}");
    let probed = connector(&rule(&format!("{{ url: '{url}/elsewhere' }}")))
        .await
        .probe(&Samples::default())
        .await;
    assert!(
        probed.iter().all(|p| p.works && !p.whole),
        "404 is no failure, and nothing was looked over"
    );
}

/// The problems of the shipped folder with a `connector:` of its own, as they are printed.
fn problems(connector: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("knowledge_base"), folder.path());
    let file = folder.path().join("shop.yaml");
    let shop = std::fs::read_to_string(&file).unwrap();
    let line = shop.lines().count();
    std::fs::write(&file, format!("{shop}{connector}")).unwrap();
    let (_, problems) = Bot::load(folder.path());
    let told = problems.iter().filter(|p| p.file.ends_with("shop.yaml"));
    told.map(|p| {
        assert_eq!(p.severity == Severity::Warning, p.code == "plain_http");
        p.to_string().replacen(
            &format!(":{}:", p.line),
            &format!(":+{}:", p.line.saturating_sub(line)),
            1,
        )
    })
    .collect()
}

#[test]
fn check_tells_what_is_wrong_with_a_connector() {
    let cases = [
        (
            "connector:\n  url: shop.example\n",
            "shop.yaml:+2: error[bad_url] url `shop.example`: it ",
        ),
        (
            "connector:\n  url: ftp://shop.example\n",
            "shop.yaml:+2: error[bad_url]",
        ),
        (
            "connector:\n  url: https://me:pw@shop.example\n",
            "shop.yaml:+2: error[bad_url]",
        ),
        (
            "connector:\n  url: https://shop.example/?a=1\n",
            "shop.yaml:+2: error[bad_url]",
        ),
        (
            "connector:\n  url: http://shop.example\n",
            "shop.yaml:+2: warning[plain_http]",
        ),
        (
            "connector:\n  url: https://shop.example\n  deadline_ms: 5\n",
            "shop.yaml:+3: error[bad_deadline]",
        ),
        (
            "connector:\n  url: https://shop.example\n  tokn: x\n",
            "shop.yaml:+3: error[bad_yaml] ",
        ),
        ("connector:\n  deadline_ms: 500\n", "error[bad_yaml] "),
        (
            "connector:\n  url: https://shop.example\n  map:\n    order:\n      state: /a\n      ordr_no: /b\n",
            "shop.yaml:+6: error[unknown_field] `order` has no field `ordr_no`; it has order_no, ",
        ),
        (
            "connector:\n  url: https://shop.example\n  map:\n    product: { sku: code }\n",
            "shop.yaml:+4: error[bad_pointer] pointer `code` of product.sku does not begin with `/`",
        ),
        (
            "connector:\n  url: https://shop.example\n  map:\n    coupon:\n      off: /a~b\n",
            "shop.yaml:+5: error[bad_pointer]",
        ),
        (
            "connector:\n  url: https://shop.example\n  map:\n    states:\n      A: paid\n      B: payed\n",
            "shop.yaml:+6: error[unknown_state] state `payed` for `B`; use one of unpaid, paid",
        ),
    ];
    for (connector, wanted) in cases {
        let problems = problems(connector);
        assert!(
            problems.len() == 1 && problems[0].contains(wanted),
            "{connector}: {problems:#?}"
        );
    }
    assert_eq!(
        problems(&format!(
            "connector:\n  url: https://shop.example\n{}",
            FOREIGN
                .trim_start()
                .replace('\n', "\n  ")
                .replacen("map:", "  map:", 1)
        )),
        [""; 0]
    );
}

/// Every YAML block of the page that tells of the connector.
fn blocks(page: &str) -> impl Iterator<Item = &str> {
    let parts = page.split("```yaml\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap())
}

#[test]
fn the_page_and_the_published_api_are_what_is_read() {
    let page = std::fs::read_to_string(root().join("docs/shop_connector.md")).unwrap();
    for block in blocks(&page) {
        assert_eq!(problems(block), [""; 0], "{block}");
    }
    assert_eq!(blocks(&page).count(), 2);
    let api = std::fs::read_to_string(root().join("docs/shop_api.yaml")).unwrap();
    let api: Value = serde_saphyr::from_str(&api).unwrap();
    let schemas = &api["components"]["schemas"];
    let named = |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    for (group, schema) in [
        ("order", "Order"),
        ("item", "Item"),
        ("scan", "Scan"),
        ("customer", "Customer"),
        ("product", "Product"),
        ("coupon", "Coupon"),
    ] {
        let map = ShopMap::default();
        let (_, _, fields) = map
            .groups()
            .into_iter()
            .find(|(name, ..)| *name == group)
            .unwrap();
        let fields: BTreeSet<String> = fields.iter().map(ToString::to_string).collect();
        assert_eq!(named(&schemas[schema]["properties"]), fields, "{schema}");
        for field in fields
            .iter()
            .filter(|field| group == "order" && **field != "order_no")
        {
            assert!(page.contains(&format!("`{field}")), "{field} is not on the page");
        }
    }
    let states: Vec<&str> = schemas["State"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(states, OrderState::NAMES);
    let paths = [
        "/coupons/{code}",
        "/customers/{id}",
        "/orders",
        "/orders/{order_no}",
        "/products",
        "/requests",
        "/transcript",
    ];
    assert_eq!(named(&api["paths"]).into_iter().collect::<Vec<_>>(), paths);
    assert_eq!(
        references(&api).into_iter().find(|to| api.pointer(to).is_none()),
        None
    );
}

/// Where every `$ref` leads.
fn references(value: &Value) -> Vec<String> {
    let deeper: Vec<&Value> = match value {
        Value::Object(map) => map.values().collect(),
        Value::Array(list) => list.iter().collect(),
        _ => Vec::new(),
    };
    let own = value["$ref"]
        .as_str()
        .map(|to| to.trim_start_matches('#').to_owned());
    own.into_iter()
        .chain(deeper.into_iter().flat_map(references))
        .collect()
}
