//! The binary: everything is in the library.

/// Gives memory back across threads. The system's kept the size of one large piece of work for each of its arenas.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(xiaoer::cli::run())
}
