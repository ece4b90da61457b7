//! The artifact folder is checked before anything of it is served.

use std::path::Path;

use xiaoer::conversation::{Sentiment, sha256};
use xiaoer::predictors::{Depth, Gate, Labelled, Material, Predictors, train_shop};

use crate::support::{copy_folder, root};

fn load(folder: &Path) -> Result<Predictors, xiaoer::predictors::Error> {
    Predictors::load(&folder.join("encoder"), folder)
}

/// Loads a copy of the shipped models after a change; answers the complaint.
fn complaint(change: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("models"), folder.path());
    change(folder.path());
    load(folder.path()).err().expect("it must be refused").to_string()
}

fn edit(file: std::path::PathBuf, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(&file).unwrap();
    change(&mut bytes);
    std::fs::write(file, bytes).unwrap();
}

/// Changes a file and the manifest's hash with it, as somebody would who means it.
fn forge(folder: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    edit(folder.join(name), change);
    let hash = sha256(std::fs::read(folder.join(name)).unwrap());
    edit(folder.join("manifest.json"), |bytes| {
        let mut manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        manifest["files"][name] = hash.into();
        *bytes = manifest.to_string().into_bytes();
    });
}

#[test]
fn what_could_run_code_is_refused_unopened() {
    for place in ["pytorch_model.bin", "encoder/pytorch_model.bin"] {
        let said = complaint(|f| std::fs::write(f.join(place), b"\x80\x04").unwrap());
        assert!(
            said.contains("pytorch_model.bin") && said.contains("unsupported format"),
            "{said}"
        );
    }
}

#[test]
fn a_changed_or_cut_file_is_refused() {
    let said = complaint(|f| edit(f.join("intent.safetensors"), |b| b[5_000] ^= 1));
    assert!(
        said.contains("intent.safetensors") && said.contains("SHA-256"),
        "{said}"
    );
    let said = complaint(|f| edit(f.join("encoder/model.safetensors"), |b| b.truncate(4_096)));
    assert!(said.contains("model.safetensors"), "{said}");
    let said = complaint(|f| edit(f.join("encoder/model.safetensors"), |b| b[900_000] ^= 1));
    assert!(said.contains("the heads were fitted over encoder"), "{said}");
    let said = complaint(|f| std::fs::remove_file(f.join("encoder/tokenizer.json")).unwrap());
    assert!(said.contains("tokenizer.json"), "{said}");
}

#[test]
fn a_forged_file_is_refused_for_what_is_in_it() {
    let said = complaint(|f| forge(f, "intent.safetensors", |b| b[..8].fill(0xff)));
    assert!(said.contains("header"), "{said}");
    let said = complaint(|f| forge(f, "intent.safetensors", |b| b[..8].fill(0)));
    assert!(said.contains("header"), "{said}");
    // Half-precision numbers; all exponent bits set is not finite.
    let said = complaint(|f| {
        edit(f.join("encoder/model.safetensors"), |b| {
            let header = usize::try_from(u64::from_le_bytes(b[..8].try_into().unwrap())).unwrap();
            let told: serde_json::Value = serde_json::from_slice(&b[8..8 + header]).unwrap();
            let offset = told["norm"]["data_offsets"][0].as_u64().unwrap();
            let at = 8 + header + usize::try_from(offset).unwrap();
            b[at..at + 2].copy_from_slice(&0x7e00_u16.to_le_bytes());
        });
    });
    assert!(said.contains("not finite"), "{said}");
    let said = complaint(|f| {
        forge(f, "sentiment.safetensors", |b| {
            let end = b.len();
            b.truncate(end - 64);
        });
    });
    assert!(said.contains("sentiment.safetensors"), "{said}");
}

#[test]
fn a_manifest_that_does_not_fit_is_refused() {
    let said = complaint(|f| edit(f.join("manifest.json"), |b| b.truncate(100)));
    assert!(said.contains("manifest.json"), "{said}");
    let change = |path: &'static str, value: serde_json::Value| {
        move |f: &Path| {
            edit(f.join("manifest.json"), |bytes| {
                let mut manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                *manifest.pointer_mut(path).unwrap() = value;
                *bytes = manifest.to_string().into_bytes();
            });
        }
    };
    let said = complaint(change("/self_test/0/intent", "nonsense".into()));
    assert!(said.contains("self-test"), "{said}");
    let said = complaint(change("/format", 99.into()));
    assert!(said.contains("format 99"), "{said}");
    let said = complaint(change("/intent/mix/linear", (-1).into()));
    assert!(said.contains("cannot be"), "{said}");
    let said = complaint(change("/encoder", "another".into()));
    assert!(said.contains("xiaoer train"), "{said}");
    let said = complaint(change("/intent/labels", serde_json::json!(["only_one"])));
    assert!(said.contains("shape"), "{said}");
}

#[test]
fn any_text_is_predicted() {
    let predictors = load(&root().join("models")).unwrap();
    for text in [
        "",
        " ",
        "\u{200d}",
        "🙂🙂🙂",
        &"长".repeat(50_000),
        "\0\u{1}",
        "ﷺ",
        &"a".repeat(100_000),
    ] {
        let said = predictors.predict(text);
        let sum: f32 = said.intents.iter().map(|(_, p)| p).sum();
        assert!(
            (sum - 1.0).abs() < 1e-3 && said.in_scope.is_finite(),
            "{text:.20}"
        );
    }
}

#[test]
fn a_tuned_encoder_is_served_with_its_heads_and_goes_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = root().join("models/encoder");
    let said = |text: &str, intent: &str| Labelled {
        text: text.to_owned(),
        intent: intent.to_owned(),
        sentiment: Sentiment::Neutral,
        anger: 0,
    };
    let messages: Vec<Labelled> = (0..15)
        .flat_map(|n| {
            let parcel = format!("where is parcel number {n} now");
            let refund = format!("第{n}笔退款什么时候到账");
            [said(&parcel, "parcel"), said(&refund, "refund")]
        })
        .collect();
    let material = Material {
        messages: &messages,
        valid: &[],
    };
    let before = Predictors::load(&encoder, &root().join("models")).unwrap();
    let text = "has my parcel arrived";
    for (depth, tuned) in [(Depth::Deep, true), (Depth::Quick, false)] {
        train_shop(
            material,
            (&encoder, depth),
            (folder.path(), Gate::Open),
            &mut |_| {},
        )
        .unwrap();
        assert_eq!(folder.path().join("encoder.safetensors").exists(), tuned);
        let served = Predictors::load(&encoder, folder.path()).unwrap();
        assert_eq!(served.predict(text).intents[0].0, "parcel");
        assert_eq!(
            served.encode(text),
            before.encode(text),
            "passages are read by the encoder as it was"
        );
        if tuned {
            std::fs::remove_file(folder.path().join("encoder.safetensors")).unwrap();
            let gone = Predictors::load(&encoder, folder.path());
            let said = gone.err().expect("the heads need what they were fitted over");
            assert!(said.to_string().contains("encoder.safetensors"), "{said}");
        }
    }
}
