//! The binary: everything is in the library.

/// Its pages go back to the system wherever they were taken; `docs/operations.md` tells why.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(xiaoer::cli::run())
}
