//! Members of objects (docs/spec/model.md §3.1).

use axum::{Json, extract::State};
use components::Reason;
use node::NewMember;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiError, App, Authenticated, Body, PathId, PathIds,
    extract::{id_of, invalid_body},
    reasons,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(remove))
}

/// A user with a role on an object.
#[derive(Debug, Serialize, ToSchema)]
struct Member {
    object_id: Uuid,
    user_id: Uuid,
    name: String,
    avatar_hash: String,
    role: String,
}

impl From<node::MemberRow> for Member {
    fn from(row: node::MemberRow) -> Self {
        Self {
            object_id: row.object,
            user_id: row.user,
            name: row.name,
            avatar_hash: row.avatar_hash,
            role: row.role,
        }
    }
}

/// The users with a role on exactly this object.
#[utoipa::path(
    get, path = "/objects/{objectID}/members", tag = "members", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)),
    responses((status = 200, body = [Member])),
    extensions(("x-reasons" = json!(reasons![NotAdmin, ObjectNotFound]))),
)]
async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
) -> Result<Json<Vec<Member>>, ApiError> {
    let members = app.node.members(caller, object).await?;
    Ok(Json(members.into_iter().map(Member::from).collect()))
}

/// The user to make a member: `user_id` or `wallet`, not both.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewMember)]
struct New {
    /// `admin`, the only role.
    #[schema(required, nullable = false)]
    role: Option<String>,
    user_id: Option<String>,
    wallet: Option<String>,
}

impl New {
    fn member(self) -> Result<NewMember, ApiError> {
        if self.role.as_deref() != Some("admin") {
            return Err(invalid_body("the only role is admin"));
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        match (given(self.user_id), given(self.wallet)) {
            (Some(user), None) => Ok(NewMember::User(id_of(&user, Reason::InvalidRequestBody)?)),
            (None, Some(wallet)) => Ok(NewMember::Wallet(wallet)),
            _ => Err(invalid_body("either user_id or wallet is required")),
        }
    }
}

/// Makes a user admin of an object.
#[utoipa::path(
    post, path = "/objects/{objectID}/members", tag = "members", security(("bearer" = [])),
    params(("objectID" = Uuid, Path)), request_body = New,
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![
        NotAdmin, ObjectNotFound, UserNotFound, TooManyMembers,
    ]))),
)]
async fn add(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathId(object): PathId,
    Body(new): Body<New>,
) -> Result<Json<()>, ApiError> {
    app.node.add_member(caller, object, new.member()?).await?;
    Ok(Json(()))
}

/// Takes a user's role on an object.
#[utoipa::path(
    delete, path = "/objects/{objectID}/members/{userID}", tag = "members",
    security(("bearer" = [])), params(("objectID" = Uuid, Path), ("userID" = Uuid, Path)),
    responses((status = 200, description = "null")),
    extensions(("x-reasons" = json!(reasons![
        NotAdmin, ObjectNotFound, LastAdmin: "the node would have none left",
    ]))),
)]
async fn remove(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    PathIds(ids): PathIds<2>,
) -> Result<Json<()>, ApiError> {
    let [object, user] = ids;
    app.node.remove_member(caller, object, user).await?;
    Ok(Json(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(
        role: Option<&str>,
        user: Option<&str>,
        wallet: Option<&str>,
    ) -> Result<NewMember, ApiError> {
        let text = |text: Option<&str>| text.map(str::to_owned);
        New {
            role: text(role),
            user_id: text(user),
            wallet: text(wallet),
        }
        .member()
    }

    #[test]
    fn a_member_is_named_in_one_way_and_an_admin() {
        let user = "f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0";
        let by_wallet = new(Some("admin"), None, Some("0x1")).expect("by wallet");
        assert_eq!(by_wallet, NewMember::Wallet("0x1".to_owned()));
        assert!(new(Some("admin"), Some(user), Some("")).is_ok());
        for (role, user, wallet) in [
            (None, Some(user), None),
            (Some("member"), Some(user), None),
            (Some("admin"), Some(user), Some("0x1")),
            (Some("admin"), None, None),
            (Some("admin"), Some("me"), None),
        ] {
            assert!(
                new(role, user, wallet).is_err(),
                "{role:?} {user:?} {wallet:?}"
            );
        }
    }
}
