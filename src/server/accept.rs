//! The accept loop: `axum::serve` has no deadline for request headers, so this one does the few lines
//! itself, and it drains when asked to.

use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::linger::Lingering;

/// Time for a request's headers.
const HEADERS_MS_MAX: u64 = 10_000;
/// Bytes of a request's headers.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Connections open at once.
const CONNECTIONS_MAX: usize = 20_000;
/// Time for connections to end once the server drains.
const DRAIN_MS_MAX: u64 = 10_000;

/// Serves until `draining` turns true, then gives connections time to end.
pub async fn serve(listener: TcpListener, router: Router, mut draining: watch::Receiver<bool>) {
    let places = std::sync::Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = draining.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, mostly: let some connections end first.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            continue;
        };
        connections.spawn(serve_connection(Lingering::new(stream, place), router.clone()));
    }
    drop(listener);
    let patience = Duration::from_millis(DRAIN_MS_MAX);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(patience, ended).await.is_err() {
        connections.abort_all();
    }
}

async fn serve_connection(stream: Lingering, router: Router) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEADERS_MS_MAX))
        .max_buf_size(HEADER_BYTES_MAX);
    let service = TowerToHyperService::new(router);
    let served = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
