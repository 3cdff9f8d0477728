//! Placement rules as they are stored: the JSON under `child_placement` of an object's options.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use super::Placement;
use crate::{JsonMap, Umid};

/// The placement rules of an object for its children, by the children's object type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChildPlacement(BTreeMap<Umid, Placement>);

/// Why a `child_placement` is not accepted from a writer, or why one of its entries is ignored on
/// load.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlacementError {
    /// A key is not an object type id.
    #[error("child_placement: \"{0}\" is not an object type id")]
    NoTypeId(String),
    /// An entry is null or anything else than an object.
    #[error("child_placement of {0}: expected an object with algo and options")]
    NoRule(Umid),
    /// No such algorithm.
    #[error("child_placement of {group}: unknown algo {algo}")]
    UnknownAlgorithm {
        /// The object type of the entry.
        group: Umid,
        /// Its content, as JSON.
        algo: String,
    },
    /// An option is of the wrong type. Only writers are told; on load the option takes its default.
    #[error("child_placement of {group}: option {option} has the wrong type")]
    WrongOption {
        /// The object type of the entry.
        group: Umid,
        /// The option.
        option: &'static str,
    },
}

impl ChildPlacement {
    /// Reads stored rules; entries that make no sense are left out and answered, so that they can
    /// be logged.
    pub fn parse(rules: &JsonMap) -> (Self, Vec<PlacementError>) {
        let mut parsed = Self::default();
        let mut ignored = Vec::new();
        for (group, rule) in rules {
            match parse_entry(group, rule) {
                Ok((group, placement, _)) => {
                    parsed.0.insert(group, placement);
                }
                Err(error) => ignored.push(error),
            }
        }
        (parsed, ignored)
    }

    /// Checks rules before they are stored.
    ///
    /// # Errors
    /// The first entry that [`Self::parse`] would ignore, or the first option that would silently
    /// take its default.
    pub fn validate(rules: &JsonMap) -> Result<(), PlacementError> {
        for (group, rule) in rules {
            let (group, _, wrong) = parse_entry(group, rule)?;
            if let Some(option) = wrong {
                return Err(PlacementError::WrongOption { group, option });
            }
        }
        Ok(())
    }

    /// The group that a child of this type belongs to, and its rule: the type's own, else that of
    /// the nil id.
    pub fn group(&self, object_type: Umid) -> Option<(Umid, &Placement)> {
        [object_type, Umid::nil()]
            .into_iter()
            .find_map(|group| Some((group, self.0.get(&group)?)))
    }
}

/// One entry: its group, its rule, and an option of the wrong type if there is one.
fn parse_entry(
    group: &str,
    rule: &Value,
) -> Result<(Umid, Placement, Option<&'static str>), PlacementError> {
    let group = Umid::parse_str(group).map_err(|_| PlacementError::NoTypeId(group.to_owned()))?;
    let rule = rule.as_object().ok_or(PlacementError::NoRule(group))?;
    let mut options = Options {
        map: rule.get("options").and_then(Value::as_object),
        wrong: None,
    };
    let algo = match rule.get("algo") {
        None => Some("circular"),
        Some(algo) => algo.as_str(),
    };
    let placement = match algo {
        Some("circular") => Placement::Circular {
            angle: options.degrees("angle"),
            radius: options.number("R", 100.0),
            shift: options.number("Vshift", 10.0),
        },
        Some("helix") => Placement::Helix {
            angle: options.degrees("angle"),
            radius: options.number("R", 100.0),
            growth: options.number("spiralScale", 10.0),
            shift: options.number("Vshift", 10.0),
            rise: options.number("helixVshift", 500.0),
        },
        Some("sector") => Placement::Sector {
            angle: options.degrees("angle"),
            radius: options.number("R", 100.0),
            shift: options.number("Vshift", 10.0),
        },
        Some("spiral") => Placement::Spiral {
            offset: options.number("angle", 0.0),
            scale: options.number("spiralScale", 10.0),
            radius: options.number("R", 100.0),
            shift: options.number("Vshift", 10.0),
        },
        Some("hexaspiral") => Placement::Hexaspiral {
            cell: options.number("Robject", 50.0),
            shift: options.number("Vshift", 10.0),
            centre: options.flag("DrawCenter", true),
            scatter: options.flag("Scatter", true),
            displacement: options.number("RandDisplacement", 0.0),
        },
        _ => {
            let algo = rule.get("algo").unwrap_or(&Value::Null).to_string();
            return Err(PlacementError::UnknownAlgorithm { group, algo });
        }
    };
    Ok((group, placement, options.wrong))
}

/// Options of a rule: what is missing or of the wrong type takes its default.
struct Options<'a> {
    map: Option<&'a JsonMap>,
    /// The first option of the wrong type.
    wrong: Option<&'static str>,
}

impl Options<'_> {
    fn number(&mut self, key: &'static str, default: f64) -> f64 {
        self.read(key, Value::as_f64).unwrap_or(default)
    }

    fn degrees(&mut self, key: &'static str) -> f64 {
        self.number(key, 0.0).to_radians()
    }

    fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.read(key, Value::as_bool).unwrap_or(default)
    }

    fn read<T>(&mut self, key: &'static str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = self.map?.get(key)?;
        let read = read(value);
        if read.is_none() {
            self.wrong.get_or_insert(key);
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(rule: Value) -> JsonMap {
        JsonMap::from_iter([(Umid::nil().to_string(), rule)])
    }

    #[test]
    fn groups_fall_back_to_the_nil_id() {
        let door = Umid::from_u128(1);
        let stored = json!({
            door.to_string(): {"algo": "sector"},
            Umid::nil().to_string(): {"algo": "spiral", "options": null},
        });
        let (rules, ignored) = ChildPlacement::parse(stored.as_object().expect("map"));
        assert_eq!(ignored, []);
        assert!(
            matches!(rules.group(door), Some((group, Placement::Sector { .. })) if group == door)
        );
        let other = rules.group(Umid::from_u128(2));
        assert!(matches!(other, Some((group, Placement::Spiral { .. })) if group.is_nil()));
        assert_eq!(ChildPlacement::default().group(door), None);
    }

    #[test]
    fn invalid_rules_are_refused_on_write_and_ignored_on_load() {
        let nil = Umid::nil();
        let unknown = |algo: &str| PlacementError::UnknownAlgorithm {
            group: nil,
            algo: algo.to_owned(),
        };
        let cases = [
            (rules(Value::Null), PlacementError::NoRule(nil)),
            (rules(json!("circular")), PlacementError::NoRule(nil)),
            (rules(json!({"algo": "cube"})), unknown("\"cube\"")),
            (rules(json!({"algo": null})), unknown("null")),
            (
                JsonMap::from_iter([("door".to_owned(), json!({}))]),
                PlacementError::NoTypeId("door".to_owned()),
            ),
        ];
        for (stored, error) in cases {
            assert_eq!(ChildPlacement::validate(&stored), Err(error.clone()));
            assert_eq!(
                ChildPlacement::parse(&stored),
                (ChildPlacement::default(), vec![error])
            );
        }
    }

    #[test]
    fn an_option_of_the_wrong_type_takes_its_default_but_is_not_written() {
        let stored = rules(json!({"algo": "sector", "options": {"R": "wide"}}));
        assert_eq!(
            ChildPlacement::validate(&stored),
            Err(PlacementError::WrongOption {
                group: Umid::nil(),
                option: "R"
            })
        );
        assert_eq!(
            ChildPlacement::parse(&stored),
            ChildPlacement::parse(&rules(json!({"algo": "sector"})))
        );
    }
}
