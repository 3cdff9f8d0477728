//! The deep merge of options (docs/spec/model.md §5.2).

use serde_json::Value;

/// Lays `new` over `base`: objects are merged key by key, lists and scalars of `new` replace those
/// of `base`, and a null in `new` never clears a value of `base`.
///
/// ```
/// use serde_json::json;
/// assert_eq!(components::merge(&json!({"a": {"x": 1}, "b": null}), &json!({"a": {"y": 2}, "b": 3})),
///            json!({"a": {"y": 2, "x": 1}, "b": 3}));
/// ```
pub fn merge(new: &Value, base: &Value) -> Value {
    match (new, base) {
        (Value::Null, base) => base.clone(),
        (Value::Object(new), Value::Object(base)) => {
            let mut merged = base.clone();
            for (key, value) in new {
                let value = merge(value, base.get(key).unwrap_or(&Value::Null));
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (new, _) => new.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    /// The table of docs/spec/model.md §5.2, one row a case.
    #[test]
    fn merge_table() {
        let cases = [
            (
                "null keeps the base",
                json!(null),
                json!({"a": 1}),
                json!({"a": 1}),
            ),
            (
                "a nested null keeps the base",
                json!({"a": null}),
                json!({"a": 1}),
                json!({"a": 1}),
            ),
            (
                "missing base takes the new",
                json!({"a": 1}),
                json!(null),
                json!({"a": 1}),
            ),
            (
                "objects recurse",
                json!({"o": {"n": 1}}),
                json!({"o": {"b": 2}}),
                json!({"o": {"b": 2, "n": 1}}),
            ),
            (
                "lists replace",
                json!({"l": [1]}),
                json!({"l": [2, 3]}),
                json!({"l": [1]}),
            ),
            (
                "an empty list replaces too",
                json!({"l": []}),
                json!({"l": [2]}),
                json!({"l": []}),
            ),
            (
                "zero wins",
                json!({"n": 0}),
                json!({"n": 5}),
                json!({"n": 0}),
            ),
            (
                "false wins",
                json!({"b": false}),
                json!({"b": true}),
                json!({"b": false}),
            ),
            (
                "the empty string wins",
                json!({"s": ""}),
                json!({"s": "x"}),
                json!({"s": ""}),
            ),
            (
                "an object wins over a scalar",
                json!({"v": {"a": 1}}),
                json!({"v": 3}),
                json!({"v": {"a": 1}}),
            ),
            (
                "vectors are laid over each other member by member, zeros included",
                json!({"spawn_point": {"position": {"x": 0, "y": 1}}}),
                json!({"spawn_point": {"position": {"x": 5, "z": 7}, "rotation": {"y": 2}}}),
                json!({"spawn_point": {"position": {"x": 0, "y": 1, "z": 7}, "rotation": {"y": 2}}}),
            ),
            (
                "a list wins over an object and an object over a list",
                json!({"a": [1], "b": {"x": 1}}),
                json!({"a": {"x": 1}, "b": [1]}),
                json!({"a": [1], "b": {"x": 1}}),
            ),
            (
                "an empty object changes nothing",
                json!({"o": {}}),
                json!({"o": {"b": 2}}),
                json!({"o": {"b": 2}}),
            ),
            (
                "a scalar wins over an object",
                json!({"v": 3}),
                json!({"v": {"a": 1}}),
                json!({"v": 3}),
            ),
        ];
        for (rule, new, base, expected) in cases {
            assert_eq!(merge(&new, &base), expected, "{rule}");
        }
    }
}
