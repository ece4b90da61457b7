//! Accounts over HTTP and from the command line: roles refuse what they must, and the audit tells.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use xiaoer::console::hash_password;
use xiaoer::store::{Account, Role, Sqlite};

use crate::console::cookie;
use crate::support::{PASSWORD, Peer, Setup, TestServer, ask};

/// A server whose folder has an admin and a supervisor beside the agents of every test server.
struct House {
    server: TestServer,
    folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path()).await.unwrap();
        let accounts = store.accounts().await.unwrap();
        let hash = hash_password(PASSWORD).unwrap();
        let boss = Account::new("boss", "店长", &hash).with_role(Role::Admin);
        accounts.put(&boss).await.unwrap();
        let wei = Account::new("wei", "Wei", hash).with_role(Role::Supervisor);
        accounts.put(&wei).await.unwrap();
        drop((accounts, store));
        Self {
            server: Setup::default().start_in(folder.path()).await,
            folder,
        }
    }

    /// Logs in and answers the cookie.
    async fn log_in(&self, account: &str) -> String {
        cookie(&self.server, account).await
    }

    async fn try_login(&self, account: &str, password: &str, header: Option<(&str, &str)>) -> Answer {
        let form = json!({"account": account, "password": password});
        let json = ("content-type", "application/json");
        let headers: Vec<_> = [json].into_iter().chain(header).collect();
        self.send("POST /console/api/login", &headers, &form.to_string())
            .await
    }

    async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.send(&format!("GET {path}"), &[("cookie", cookie)], "").await
    }

    async fn put(&self, cookie: &str, account: &str, change: Value) -> Answer {
        let line = format!("PUT /console/api/accounts/{account}");
        self.send(&line, &[("cookie", cookie)], &change.to_string()).await
    }

    async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let answer = ask(&self.server, line, headers, body.as_bytes()).await;
        Answer {
            status: answer.status,
            body: answer.json(),
            head: answer.head,
        }
    }
}

