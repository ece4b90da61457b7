//! What tests share: a brain loaded once, servers on port 0, and a customer who speaks the protocol.

mod http;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use xiaoer::bot::Bot;
use xiaoer::channels::{Identity, SocketLimits};
use xiaoer::commerce::Embedded;
use xiaoer::console::hash_password;
use xiaoer::conversation::{Event, Recorded, Tracker};
use xiaoer::desk::Desk;
use xiaoer::engine::{Brain, Clock, Engine, FixedClock, Hub, HubSettings, SystemClock};
use xiaoer::knowledge::Knowledge;
use xiaoer::nlu::{EntityRules, Nlu};
use xiaoer::predictors::Predictors;
use xiaoer::server::{App, router, serve};
use xiaoer::store::{Account, Ledger, Sqlite};

pub use http::{Answer, ask};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The shipped shop with the shipped models, loaded once for all tests.
pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let (bot, problems) = Bot::load(&root().join("knowledge_base"));
    let mut bot = bot.unwrap_or_else(|| panic!("the shipped knowledge base: {problems:#?}"));
    bot.shop.origins = vec!["https://shop.example".to_owned()];
    let models = root().join("models");
    let predictors = Predictors::load(&models.join("encoder"), &models).expect("the shipped models load");
    let predictors = Arc::new(predictors);
    let knowledge = Knowledge::build(&bot.all_articles(), &bot.faq, Some(predictors.clone())).unwrap();
    let nlu = Nlu::new(predictors, EntityRules::of(&bot));
    let bot = Arc::new(bot);
    Engine::new(Brain {
        shop: Arc::new(Embedded::new(bot.clone(), block_on(Ledger::forgetful()).unwrap())),
        bot,
        knowledge: Arc::new(knowledge),
        nlu: Arc::new(nlu),
    })
});

/// Waits for something on a thread and a runtime of its own.
pub fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let wait = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(wait).join().unwrap())
}

/// Adds an event to a log and to the tracker that is folded from it.
pub fn record(log: &mut Vec<Recorded>, tracker: &mut Tracker, event: Event) {
    let recorded = Recorded {
        seq: tracker.last_seq + 1,
        at: 1_795_395_600_000,
        event,
    };
    tracker.apply(&recorded);
    log.push(recorded);
}

/// The shipped shop with nothing done in it yet.
pub async fn fresh_engine() -> Engine {
    let brain = ENGINE.brain();
    let ledger = Ledger::forgetful().await.unwrap();
    Engine::new(brain.over(Arc::new(Embedded::new(brain.bot.clone(), ledger))))
}

/// A real server on a free port with a store of its own.
pub struct TestServer {
    pub address: std::net::SocketAddr,
    pub hub: Hub,
    pub desk: Desk,
    drain: watch::Sender<bool>,
    _folder: Option<tempfile::TempDir>,
}

/// What every test server's shop signs its customers' tokens with.
pub const IDENTITY_SECRET: &str = "a secret of tests, long enough for one";

/// The password of the account `lin` in every test server.
pub const PASSWORD: &str = "correct horse";

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(SocketLimits::default()).await
    }

    pub async fn start_with(limits: SocketLimits) -> Self {
        let setup = Setup {
            limits,
            ..Setup::default()
        };
        setup.start().await
    }
}

/// 2026-11-23 10:00 in Shanghai.
pub const MORNING: i64 = 1_795_395_600_000 + 3_600_000;

/// A test server at [`MORNING`], and its clock.
pub async fn open_shop() -> (TestServer, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::at(MORNING));
    let setup = Setup {
        clock: clock.clone(),
        ..Setup::default()
    };
    (setup.start().await, clock)
}

/// How a test server is set up.
pub struct Setup {
    pub limits: SocketLimits,
    pub clock: Arc<dyn Clock>,
    /// In place of a fresh one over the shipped shop.
    pub engine: Option<Engine>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limits: SocketLimits::default(),
            clock: Arc::new(SystemClock),
            engine: None,
        }
    }
}

