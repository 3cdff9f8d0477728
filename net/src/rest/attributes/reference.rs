//! The attribute of a request, in a query or in a body, and the value it is to get.

use axum::extract::{FromRequest, Request};
use components::{AttributeId, Reason};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::ValueMap;
use crate::rest::{
    ApiError, App, bytes_of,
    extract::{id_of, invalid_body, parse, required_text},
    query,
};

/// Names an attribute.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AttributeRef {
    /// The plugin that declares it.
    #[param(required = true, nullable = false, format = Uuid)]
    plugin_id: Option<String>,
    #[param(required = true, nullable = false, min_length = 1)]
    attribute_name: Option<String>,
}

impl AttributeRef {
    pub(super) fn new(plugin_id: Option<String>, attribute_name: Option<String>) -> Self {
        Self {
            plugin_id,
            attribute_name,
        }
    }

    pub(super) fn id(self) -> Result<AttributeId, ApiError> {
        Form::Query.id(self.plugin_id, self.attribute_name)
    }
}

/// Names one key of an attribute.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EntryRef {
    /// The plugin that declares the attribute.
    #[param(required = true, nullable = false, format = Uuid)]
    plugin_id: Option<String>,
    #[param(required = true, nullable = false, min_length = 1)]
    attribute_name: Option<String>,
    #[param(required = true, nullable = false, min_length = 1)]
    sub_attribute_key: Option<String>,
}

impl EntryRef {
    pub(super) fn id(self) -> Result<(AttributeId, String), ApiError> {
        let id = Form::Query.id(self.plugin_id, self.attribute_name)?;
        Ok((id, Form::Query.key(self.sub_attribute_key)?))
    }
}

/// Names what is to be removed, in the query or in the body.
#[derive(Debug, Default, Deserialize, ToSchema, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RemovalRef {
    /// The plugin that declares the attribute. Required here or in the other place.
    #[param(nullable = false, format = Uuid)]
    #[schema(nullable = false, format = Uuid)]
    plugin_id: Option<String>,
    /// Required in the same place.
    #[param(nullable = false)]
    #[schema(nullable = false)]
    attribute_name: Option<String>,
    /// Required in the same place if one key is to be removed.
    #[param(nullable = false)]
    #[schema(nullable = false)]
    sub_attribute_key: Option<String>,
}

/// The attribute that a removal is about, perhaps a key of it, and where they stood.
pub(super) struct Removal {
    pub(super) id: AttributeId,
    key: Option<String>,
    pub(super) form: Form,
}

impl Removal {
    pub(super) fn key(&self) -> Result<String, ApiError> {
        self.form.key(self.key.clone())
    }
}

impl FromRequest<App> for Removal {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &App) -> Result<Self, ApiError> {
        let in_query: Option<RemovalRef> = request
            .uri()
            .query()
            .and_then(|query| query::parse(query).ok());
        let in_query = in_query.filter(|reference| reference.plugin_id.is_some());
        let (form, reference) = match in_query {
            Some(reference) => (Form::Query, reference),
            None => (Form::Body, parse(&bytes_of(request).await?)?),
        };
        let RemovalRef {
            plugin_id,
            attribute_name,
            sub_attribute_key: key,
        } = reference;
        let id = form.id(plugin_id, attribute_name)?;
        Ok(Self { id, key, form })
    }
}

/// An attribute and its new value.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AttributeSet {
    /// The plugin that declares it.
    #[schema(required, nullable = false, format = Uuid)]
    plugin_id: Option<String>,
    #[schema(required, nullable = false, min_length = 1)]
    attribute_name: Option<String>,
    /// At most 64 KiB as JSON; `{}` is a value.
    #[schema(required, nullable = false, value_type = Object)]
    attribute_value: Option<ValueMap>,
}

impl AttributeSet {
    pub(super) fn parts(self) -> Result<(AttributeId, ValueMap), ApiError> {
        let id = Form::Body.id(self.plugin_id, self.attribute_name)?;
        let value = self
            .attribute_value
            .ok_or_else(|| invalid_body("attribute_value is required"))?;
        Ok((id, value))
    }
}

