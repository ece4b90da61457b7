//! Accounts, logins, drafts and the audit, as the store keeps them.

use xiaoer::conversation::{ConversationId, Lang};
use xiaoer::store::{Account, Accounts, Act, DRAFT_CHARS_MAX, Error, Role, Sqlite};

struct Kept {
    accounts: Accounts,
    _store: Sqlite,
    _folder: tempfile::TempDir,
}

async fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path()).await.unwrap();
    Kept {
        accounts: store.accounts().await.unwrap(),
        _store: store,
        _folder: folder,
    }
}

fn lin() -> Account {
    Account::new("lin", "小林", "hash")
}

#[tokio::test]
async fn an_account_comes_back_as_it_was_put() {
    let Kept { accounts, .. } = &kept().await;
    let may = Account {
        teams: vec!["refunds".into(), "vip".into()],
        langs: vec![Lang::En],
        capacity: 9,
        active: false,
        ..Account::new("may", "May", "hash").with_role(Role::Supervisor)
    };
    accounts.put(&may).await.unwrap();
    accounts.put(&lin()).await.unwrap();
    assert_eq!(accounts.list().await.unwrap(), [lin(), may.clone()]);
    assert_eq!(accounts.get("may").await.unwrap(), Some(may.clone()));
    assert_eq!(accounts.get("nobody").await.unwrap(), None);
    assert_eq!(accounts.count().await.unwrap(), 2);
    assert!(may.answers_in(Lang::En) && !may.answers_in(Lang::Zh));
    assert!(lin().answers_in(Lang::Zh), "no languages are all languages");
}

#[tokio::test]
async fn logins_end_with_the_right_to_them() {
    let Kept { accounts, .. } = &kept().await;
    accounts.put(&lin()).await.unwrap();
    let log_in = async || accounts.put_login("token", "lin", 10, 100).await.unwrap();
    let is_in = async |now| accounts.login("token", now).await.unwrap().is_some();
    log_in().await;
    assert!(is_in(100).await && !is_in(101).await);

    let renamed = Account {
        name: "Lin".into(),
        ..lin()
    };
    accounts.put(&renamed).await.unwrap();
    assert!(is_in(50).await, "another name ends nothing");
    let resting = Account {
        active: false,
        ..lin()
    };
    accounts.put(&resting).await.unwrap();
    assert!(!is_in(50).await);
    accounts.put(&lin()).await.unwrap();
    assert!(!is_in(50).await, "it does not come back");

    log_in().await;
    assert!(accounts.set_password("lin", "other hash").await.unwrap());
    assert!(!is_in(50).await, "who has the old password is out");
    assert!(!accounts.set_password("nobody", "hash").await.unwrap());
    log_in().await;
    accounts.put(&lin()).await.unwrap();
    assert!(!is_in(50).await, "putting another password is changing it");
}

#[tokio::test]
async fn somebody_can_always_change_accounts() {
    let Kept { accounts, .. } = &kept().await;
    let boss = lin().with_role(Role::Admin);
    accounts.put(&boss).await.unwrap();
    let resting = Account {
        active: false,
        ..boss.clone()
    };
    for change in [lin(), lin().with_role(Role::Supervisor), resting.clone()] {
        assert!(matches!(accounts.put(&change).await, Err(Error::LastAdmin)));
        assert_eq!(accounts.get("lin").await.unwrap().as_ref(), Some(&boss));
    }
    // An admin who cannot log in is none.
    let may = Account::new("may", "May", "hash").with_role(Role::Admin);
    let absent = Account {
        active: false,
        ..may.clone()
    };
    accounts.put(&absent).await.unwrap();
    assert!(matches!(accounts.put(&lin()).await, Err(Error::LastAdmin)));
    accounts.put(&may).await.unwrap();
    accounts.put(&resting).await.unwrap();
    assert!(matches!(
        accounts.put(&may.with_role(Role::Agent)).await,
        Err(Error::LastAdmin)
    ));
}

