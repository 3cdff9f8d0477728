//! Query strings: typed, with repeated keys as lists, in plain or bracket form
//! (`fields[]=a&fields[]=b`); a key without a value counts as absent (docs/spec/rest.md §1, §6).

use std::fmt::Display;

use serde::{
    de::{
        DeserializeOwned, Deserializer, IntoDeserializer, Visitor,
        value::{Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// Parameters that are looked at, at most.
const MAX_PARAMETERS: usize = 256;

/// Reads a query string, without its question mark.
///
/// # Errors
/// What serde says: a required parameter is missing or one does not parse.
pub(super) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    let mut parameters: Vec<(String, Parameter)> = Vec::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()).take(MAX_PARAMETERS) {
        if value.is_empty() {
            continue;
        }
        let key = key.strip_suffix("[]").unwrap_or(&key);
        match parameters.iter_mut().find(|(known, _)| known == key) {
            Some((_, parameter)) => parameter.0.push(value.into_owned()),
            None => parameters.push((key.to_owned(), Parameter(vec![value.into_owned()]))),
        }
    }
    T::deserialize(MapDeserializer::new(parameters.into_iter()))
}

/// All values of one key; at least one.
struct Parameter(Vec<String>);

impl Parameter {
    /// As a single value: the first, like the platform takes it.
    fn first(self) -> Result<String, Error> {
        self.0
            .into_iter()
            .next()
            .ok_or_else(|| serde::de::Error::custom("no value"))
    }

    fn number<N: std::str::FromStr<Err: Display>>(self) -> Result<N, Error> {
        self.first()?.parse().map_err(serde::de::Error::custom)
    }
}

impl IntoDeserializer<'_, Error> for Parameter {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Number types, each parsed from text.
macro_rules! numbers {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.number()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameter {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.first()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.first()?.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => visitor.visit_bool(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => visitor.visit_bool(false),
            _ => Err(serde::de::Error::custom("neither true nor false")),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 deserialize_i16 visit_i16
        deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_u8 visit_u8 deserialize_u16 visit_u16
        deserialize_u32 visit_u32 deserialize_u64 visit_u64
        deserialize_f32 visit_f32 deserialize_f64 visit_f64
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct enum
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::parse;

    #[derive(Deserialize, Debug, Default, PartialEq)]
    #[serde(default)]
    struct Listing {
        sort: Option<String>,
        limit: Option<u64>,
        effective: bool,
        fields: Vec<String>,
    }

    #[test]
    fn values_are_typed_and_lists_come_in_three_forms() {
        let parsed: Listing =
            parse("sort=DESC&limit=9007199254740991&effective=true&fields[]=a&fields%5B%5D=b&fields=c%20d&x=1").expect("parses");
        let expected = Listing {
            sort: Some("DESC".to_owned()),
            limit: Some(9_007_199_254_740_991),
            effective: true,
            fields: ["a", "b", "c d"].map(str::to_owned).to_vec(),
        };
        assert_eq!(parsed, expected);
    }

    #[test]
    fn nothing_is_absent_and_nonsense_is_refused() {
        assert_eq!(parse::<Listing>("").expect("empty"), Listing::default());
        assert_eq!(
            parse::<Listing>("limit=&sort").expect("no values"),
            Listing::default()
        );
        for query in ["limit=many", "limit=-1", "effective=maybe"] {
            assert!(parse::<Listing>(query).is_err(), "{query}");
        }
    }

    #[derive(Deserialize, Debug)]
    struct Needs {
        #[expect(dead_code, reason = "only its presence matters")]
        wallet: String,
    }

    #[test]
    fn a_required_parameter_has_to_have_a_value() {
        assert!(parse::<Needs>("wallet=0x1").is_ok());
        assert!(parse::<Needs>("wallet=").is_err() && parse::<Needs>("").is_err());
    }
}
