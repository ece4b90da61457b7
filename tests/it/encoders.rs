//! Encoders of other makers: the real MiniLM gives the vectors that it gives elsewhere.

use serde::Deserialize;
use xiaoer::predictors::Encoder;

use crate::support::root;

#[derive(Deserialize)]
struct Reference {
    text: String,
    vector: Vec<f32>,
}

/// The model is 90 MB and not ours to ship: `.ci/minilm` fetches it and names its folder.
#[test]
fn minilm_gives_its_own_vectors() {
    let Some(folder) = std::env::var_os("XIAOER_MINILM") else {
        assert!(std::env::var_os("CI").is_none(), "CI must set XIAOER_MINILM");
        println!("skipped: XIAOER_MINILM does not name the model's folder");
        return;
    };
    let encoder = Encoder::load(folder.as_ref()).unwrap();
    let file = root().join("tests/data/encoders/minilm.json");
    let references: Vec<Reference> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let texts: Vec<&str> = references.iter().map(|r| r.text.as_str()).collect();
    let together = encoder.encode_all(&texts, |_| {}).unwrap();
    for (reference, together) in references.iter().zip(together) {
        let alone = encoder.encode(&reference.text).unwrap();
        for vector in [alone, together] {
            let off = vector.iter().zip(&reference.vector).map(|(a, b)| (a - b).abs());
            let most = off.fold(0.0, f32::max);
            assert!(vector.len() == 384 && most <= 1e-4, "{}: {most}", reference.text);
        }
    }
}

#[test]
fn a_folder_of_another_kind_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = root().join("models/encoder");
    for file in ["tokenizer.json", "model.safetensors"] {
        std::fs::copy(shipped.join(file), folder.path().join(file)).unwrap();
    }
    std::fs::write(folder.path().join("config.json"), r#"{"model_type": "gpt2"}"#).unwrap();
    let said = Encoder::load(folder.path()).err().unwrap().to_string();
    assert!(said.contains("config.json") && said.contains("gpt2"), "{said}");
}

/// A complaint says at its end what it is about.
#[test]
fn a_long_text_is_heard_to_its_end() {
    let encoder = Encoder::load(&root().join("models/encoder")).unwrap();
    let likeness = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let begun = "我们一家人都很喜欢去公园散步".repeat(9);
    let [beginning, whole, end] = [begun.clone(), format!("{begun}我要退款"), "我要退款".to_owned()]
        .map(|text| encoder.encode(&text).unwrap());
    assert!((likeness(&whole, &whole) - 1.0).abs() < 1e-4, "not of length one");
    assert!(likeness(&whole, &end) > likeness(&beginning, &end) + 0.01);
}