/// An answer of the console, its body read.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Answer {
    /// The status with the code of the refusal.
    fn refused(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

#[tokio::test]
async fn each_role_may_what_it_may_and_no_more() {
    let house = House::open().await;
    let (list, audit) = ("/console/api/accounts", "/console/api/audit");
    for path in [list, audit] {
        assert_eq!(house.get("x=y", path).await.refused(), (401, "auth_required"));
    }
    let nobody = house
        .put("xiaoer_console=0", "lin", json!({"role": "admin"}))
        .await;
    assert_eq!(nobody.refused(), (401, "auth_required"));

    let (lin, wei, boss) = (
        house.log_in("lin").await,
        house.log_in("wei").await,
        house.log_in("boss").await,
    );
    for (cookie, role, may_list, may_change) in [
        (&lin, "agent", false, false),
        (&wei, "supervisor", true, false),
        (&boss, "admin", true, true),
    ] {
        let me = house.get(cookie, "/console/api/me").await.body;
        assert_eq!(me["role"], role, "{me}");
        let expected = |may: bool| if may { (200, "") } else { (403, "not_allowed") };
        assert_eq!(
            house.get(cookie, list).await.refused(),
            expected(may_list),
            "{role}"
        );
        assert_eq!(
            house.get(cookie, audit).await.refused(),
            expected(may_change),
            "{role}"
        );
        let change = house.put(cookie, "may", json!({"capacity": 7})).await;
        assert_eq!(change.refused(), expected(may_change), "{role}");
    }
    let answer = house.get(&wei, list).await;
    let may = json!({
        "account": "may", "name": "May", "role": "agent", "teams": [], "langs": [], "capacity": 7, "active": true,
    });
    let all = answer.body["accounts"].as_array().unwrap();
    assert_eq!(all.len(), 4);
    assert!(
        all.contains(&may) && !answer.body.to_string().contains("argon2"),
        "{all:?}"
    );

    // Another role counts at once, without another login.
    house.put(&boss, "wei", json!({"role": "agent"})).await;
    assert_eq!(house.get(&wei, list).await.refused(), (403, "not_allowed"));
}

#[tokio::test]
async fn an_account_is_created_and_changed() {
    let house = House::open().await;
    let boss = house.log_in("boss").await;
    let new =
        json!({"name": " 小王 ", "password": "long enough 1", "teams": ["vip", "vip"], "langs": ["zh"]});
    let made = house.put(&boss, "wang", new).await;
    assert_eq!(made.status, 201, "{made:?}");
    let expected = json!({
        "account": "wang", "name": "小王", "role": "agent", "teams": ["vip"], "langs": ["zh"], "capacity": 5,
        "active": true,
    });
    assert_eq!(made.body, expected);
    assert_eq!(house.try_login("wang", "long enough 1", None).await.status, 200);
    let changed = house
        .put(
            &boss,
            "wang",
            json!({"role": "supervisor", "password": "long enough 2"}),
        )
        .await;
    assert_eq!(
        (changed.status, &changed.body["role"]),
        (200, &json!("supervisor"))
    );
    assert_eq!(house.try_login("wang", "long enough 1", None).await.status, 401);
    assert_eq!(house.try_login("wang", "long enough 2", None).await.status, 200);

    for (account, change, field) in [
        ("w", json!({}), "account"),
        ("Wang", json!({}), "account"),
        ("li", json!({"password": "long enough 1"}), "name"),
        ("li", json!({"name": "Li"}), "password"),
        ("wang", json!({"password": "short"}), "password"),
        ("wang", json!({"capacity": 51}), "capacity"),
        ("wang", json!({"role": "root"}), "role"),
        ("wang", json!({"colour": "red"}), "colour"),
    ] {
        let refused = house.put(&boss, account, change.clone()).await;
        assert_eq!(refused.refused(), (422, "bad_field"), "{change}");
        assert_eq!(refused.body["field"], field, "{change}");
    }
    assert_eq!(
        house.put(&boss, "wang", json!([1])).await.refused(),
        (400, "bad_json")
    );
    let page = house.get(&boss, "/console/api/audit?before=x").await;
    assert_eq!(
        (page.refused(), &page.body["field"]),
        ((422, "bad_field"), &json!("before"))
    );
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let house = House::open().await;
    let boss = house.log_in("boss").await;
    for change in [json!({"active": false}), json!({"role": "supervisor"})] {
        assert_eq!(
            house.put(&boss, "boss", change).await.refused(),
            (409, "last_admin")
        );
    }
    house.put(&boss, "wei", json!({"role": "admin"})).await;
    assert_eq!(
        house.put(&boss, "boss", json!({"role": "agent"})).await.status,
        200
    );
    assert_eq!(
        house.put(&boss, "boss", json!({"role": "admin"})).await.refused(),
        (403, "not_allowed")
    );
}

#[tokio::test]
async fn who_is_not_active_is_out() {
    let house = House::open().await;
    let (lin, boss) = (house.log_in("lin").await, house.log_in("boss").await);
    let url = house.server.url("/v1/console");
    drop(Peer::connect(&url, &[("cookie", &lin)]).await);
    assert_eq!(
        house.put(&boss, "lin", json!({"active": false})).await.status,
        200
    );
    assert_eq!(
        house.get(&lin, "/console/api/me").await.refused(),
        (401, "auth_required")
    );
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("cookie", lin.parse().unwrap());
    let refused = tokio_tungstenite::connect_async(request).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    let login = house.try_login("lin", PASSWORD, None).await;
    assert_eq!(
        login.refused(),
        (401, "bad_login"),
        "no other words than for a wrong password"
    );
    house.put(&boss, "lin", json!({"active": true})).await;
    assert_eq!(
        house.get(&lin, "/console/api/me").await.status,
        401,
        "the old login is gone"
    );
    house.log_in("lin").await;
}

#[tokio::test]
async fn the_audit_tells_what_was_done() {
    let house = House::open().await;
    let long = "x".repeat(100);
    house.try_login(&long, "my secret password", None).await;
    let lin = house.log_in("lin").await;
    for _ in 0..2 {
        house
            .send("POST /console/api/logout", &[("cookie", &lin)], "")
            .await;
    }
    let boss = house.log_in("boss").await;
    let change = json!({"role": "supervisor", "teams": ["vip"], "password": "another secret"});
    house.put(&boss, "lin", change).await;
    house.put(&boss, "lin", json!({"role": "supervisor"})).await;
    house
        .put(&boss, "li", json!({"name": "Li", "password": "another secret"}))
        .await;
    house.put(&boss, "lin", json!({"active": false})).await;
    house.try_login("lin", "another secret", None).await;

    let answer = house.get(&boss, "/console/api/audit").await;
    assert!(!answer.body.to_string().contains("secret"), "{answer:?}");
    let entries = answer.body["entries"].as_array().unwrap();
    let told: Vec<String> = entries
        .iter()
        .rev()
        .map(|e| {
            ["account", "act", "object", "detail"]
                .map(|field| e[field].as_str().unwrap())
                .join("|")
        })
        .collect();
    let expected = [
        &format!("{}|login_failed||", "x".repeat(64)),
        "lin|login||",
        "lin|logout||",
        "boss|login||",
        "boss|password_changed|lin|",
        "boss|account_changed|lin|role agent → supervisor; teams none → vip",
        "boss|account_changed|lin|nothing",
        "boss|account_created|li|name Li; role agent; teams none; langs all; capacity 5; active yes",
        "boss|account_changed|lin|active yes → no",
        "lin|login_failed||not active",
    ];
    assert_eq!(told, expected);
    let third = entries[2]["id"].as_i64().unwrap();
    let page = house
        .get(&boss, &format!("/console/api/audit?before={third}"))
        .await;
    assert_eq!(page.body["entries"].as_array().unwrap()[..], entries[3..]);
}

#[tokio::test]
async fn behind_https_the_cookie_is_secure() {
    let house = House::open().await;
    let plain = house.try_login("lin", PASSWORD, None).await;
    assert!(!plain.head.contains("Secure"), "{plain:?}");
    let secure = house
        .try_login("lin", PASSWORD, Some(("x-forwarded-proto", "https")))
        .await;
    assert!(
        secure.head.contains("SameSite=Strict") && secure.head.contains("; Secure"),
        "{secure:?}"
    );
}

fn xiaoer(data: &std::path::Path, args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_xiaoer"))
        .arg("accounts")
        .args(args)
        .arg("--data")
        .arg(data)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[tokio::test]
async fn the_command_line_adds_and_changes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (code, _, why) = told(&xiaoer(data, &["list"], ""));
    assert!(code == 2 && why.contains("--data"), "{why}");

    let add = [
        "add",
        "lin",
        "--name",
        "小林",
        "--role",
        "admin",
        "--teams",
        "vip,refunds",
        "--langs",
        "zh",
    ];
    let (code, password, _) = told(&xiaoer(data, &add, ""));
    assert_eq!((code, password.len()), (0, 14), "{password}");
    let (code, _, why) = told(&xiaoer(data, &add, ""));
    assert!(code == 1 && why.contains("accounts set lin"), "{why}");
    let (code, out, _) = told(&xiaoer(
        data,
        &["password", "lin", "--password-stdin"],
        "of my own 1\n",
    ));
    assert_eq!((code, out.as_str()), (0, ""));
    let (code, _, why) = told(&xiaoer(data, &["password", "lin", "--password-stdin"], "short\n"));
    assert!(code == 2 && why.contains("at least 10"), "{why}");
    let (code, _, why) = told(&xiaoer(data, &["set", "lin", "--inactive"], ""));
    assert!(code == 1 && why.contains("last active admin"), "{why}");
    let (code, _, why) = told(&xiaoer(data, &["set", "nobody", "--role", "agent"], ""));
    assert!(code == 1 && why.contains("no account nobody"), "{why}");
    let (code, ..) = told(&xiaoer(
        data,
        &["set", "lin", "--capacity", "8", "--teams", "", "--langs", ""],
        "",
    ));
    assert_eq!(code, 0);
    let (_, out, _) = told(&xiaoer(data, &["list", "--json"], ""));
    let lin = json!({
        "account": "lin", "name": "小林", "role": "admin", "teams": [], "langs": [], "capacity": 8, "active": true,
    });
    assert_eq!(
        serde_json::from_str::<Value>(&out).unwrap(),
        json!({"accounts": [lin]})
    );
    let (_, out, _) = told(&xiaoer(data, &["list"], ""));
    assert!(out.lines().nth(1).unwrap().starts_with("lin  "), "{out}");

    let store = Sqlite::open(data).await.unwrap();
    let acts = store.accounts().await.unwrap().audit(None, 10).await.unwrap();
    let acts: Vec<(&str, &str)> = acts
        .iter()
        .rev()
        .map(|e| (e.account.as_str(), e.act.as_str()))
        .collect();
    let expected = ["account_created", "password_changed", "account_changed"].map(|act| ("cli", act));
    assert_eq!(acts, expected);
}

#[tokio::test]
async fn the_command_line_names_the_page_of_a_server_at_work() {
    let house = House::open().await;
    let (code, _, why) = told(&xiaoer(house.folder.path(), &["list"], ""));
    assert!(
        code == 2 && why.contains("/console") && why.contains("locked by pid"),
        "{why}"
    );
}