/// One key of an attribute and its new value.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct EntrySet {
    /// The plugin that declares the attribute.
    #[schema(required, nullable = false, format = Uuid)]
    plugin_id: Option<String>,
    #[schema(required, nullable = false, min_length = 1)]
    attribute_name: Option<String>,
    /// At most 256 bytes.
    #[schema(required, nullable = false, min_length = 1)]
    sub_attribute_key: Option<String>,
    /// Anything but null, at most 64 KiB as JSON.
    #[schema(required)]
    sub_attribute_value: Option<Value>,
}

impl EntrySet {
    pub(super) fn key(&self) -> String {
        self.sub_attribute_key.clone().unwrap_or_default()
    }

    pub(super) fn parts(self) -> Result<(AttributeId, String, Value), ApiError> {
        let id = Form::Body.id(self.plugin_id, self.attribute_name)?;
        let key = required_text(self.sub_attribute_key, "sub_attribute_key is required")?;
        let value = self
            .sub_attribute_value
            .ok_or_else(|| invalid_body("sub_attribute_value is required"))?;
        Ok((id, key, value))
    }
}

/// Place where an attribute is named. The same mistakes have other codes here than there
/// (docs/spec/rest.md §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Query,
    Body,
}

impl Form {
    fn id(self, plugin: Option<String>, name: Option<String>) -> Result<AttributeId, ApiError> {
        let plugin = self.required(plugin, "plugin_id is required")?;
        let name = self.required(name, "attribute_name is required")?;
        let malformed = match self {
            Self::Query => Reason::InvalidPluginAttribute,
            Self::Body => Reason::InvalidPluginId,
        };
        Ok(AttributeId {
            plugin: id_of(&plugin, malformed)?,
            name,
        })
    }

    fn key(self, key: Option<String>) -> Result<String, ApiError> {
        self.required(key, "sub_attribute_key is required")
    }

    fn required(self, text: Option<String>, message: &'static str) -> Result<String, ApiError> {
        let missing = match self {
            Self::Query => Reason::InvalidRequestQuery,
            Self::Body => Reason::InvalidRequestBody,
        };
        text.filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::new(missing, message))
    }

    /// A refusal of the node under the code of this form.
    pub(super) fn refusal(self, error: node::NodeError) -> ApiError {
        let error = ApiError::from(error);
        match self {
            Self::Query => error,
            Self::Body => {
                error.replace_reason(Reason::InvalidPluginAttribute, Reason::InvalidAttribute)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_map_is_a_value_and_null_is_none() {
        let vote: AttributeSet =
            parse(br#"{"plugin_id": "x", "attribute_name": "vote", "attribute_value": {}}"#)
                .expect("parses");
        assert_eq!(vote.attribute_value, Some(ValueMap::new()));
        let none: AttributeSet = parse(br#"{"attribute_value": null}"#).expect("parses");
        assert_eq!(none.attribute_value, None);
        assert!(
            parse::<AttributeSet>(br#"{"attribute_value": [1]}"#).is_err(),
            "only objects are values"
        );
    }

    #[test]
    fn references_need_both_parts() {
        const PLUGIN: &str = "F0F0F0F00F0F4FF0AF0FF0F0F0F0F0F0";
        let text = |text: &str| Some(text.to_owned());
        for form in [Form::Query, Form::Body] {
            let id = form.id(text(PLUGIN), text("name")).expect("complete");
            assert_eq!(id, components::ids::core("name"));
            for (plugin, name) in [
                (text(""), text("name")),
                (text(PLUGIN), text("")),
                (text("plugin"), text("name")),
                (None, text("name")),
                (text(PLUGIN), None),
            ] {
                assert!(form.id(plugin, name).is_err());
            }
            assert!(form.key(text("")).is_err() && form.key(None).is_err());
        }
    }
}
