//! One thread a net: messages are short, and sharing one out costs more than it saves. candle takes the
//! number from the environment alone, so the program starts itself anew with it set.

use std::env;

/// The variable that candle and rayon read.
const THREADS: &str = "RAYON_NUM_THREADS";

/// Starts the program anew in the same process with one thread a net, unless the variable is set already.
/// Where that fails, everything works, a little slower.
pub(super) fn settle() {
    if env::var_os(THREADS).is_some() {
        return;
    }
    let Ok(program) = env::current_exe() else {
        return;
    };
    let mut again = std::process::Command::new(program);
    again.args(env::args_os().skip(1)).env(THREADS, "1");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // Comes back only when it failed.
        let _failed = again.exec();
    }
}
