//! Does the bot still do what the shop expects of it? Conversations written as files, played offline, each
//! with a fresh shop, and compared turn by turn. How they are written stands in `docs/testing.md`.

mod check;
mod coverage;
mod junit;
mod perturb;
mod play;
mod rasa;
mod script;
mod trial_shop;

pub use check::check_folder;
pub use coverage::{Coverage, Missed};
pub use junit::junit;
pub use perturb::Perturbation;
pub use play::{Difference, Played, Rehearsal};
pub use script::{Given, Script, Turn, load_scripts};
