//! Lists of objects in JSON: one broken element does not spoil the rest.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::Error;
use super::super::draft::{Found, Place};
use super::super::source::{FILE_BYTES_MAX, Source, place_of};

/// Whether the first file is JSON with one of these keys near its beginning.
pub(super) fn has_key(source: &Source, keys: &[&str]) -> bool {
    let begin = source
        .with_extension(&["json"])
        .next()
        .and_then(|file| source.peek(file));
    begin.is_some_and(|begin| keys.iter().any(|key| begin.contains(&format!("\"{key}\""))))
}

/// The whole of every JSON file of a source.
pub(super) fn documents(source: &Source, found: &mut Found) -> Result<Vec<(Place, Value)>, Error> {
    let mut documents = Vec::new();
    for file in source.with_extension(&["json"]) {
        let place = place_of(file);
        let text = if source.is_folder {
            found.text_of(source, file, FILE_BYTES_MAX)
        } else {
            Some(source.text(file, FILE_BYTES_MAX, &mut found.report)?)
        };
        let Some(text) = text else { continue };
        match serde_json::from_str(&text) {
            Ok(value) => documents.push((place, value)),
            Err(error) => {
                let place = Place::new(&place.file, error.line());
                found.bad(&place, "bad_json", format!("{error}; export it anew"));
            }
        }
    }
    if documents.is_empty() && found.report.bad == 0 {
        return Err(Error::unreadable(
            source.stem(),
            0,
            "nothing_found",
            "there is no .json file; name one",
        ));
    }
    Ok(documents)
}

/// The elements below the first of `keys` that is there, or the document itself when it is a list.
pub(super) fn elements(place: &Place, document: Value, keys: &[&str], found: &mut Found) -> Vec<Value> {
    match document {
        Value::Array(list) => list,
        Value::Object(mut object) => match keys.iter().find_map(|key| object.remove(*key)) {
            Some(Value::Array(list)) => list,
            _ => {
                let message = format!("there is no list `{}`; export it anew", keys.join("` or `"));
                found.bad(place, "bad_json", message);
                Vec::new()
            }
        },
        _ => {
            found.bad(place, "bad_json", "neither a list nor an object; export it anew");
            Vec::new()
        }
    }
}

/// An element as a type, with the names of the fields that the type does not take counted.
pub(super) fn typed<T: DeserializeOwned>(
    place: &Place,
    number: usize,
    element: Value,
    taken: &[&str],
    found: &mut Found,
) -> Option<T> {
    for (field, value) in element.as_object().unwrap_or(&Map::new()) {
        if !taken.contains(&field.as_str()) && !says_nothing(value) {
            found.not_carried(format!("field `{field}`"), 1);
        }
    }
    match serde_json::from_value(element) {
        Ok(value) => Some(value),
        Err(error) => {
            let message = format!("article {number} of the list: {error}; mend it or take it out");
            found.bad(place, "bad_row", message);
            None
        }
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(true) => false,
    }
}
