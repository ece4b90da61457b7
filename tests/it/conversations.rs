//! The shop's own conversations, `knowledge_base/conversations/*.yaml`, played by the same code as `xiaoer test`.

use std::collections::BTreeSet;

use xiaoer::rehearsal::{Coverage, Perturbation, Played, Rehearsal, junit, load_scripts};

use crate::support::{ENGINE, block_on, root};

async fn play(rehearsal: &Rehearsal) -> Vec<Played> {
    let (scripts, problems) = load_scripts(&root().join("knowledge_base"));
    assert!(problems.is_empty(), "{problems:#?}");
    let mut played = Vec::new();
    for script in &scripts {
        for lang in &script.langs {
            played.push(rehearsal.play(script, *lang).await.unwrap());
        }
    }
    played
}

#[test]
fn every_conversation_goes_as_written_and_together_they_pass_the_flows() {
    let rehearsal = Rehearsal::new(ENGINE.brain());
    let played = block_on(play(&rehearsal));
    assert!(played.len() >= 250, "only {} conversations", played.len());
    let failed: Vec<&Played> = played.iter().filter(|p| !p.differences.is_empty()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let passed: BTreeSet<_> = played.iter().flat_map(|p| p.passed.clone()).collect();
    let coverage = Coverage::of(&ENGINE.brain().bot, &passed);
    assert!(coverage.percent() >= 95.0, "{:#?}", coverage.missed);
    assert!(junit(&played, 1.0).contains("failures=\"0\""));
    assert_eq!(block_on(play(&rehearsal)), played, "the same twice");
}

#[test]
fn what_is_typed_otherwise_still_reaches_its_end() {
    let rehearsal = Rehearsal::new(ENGINE.brain());
    for kind in Perturbation::ALL {
        let played = block_on(play(&rehearsal.perturbed(kind, 42)));
        let reached = played.iter().filter(|p| p.reached_end).count();
        assert!(
            reached * 10 >= played.len() * 8,
            "{}: {reached} of {}",
            kind.name(),
            played.len()
        );
    }
}
