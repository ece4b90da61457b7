//! The artifact folder: what is written after training and, before anything is served, checked byte
//! by byte. Only safetensors; anything that could run code is refused unopened.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::Error;
use super::bytes::ByteRows;
use super::encoder::{EMBEDDINGS, Encoder};
use super::heads::{Head, SCOPE_FEATURES};
use super::linear::Linear;
use super::meaning::Meaning;
use super::mix::Mix;
use super::places::Places;
use crate::conversation::sha256;

/// Version of this layout.
pub(super) const FORMAT: u32 = 5;
/// File of the weights of an encoder that was tuned with the heads.
pub(super) const TUNED: &str = "encoder.safetensors";
/// Largest file, in bytes.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Largest safetensors header, in bytes.
const HEADER_BYTES_MAX: u64 = 1024 * 1024;
/// Endings of formats that can carry code.
const REFUSED_ENDINGS: [&str; 6] = ["pt", "pth", "bin", "pkl", "pickle", "ckpt"];

/// `manifest.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub format: u32,
    /// Version of the program that trained it.
    pub trained_by: String,
    /// SHA-256 of each file.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of the shop's training messages.
    pub data: String,
    /// SHA-256 of the messages that figures and calibration come from; of none, when a tenth served.
    pub measured_on: String,
    /// Version of the encoder that the heads were fitted over.
    pub encoder: String,
    /// Numbers of its vectors.
    pub dimensions: usize,
    pub intent: HeadManifest,
    pub sentiment: HeadManifest,
    pub anger: HeadManifest,
    /// Figures on messages kept out of training.
    pub figures: BTreeMap<String, f64>,
    /// Intents taken for each other on those messages.
    pub confused: Vec<Confusion>,
    /// Texts with the intent and probability they had when trained.
    pub self_test: Vec<SelfTest>,
}

/// One line of the self-test.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SelfTest {
    pub text: String,
    pub intent: String,
    pub score: f32,
}

/// How often one intent was taken for another on messages kept out of training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confusion {
    /// The intent that was meant.
    pub meant: String,
    /// The intent that was predicted.
    pub said: String,
    /// How often.
    pub times: usize,
    /// Of how many messages of the intent that was meant.
    pub of: usize,
}

/// Figures of the artifact in a folder; none when there is no artifact that can be read, or when it was
/// measured on other messages.
pub(super) fn figures_of(dir: &Path, measured_on: &str) -> BTreeMap<String, f64> {
    let same = manifest_of(dir)
        .ok()
        .filter(|(m, _)| m.measured_on == measured_on);
    same.map(|(m, _)| m.figures).unwrap_or_default()
}

/// Intents that the artifact in a folder takes for each other, the worst first.
///
/// # Errors
/// When there is no manifest that can be read.
pub fn confusions_of(dir: &Path) -> Result<Vec<Confusion>, Error> {
    Ok(manifest_of(dir)?.0.confused)
}

/// The manifest of a folder, and its version: the first 12 hex digits of the file's hash.
pub(super) fn manifest_of(dir: &Path) -> Result<(Manifest, String), Error> {
    let written = read(dir, "manifest.json")?;
    let manifest = serde_json::from_slice(&written).map_err(|e| bad("manifest.json", &e.to_string()))?;
    Ok((manifest, sha256(&written).chars().take(12).collect()))
}

/// What of a head is not weights.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadManifest {
    pub labels: Vec<String>,
    pub oos: Option<usize>,
    pub mix: Mix,
    pub cost: f32,
    pub scope: [f32; SCOPE_FEATURES + 1],
    pub scope_min: f32,
    pub certain_min: f32,
}

impl HeadManifest {
    pub fn of(head: &Head) -> Self {
        Self {
            labels: head.labels.clone(),
            oos: head.oos,
            mix: head.mix,
            cost: head.cost,
            scope: head.scope,
            scope_min: head.scope_min,
            certain_min: head.certain_min,
        }
    }
}

/// Reads a file whole (never mapped, so that nobody can change it under us) and compares its hash.
pub(super) fn read_checked(dir: &Path, name: &str, manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let bytes = read(dir, name)?;
    let wanted = manifest.files.get(name).map_or("", String::as_str);
    if sha256(&bytes) != wanted {
        return Err(bad(
            name,
            "its SHA-256 is not the manifest's; train again or restore it",
        ));
    }
    Ok(bytes)
}

/// Reads a file of bounded size.
pub(super) fn read(dir: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let path = dir.join(name);
    let open = |e: std::io::Error| Error::Unreadable {
        file: path.clone(),
        why: e.to_string(),
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(open)?;
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(open)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(bad(name, "it is larger than 512 MiB"));
    }
    Ok(bytes)
}

