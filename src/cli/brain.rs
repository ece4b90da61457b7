//! Putting a brain together from the folders, for every command that answers.

use std::convert::Infallible;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use super::Common;
use crate::bot::{Bot, Severity};
use crate::commerce::{Connector, Embedded};
use crate::engine::Brain;
use crate::knowledge::Knowledge;
use crate::nlu::{EntityRules, Nlu};
use crate::predictors::Predictors;
use crate::store::Ledger;

/// Loads the knowledge base and the predictors, over the shop that is made for them.
///
/// # Errors
/// Problems of the knowledge base (each told on stderr), what is wrong with the shop's system or the models.
pub fn load<E: std::error::Error + Send + Sync + 'static>(
    common: &Common,
    shop: impl FnOnce(&Arc<Bot>) -> Result<Arc<dyn Connector>, E>,
) -> anyhow::Result<Brain> {
    let bot = Arc::new(load_bot(&common.knowledge_base)?);
    let shop = shop(&bot)?;
    let predictors = load_predictors(common)?;
    let knowledge = Knowledge::build(&bot.all_articles(), &bot.faq, Some(predictors.clone()))?;
    let nlu = Nlu::new(predictors, EntityRules::of(&bot));
    Ok(Brain {
        shop,
        bot,
        knowledge: Arc::new(knowledge),
        nlu: Arc::new(nlu),
    })
}

/// The same over a shop whose ledger is forgotten: for commands that serve nobody.
///
/// # Errors
/// As [`load`].
pub async fn load_for_trial(common: &Common) -> anyhow::Result<Brain> {
    let ledger = Ledger::forgetful().await?;
    load(common, |bot| -> Result<Arc<dyn Connector>, Infallible> {
        Ok(Arc::new(Embedded::new(bot.clone(), ledger)))
    })
}

/// A runtime for commands that ask the shop or the store now and then.
///
/// # Errors
/// When the system gives none.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

/// Loads the knowledge base alone.
///
/// # Errors
/// When a problem forbids serving it; errors are told on stderr first.
pub fn load_bot(root: &Path) -> anyhow::Result<Bot> {
    let (bot, problems) = Bot::load(root);
    let Some(bot) = bot else {
        let mut errors = problems.iter().filter(|p| p.severity == Severity::Error);
        for problem in errors.by_ref().take(20) {
            let _gone = writeln!(std::io::stderr(), "{problem}");
        }
        bail!(
            "the knowledge base {} has errors; `xiaoer check` lists them all",
            root.display()
        );
    };
    Ok(bot)
}

/// Loads the predictors alone.
///
/// # Errors
/// What is wrong with them, and how to make new ones.
pub fn load_predictors(common: &Common) -> anyhow::Result<Arc<Predictors>> {
    let loaded = Predictors::load(&common.encoder(), &common.models);
    Ok(Arc::new(loaded.with_context(|| {
        format!(
            "cannot use the models in {}; `xiaoer train` makes new ones",
            common.models.display()
        )
    })?))
}