#[tokio::test]
async fn a_refused_change_is_not_written_down() {
    let Kept { accounts, .. } = &kept().await;
    let act = |detail: &str| Act {
        at: 1,
        account: "boss",
        act: "account_changed",
        object: "lin",
        detail: detail.into(),
    };
    let boss = lin().with_role(Role::Admin);
    accounts.put_audited(&boss, &[act("made")]).await.unwrap();
    let refused = accounts.put_audited(&lin(), &[act("refused")]).await;
    assert!(matches!(refused, Err(Error::LastAdmin)));
    let entries = accounts.audit(None, 10).await.unwrap();
    assert_eq!(
        entries.iter().map(|e| e.detail.as_str()).collect::<Vec<_>>(),
        ["made"]
    );
}

#[tokio::test]
async fn drafts_are_kept_by_account_and_conversation() {
    let Kept { accounts, .. } = &kept().await;
    let id = |n: usize| ConversationId::new(format!("conversation-{n:04}")).unwrap();
    let put = async |account, n, text: &str, at| accounts.put_draft(account, &id(n), text, at).await;
    put("lin", 1, "dear", 1).await.unwrap();
    put("lin", 1, "dear customer", 2).await.unwrap();
    put("lin", 2, "hello", 3).await.unwrap();
    put("may", 1, "mine", 4).await.unwrap();
    let texts = async |account| {
        let drafts = accounts.drafts(account).await.unwrap();
        drafts
            .into_iter()
            .map(|d| (d.conversation, d.text))
            .collect::<Vec<_>>()
    };
    let both = [(id(2), "hello".to_owned()), (id(1), "dear customer".to_owned())];
    assert_eq!(texts("lin").await, both);
    let long = "字".repeat(DRAFT_CHARS_MAX);
    put("lin", 1, &long, 5).await.unwrap();
    let longer = put("lin", 1, &format!("{long}字"), 6).await;
    assert!(matches!(longer, Err(Error::DraftTooLong)));
    assert_eq!(texts("lin").await[0].1, long, "the one before stays");
    put("lin", 1, "", 7).await.unwrap();
    assert_eq!(texts("lin").await, both[..1]);
    assert_eq!(texts("may").await.len(), 1);
}

#[tokio::test]
async fn the_oldest_drafts_go() {
    let Kept { accounts, .. } = &kept().await;
    let id = |n: i64| ConversationId::new(format!("conversation-{n:04}")).unwrap();
    accounts.put_draft("may", &id(0), "x", 0).await.unwrap();
    for n in 0..503 {
        accounts.put_draft("lin", &id(n), "x", n).await.unwrap();
    }
    let drafts = accounts.drafts("lin").await.unwrap();
    assert_eq!((drafts.len(), drafts[0].at, drafts[499].at), (500, 502, 3));
    assert_eq!(accounts.drafts("may").await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_audit_is_read_backwards_page_by_page() {
    let Kept { accounts, .. } = &kept().await;
    for at in 1..=5 {
        accounts
            .record(at, "boss", "account_changed", "lin", "role agent → admin")
            .await
            .unwrap();
    }
    let first = accounts.audit(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|e| e.at).collect::<Vec<_>>(), [5, 4]);
    let second = accounts.audit(Some(first[1].id), 100).await.unwrap();
    assert_eq!(second.iter().map(|e| e.at).collect::<Vec<_>>(), [3, 2, 1]);
    let entry = &first[0];
    assert_eq!(
        (entry.account.as_str(), entry.act.as_str(), entry.object.as_str()),
        ("boss", "account_changed", "lin")
    );
    assert_eq!(entry.detail, "role agent → admin");
    let long = "x".repeat(5_000);
    accounts
        .record(6, &long, "login_failed", "", &long)
        .await
        .unwrap();
    let entry = &accounts.audit(None, 1).await.unwrap()[0];
    assert_eq!((entry.account.len(), entry.detail.len()), (64, 1_000));
}