/// Refuses a folder that holds files of a format that can run code when loaded.
pub(super) fn refuse_pickles(dir: &Path) -> Result<(), Error> {
    let entries = std::fs::read_dir(dir).map_err(|e| Error::Unreadable {
        file: dir.to_owned(),
        why: e.to_string(),
    })?;
    for entry in entries.flatten() {
        let path = entry.path();
        let ending = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default()
            .to_lowercase();
        if REFUSED_ENDINGS.contains(&ending.as_str()) {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            return Err(bad(
                &name,
                "unsupported format: it could run code; use safetensors",
            ));
        }
    }
    Ok(())
}

pub(super) fn bad(file: &str, why: &str) -> Error {
    Error::BadModel {
        file: file.to_owned(),
        why: why.to_owned(),
    }
}

/// All tensors of a safetensors file as finite 32-bit numbers on the CPU; whole numbers stay what they are.
pub(super) fn tensors(name: &str, bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, Error> {
    let header = bytes
        .get(..8)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u64::from_le_bytes);
    if header == 0 || header > HEADER_BYTES_MAX {
        return Err(bad(name, "its header has no length that can be"));
    }
    let parsed = SafeTensors::deserialize(bytes).map_err(|e| bad(name, &e.to_string()))?;
    let mut tensors = BTreeMap::new();
    for (key, view) in parsed.tensors() {
        let dtype = match view.dtype() {
            safetensors::Dtype::F16 => DType::F16,
            safetensors::Dtype::F32 => DType::F32,
            safetensors::Dtype::U8 => DType::U8,
            safetensors::Dtype::U32 => DType::U32,
            safetensors::Dtype::I64 => DType::I64,
            _ => {
                return Err(bad(
                    name,
                    &format!("tensor {key} has a type that is not used here"),
                ));
            }
        };
        let tensor = Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)?;
        let counts = matches!(dtype, DType::U8 | DType::U32 | DType::I64);
        let tensor = if counts {
            tensor
        } else {
            tensor.to_dtype(DType::F32)?
        };
        if !counts && !tensor.sum_all()?.to_scalar::<f32>()?.is_finite() {
            return Err(bad(
                name,
                &format!("tensor {key} has numbers that are not finite"),
            ));
        }
        tensors.insert(key, tensor);
    }
    Ok(tensors)
}

/// Writes the tensors of a head, keys prefixed with its name.
pub(super) fn head_tensors(name: &str, head: &Head) -> Result<Vec<(String, Tensor)>, Error> {
    let places: Vec<u32> = head.linear.rows.iter().collect();
    let (rows, classes) = (places.len(), head.labels.len());
    let dimensions = head.means.len() / classes.max(1);
    let half = |values: &[f32], shape: (usize, usize)| -> Result<Tensor, Error> {
        Ok(Tensor::from_slice(values, shape, &Device::Cpu)?.to_dtype(DType::F16)?)
    };
    let key = |part: &str| format!("{name}.{part}");
    let (bytes, steps) = head.linear.sparse.parts();
    Ok(vec![
        (key("places"), Tensor::from_vec(places, rows, &Device::Cpu)?),
        (
            key("weights"),
            Tensor::from_slice(&head.linear.weights, rows, &Device::Cpu)?,
        ),
        (
            key("sparse"),
            Tensor::from_slice(bytes, (rows, classes), &Device::Cpu)?,
        ),
        (key("scale"), Tensor::from_slice(steps, rows, &Device::Cpu)?),
        (
            key("meaning"),
            half(&head.meaning.weights, (dimensions, classes))?,
        ),
        (
            key("meaning.bias"),
            Tensor::from_slice(&head.meaning.bias, classes, &Device::Cpu)?,
        ),
        (
            key("bias"),
            Tensor::from_slice(&head.linear.bias, classes, &Device::Cpu)?,
        ),
        (key("means"), half(&head.means, (classes, dimensions))?),
    ])
}

/// Weights of an encoder of our kind as they are kept: what stays as it was loaded in bytes, the rest in
/// half precision.
pub(super) fn encoder_tensors(encoder: &Encoder) -> Result<Vec<(String, Tensor)>, Error> {
    let mut kept = Vec::new();
    for (name, tensor) in encoder.weights() {
        if tensor.dtype() != DType::F32 {
            kept.push((name.clone(), tensor.clone()));
        } else if EMBEDDINGS.contains(&name.as_str()) {
            let (rows, width) = tensor.dims2()?;
            let in_bytes = ByteRows::of(&tensor.flatten_all()?.to_vec1::<f32>()?, width);
            let (bytes, steps) = in_bytes.parts();
            kept.push((
                name.clone(),
                Tensor::from_slice(bytes, (rows, width), &Device::Cpu)?,
            ));
            kept.push((scale_of(name), Tensor::from_slice(steps, rows, &Device::Cpu)?));
        } else {
            kept.push((name.clone(), tensor.to_dtype(DType::F16)?));
        }
    }
    Ok(kept)
}

