//! Work on the parts of a list, on every core at once.

use std::ops::Range;
use std::sync::LazyLock;
use std::thread::{Scope, ScopedJoinHandle};

/// Cores there are; asking the system takes as long as a small question.
static CORES: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// What comes of each part of so many items, in order. A part has at least `least` of them, or it is not worth a thread
/// of its own.
pub(super) fn on_every_core<R: Send>(
    items: usize,
    least: usize,
    work: impl Fn(Range<usize>) -> R + Sync,
) -> Vec<R> {
    let parts = (items / least.max(1)).clamp(1, *CORES);
    let size = items.div_ceil(parts).max(1);
    let part = |at: usize| at * size..(at * size + size).min(items);
    let work = &work;
    std::thread::scope(|scope| {
        let others = (1..items.div_ceil(size)).map(|at| (at, beside(scope, move || work(part(at)))));
        let others: Vec<_> = others.collect();
        let mut done = vec![work(part(0))];
        done.extend(others.into_iter().map(|(at, other)| match other {
            Some(other) => joined(other),
            None => work(part(at)),
        }));
        done
    })
}

/// Begins work on a thread of its own; `None` where the system has none to give, and then it is done where it is asked for.
pub(super) fn beside<'scope, R: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> R + Send + 'scope,
) -> Option<ScopedJoinHandle<'scope, R>> {
    std::thread::Builder::new().spawn_scoped(scope, work).ok()
}

/// What came of work that was begun; its panic is ours.
pub(super) fn joined<R>(other: ScopedJoinHandle<'_, R>) -> R {
    other
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_in_order() {
        for (items, least) in [(0, 1), (1, 1), (7, 1), (7, 100), (1_000, 3), (5, 0)] {
            let done: Vec<usize> = on_every_core(items, least, |part| part.collect::<Vec<_>>()).concat();
            assert_eq!(done, (0..items).collect::<Vec<_>>(), "{items} by {least}");
        }
    }
}
