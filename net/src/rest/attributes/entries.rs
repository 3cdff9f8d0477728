//! Entries of attributes whose values are maps of records: comments, skyboxes (docs/spec/rest.md
//! §6; docs/spec/model.md §5.6).

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{FromRequestParts, RawPathParams, State},
    http::request::Parts,
};
use components::{AttributeId, JsonMap, Reason};
use node::{EntryQuery, EntryRow};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::rest::{ApiError, App, Authenticated, extract::id_of, reasons};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(attribute_entries))
}

/// Entries on a page if the client does not say how many.
const DEFAULT_LIMIT: u64 = 10;
/// Most entries on a page.
const MAX_LIMIT: u64 = 100;
/// Most fields of an entry; clients ask for three.
const MAX_FIELDS: usize = 32;
/// Longest name of a field in bytes, as that of a key.
const MAX_NAME: usize = 256;
/// Longest text to look for in bytes.
const MAX_SEARCH: usize = 1024;
/// Parameters that are looked at, at most.
const MAX_PARAMETERS: usize = 256;

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
struct EntryPage {
    /// Number of entries on all pages.
    count: u64,
    /// As asked for, but 100 at most.
    limit: u64,
    offset: u64,
    items: Vec<Entry>,
}

/// A record of somebody's value: the fields asked for, as text, beside whose it is.
#[derive(Debug, Serialize, ToSchema)]
struct Entry {
    /// The key of the record.
    #[serde(rename = "_key")]
    key: String,
    #[serde(rename = "_user")]
    user: EntryUser,
    /// Null where the record has none.
    #[serde(flatten)]
    fields: BTreeMap<String, Option<String>>,
}

/// Owner of the record.
#[derive(Debug, Serialize, ToSchema)]
struct EntryUser {
    user_id: Uuid,
    profile: EntryProfile,
}

/// The users' words about themselves; keys without a value are left out.
#[derive(Debug, Serialize, ToSchema)]
struct EntryProfile {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    avatar_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    profile_link: Option<String>,
    onboarded: bool,
}

/// The records in the values of an attribute that users have in an object.
#[utoipa::path(
    get, path = "/objects/{objectID}/all-users/attributes/{pluginID}/{attrName}/entries",
    tag = "attributes", security(("bearer" = [])),
    params(
        ("objectID" = Uuid, Path), ("pluginID" = Uuid, Path), ("attrName" = String, Path),
        ("fields[]" = Option<Vec<String>>, Query,
            description = "The fields to return, at most 32. A further parameter named like \
                one of them keeps only the entries in which it has that text"),
        ("order" = Option<String>, Query,
            description = "One of the fields, ascending; descending with a minus before it"),
        ("q" = Option<String>, Query,
            description = "What any field without a filter has to contain, in any case"),
        ("limit" = Option<u64>, Query, description = "10 if not given, 100 at most"),
        ("offset" = Option<u64>, Query, description = "Entries to skip"),
    ),
    responses((status = 200, body = EntryPage)),
    extensions(("x-reasons" = json!(reasons![
        InvalidPluginId, InvalidQuery, InvalidParams: "the order is none of the fields",
        OperationNotPermitted: "unless the attribute's type lets everybody read", ObjectNotFound,
        InvalidParam: "no plugin declares the attribute",
    ]))),
)]
async fn attribute_entries(
    State(app): State<App>,
    _caller: Authenticated,
    place: Place,
    EntriesQuery(query): EntriesQuery,
) -> Result<Json<EntryPage>, ApiError> {
    let page = app
        .node
        .attribute_entries(place.object, &place.attribute, &query)
        .await?;
    let items = page.entries.into_iter();
    Ok(Json(EntryPage {
        count: page.total,
        limit: query.limit,
        offset: query.offset,
        items: items.map(|row| Entry::new(row, &query.fields)).collect(),
    }))
}

impl Entry {
    fn new(row: EntryRow, names: &[String]) -> Self {
        Self {
            key: row.key,
            user: EntryUser {
                user_id: row.user,
                profile: EntryProfile::new(&row.profile),
            },
            fields: names.iter().cloned().zip(row.fields).collect(),
        }
    }
}

impl EntryProfile {
    fn new(profile: &JsonMap) -> Self {
        let text = |key: &str| profile.get(key)?.as_str().map(str::to_owned);
        Self {
            name: text("name").unwrap_or_default(),
            bio: text("bio"),
            location: text("location"),
            avatar_hash: text("avatar_hash"),
            profile_link: text("profile_link"),
            onboarded: profile.get("onboarded") == Some(&true.into()),
        }
    }
}

/// The attribute, by the path.
struct Place {
    object: Uuid,
    attribute: AttributeId,
}

impl FromRequestParts<App> for Place {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Reason::InvalidRequestPath)?;
        let param = |wanted: &str| {
            let mut named = params.iter().filter(|(name, _)| *name == wanted);
            let (_, text) = named.next().ok_or(Reason::InvalidRequestPath)?;
            Ok::<_, ApiError>(text)
        };
        Ok(Self {
            object: id_of(param("objectID")?, Reason::InvalidObjectId)?,
            attribute: AttributeId {
                plugin: id_of(param("pluginID")?, Reason::InvalidPluginId)?,
                name: param("attrName")?.to_owned(),
            },
        })
    }
}