impl Setup {
    pub async fn start(self) -> TestServer {
        let folder = tempfile::tempdir().unwrap();
        let mut server = self.start_in(folder.path()).await;
        server._folder = Some(folder);
        server
    }

    pub async fn start_in(self, folder: &Path) -> TestServer {
        let store = Sqlite::open(folder).await.unwrap();
        let accounts = store.accounts().await.unwrap();
        let files = store.files().await.unwrap();
        let password_hash = hash_password(PASSWORD).unwrap();
        let lin = Account::new("lin", "小林", &password_hash);
        accounts.put(&lin).await.unwrap();
        let may = Account::new("may", "May", password_hash);
        accounts.put(&may).await.unwrap();
        let settings = HubSettings::default();
        let engine = match self.engine {
            Some(engine) => engine,
            None => fresh_engine().await,
        };
        let hub = Hub::new(engine, Arc::new(store), self.clock, settings);
        let (drain, draining) = watch::channel(false);
        let desk = Desk::open(hub.clone(), accounts).await.unwrap();
        desk.keep_going_round();
        let app = App {
            desk: desk.clone(),
            files,
            limits: Arc::new(self.limits),
            identity: Some(Arc::new(Identity::new(IDENTITY_SECRET).unwrap())),
            draining: draining.clone(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router(app), draining));
        TestServer {
            address,
            hub,
            desk,
            drain,
            _folder: None,
        }
    }
}

impl TestServer {
    pub fn drain(&self) {
        self.drain.send(true).unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }
}

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Somebody with a socket that speaks JSON.
pub struct Peer {
    pub socket: Socket,
}

impl Peer {
    pub async fn connect(url: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Self { socket }
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Sends, unless the socket is gone.
    pub async fn try_send(&mut self, frame: Value) -> Result<(), ()> {
        self.socket
            .send(Message::text(frame.to_string()))
            .await
            .map_err(drop)
    }

    /// The next JSON frame, or the close code.
    pub async fn next(&mut self) -> Result<Value, u16> {
        let until = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let message = tokio::time::timeout_at(until, self.socket.next())
                .await
                .expect("an answer in time");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(1005, |f| f.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// The next frame for which a test holds; others are passed over.
    pub async fn until(&mut self, mut test: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("the socket stays open");
            if test(&frame) {
                return frame;
            }
        }
    }

    /// The next event of a type.
    pub async fn item(&mut self, kind: &str) -> Value {
        let frame = self
            .until(|frame| items(frame).iter().any(|i| i["type"] == kind))
            .await;
        items(&frame).iter().find(|i| i["type"] == kind).unwrap().clone()
    }
}

/// The items of an events frame.
pub fn items(frame: &Value) -> Vec<Value> {
    frame["items"].as_array().cloned().unwrap_or_default()
}

/// A customer who has said hello.
pub struct Customer {
    pub peer: Peer,
    pub welcome: Value,
}

impl Customer {
    pub async fn arrive(server: &TestServer, locale: &str) -> Self {
        Self::hello(server, json!({"type": "hello", "v": 1, "locale": locale})).await
    }

    pub async fn hello(server: &TestServer, hello: Value) -> Self {
        let mut peer = Peer::connect(&server.url("/v1/chat"), &[]).await;
        peer.send(hello).await;
        let welcome = peer.next().await.unwrap();
        Self { peer, welcome }
    }

    pub async fn come_back(&self, server: &TestServer, after: u64) -> Self {
        Self::hello(server, self.hello_again(after)).await
    }

    pub fn hello_again(&self, after: u64) -> Value {
        json!({"type": "hello", "v": 1, "conversation": self.welcome["conversation"],
            "token": self.welcome["token"], "epoch": self.welcome["epoch"], "after": after})
    }

    pub async fn say(&mut self, cid: &str, text: &str) {
        self.peer
            .send(json!({"type": "say", "cid": cid, "text": text}))
            .await;
    }

    /// Says something and waits for the bot's answer.
    pub async fn ask(&mut self, cid: &str, text: &str) -> Value {
        self.say(cid, text).await;
        self.peer.item("bot_said").await
    }
}