/// Name of the scales of rows kept as bytes.
fn scale_of(name: &str) -> String {
    format!("{name}.scale")
}

/// Weights of an encoder, rows of bytes made numbers again.
pub(super) fn encoder_weights(file: &str, bytes: &[u8]) -> Result<HashMap<String, Tensor>, Error> {
    let mut tensors: HashMap<String, Tensor> = tensors(file, bytes)?.into_iter().collect();
    let scaled: Vec<String> = tensors
        .iter()
        .filter(|(_, tensor)| tensor.dtype() == DType::U8)
        .map(|(name, _)| name.clone())
        .collect();
    for name in scaled {
        let wrong = || bad(file, &format!("{name} has no scale for each of its rows"));
        let scales = tensors.remove(&scale_of(&name)).ok_or_else(wrong)?;
        let (rows, width) = tensors[&name].dims2()?;
        if scales.dims() != [rows] || scales.dtype() != DType::F32 {
            return Err(wrong());
        }
        let bytes: Vec<u8> = tensors[&name].flatten_all()?.to_vec1()?;
        let weights = ByteRows::new(bytes, scales.to_vec1()?, width).weights();
        tensors.insert(name, Tensor::from_vec(weights, (rows, width), &Device::Cpu)?);
    }
    Ok(tensors)
}

/// Puts a head together again, checking every shape.
pub(super) fn head_of(
    file: &str,
    name: &str,
    tensors: &BTreeMap<String, Tensor>,
    manifest: &HeadManifest,
    dimensions: usize,
) -> Result<Head, Error> {
    let classes = manifest.labels.len();
    let get = |part: &str| {
        tensors
            .get(&format!("{name}.{part}"))
            .ok_or_else(|| bad(file, &format!("{name}.{part} is missing")))
    };
    let places: Vec<u32> = get("places")?.flatten_all()?.to_vec1()?;
    let rows = places.len();
    let Some(places) = Places::of(&places) else {
        return Err(bad(file, &format!("{name}.places do not rise, or go too far")));
    };
    let floats = |part: &str, shape: &[usize]| -> Result<Vec<f32>, Error> {
        let tensor = get(part)?;
        if tensor.dims() != shape {
            let why = format!("{name}.{part} has shape {:?}, not {shape:?}", tensor.dims());
            return Err(bad(file, &why));
        }
        Ok(tensor.flatten_all()?.to_vec1()?)
    };
    let bytes = get("sparse")?;
    if bytes.dims() != [rows, classes] {
        let why = format!(
            "{name}.sparse has shape {:?}, not {:?}",
            bytes.dims(),
            [rows, classes]
        );
        return Err(bad(file, &why));
    }
    let bytes: Vec<u8> = bytes.flatten_all()?.to_vec1()?;
    let numbers = [
        manifest.mix.linear,
        manifest.mix.likeness,
        manifest.mix.meaning,
        manifest.scope_min,
        manifest.certain_min,
    ];
    let finite = numbers.iter().chain(&manifest.scope).all(|n| n.is_finite());
    if !finite || manifest.mix.linear < 0.0 || classes == 0 {
        return Err(bad("manifest.json", &format!("the numbers of {name} cannot be")));
    }
    Ok(Head {
        labels: manifest.labels.clone(),
        oos: manifest.oos.filter(|oos| *oos < classes),
        linear: Linear {
            classes,
            rows: places,
            weights: floats("weights", &[rows])?,
            sparse: ByteRows::new(bytes, floats("scale", &[rows])?, classes),
            bias: floats("bias", &[classes])?,
        },
        meaning: Meaning {
            weights: floats("meaning", &[dimensions, classes])?,
            bias: floats("meaning.bias", &[classes])?,
        },
        means: floats("means", &[classes, dimensions])?,
        mix: manifest.mix,
        cost: manifest.cost,
        scope: manifest.scope,
        scope_min: manifest.scope_min,
        certain_min: manifest.certain_min,
    })
}

/// Tensors in safetensors form, in the order of their names.
pub(super) fn serialize(mut tensors: Vec<(String, Tensor)>) -> Result<Vec<u8>, Error> {
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(safetensors::serialize(
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)),
        None,
    )?)
}

/// Removes a file that may be there.
pub(super) fn remove(dir: &Path, name: &str) -> Result<(), Error> {
    let path = dir.join(name);
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::Unreadable {
            file: path,
            why: e.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Writes beside, then renames: a reader sees the old file or the new one.
pub(super) fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = dir.join(name);
    let beside = dir.join(format!("{name}.new"));
    std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&beside, bytes))
        .and_then(|()| std::fs::rename(&beside, &path))
        .map_err(|e| Error::Unreadable {
            file: path,
            why: e.to_string(),
        })
}