/// The request, by the query.
#[derive(Debug)]
struct EntriesQuery(EntryQuery);

impl FromRequestParts<App> for EntriesQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl EntriesQuery {
    fn parse(query: &str) -> Result<Self, ApiError> {
        let mut fields: Vec<String> = Vec::new();
        let mut others: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(query.as_bytes()).take(MAX_PARAMETERS) {
            // A parameter without a value counts as absent.
            if value.is_empty() {
                continue;
            }
            if value.contains('\0') {
                return Err(invalid("a parameter contains the character NUL"));
            }
            match key.strip_suffix("[]").unwrap_or(&key) {
                // Names that an entry has anyway are no fields of its record.
                "fields" if matches!(&*value, "_key" | "_user") => {}
                "fields" if fields.iter().any(|field| *field == *value) => {}
                "fields" => fields.push(value.into_owned()),
                key => {
                    others
                        .entry(key.to_owned())
                        .or_insert_with(|| value.into_owned());
                }
            }
        }
        if fields.len() > MAX_FIELDS || fields.iter().any(|field| field.len() > MAX_NAME) {
            return Err(invalid("too many fields, or one with too long a name"));
        }
        let mut number = |name: &str, default: u64| {
            let text = others.remove(name);
            text.map_or(Ok(default), |text| text.parse())
                .map_err(|_| invalid("limit and offset are whole numbers from 0 on"))
        };
        let limit = number("limit", DEFAULT_LIMIT)?.min(MAX_LIMIT);
        let offset = number("offset", 0)?;
        let search = others.remove("q");
        if search.as_ref().is_some_and(|text| text.len() > MAX_SEARCH) {
            return Err(invalid("q is too long"));
        }
        let order = others.remove("order");
        let order = order.map(|order| order_of(&order, &fields)).transpose()?;
        let filters = fields.iter().enumerate();
        let filters = filters.filter_map(|(index, field)| Some((index, others.remove(field)?)));
        Ok(Self(EntryQuery {
            filters: filters.collect(),
            fields,
            search,
            order,
            limit,
            offset,
        }))
    }
}

/// `name` or `-name`, as the index of the field and whether from the last to the first.
fn order_of(order: &str, fields: &[String]) -> Result<(usize, bool), ApiError> {
    let place = |name: &str| fields.iter().position(|field| field == name);
    let ascending = place(order).map(|index| (index, false));
    let descending = || Some((place(order.strip_prefix('-')?)?, true));
    ascending
        .or_else(descending)
        .ok_or_else(|| Reason::InvalidParams.into())
}

fn invalid(message: &'static str) -> ApiError {
    ApiError::new(Reason::InvalidQuery, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> EntryQuery {
        EntriesQuery::parse(query).expect("parses").0
    }

    #[test]
    fn the_queries_of_the_clients() {
        let comments = "fields%5B%5D=uuid&fields%5B%5D=created&fields%5B%5D=content&order=-created&limit=100&offset=100";
        let expected = EntryQuery {
            fields: ["uuid", "created", "content"].map(str::to_owned).to_vec(),
            order: Some((1, true)),
            limit: 100,
            offset: 100,
            ..EntryQuery::default()
        };
        assert_eq!(parse(comments), expected);
        let skyboxes = "fields[]=name&fields[]=is_public&fields=artist_name&is_public=true&order=name&limit=6&q=blue%20sky";
        let expected = EntryQuery {
            fields: ["name", "is_public", "artist_name"]
                .map(str::to_owned)
                .to_vec(),
            filters: vec![(1, "true".to_owned())],
            search: Some("blue sky".to_owned()),
            order: Some((0, false)),
            limit: 6,
            offset: 0,
        };
        assert_eq!(parse(skyboxes), expected);
    }

    #[test]
    fn limits_bound_the_answer() {
        for (query, limit, offset) in [
            ("", 10, 0),
            ("limit=0", 0, 0),
            (
                "limit=9007199254740991&offset=18446744073709551615",
                100,
                u64::MAX,
            ),
            ("limit=&offset=", 10, 0),
        ] {
            let parsed = parse(query);
            assert_eq!((parsed.limit, parsed.offset), (limit, offset), "{query}");
        }
        for query in [
            "limit=-1",
            "offset=x",
            "limit=18446744073709551616",
            "q=%00",
            "fields=a%00",
        ] {
            assert!(EntriesQuery::parse(query).is_err(), "{query}");
        }
        let many: String = (0..=MAX_FIELDS).map(|n| format!("fields={n}&")).collect();
        assert!(EntriesQuery::parse(&many).is_err());
    }

    #[test]
    fn only_fields_filter_and_order() {
        let parsed = parse("fields=a&fields=a&fields=_key&b=1&a=2&a=3&fields=-a&order=-a");
        assert_eq!(parsed.fields, ["a", "-a"]);
        assert_eq!(parsed.filters, [(0, "2".to_owned())]);
        assert_eq!(
            parsed.order,
            Some((1, false)),
            "a name may begin with a minus"
        );
        for query in ["order=a", "fields=a&order=b", "fields=a&order=--a"] {
            assert!(EntriesQuery::parse(query).is_err(), "{query}");
        }
    }
}
