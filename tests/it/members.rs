//! Members of objects: who may make whom an admin, and what follows (docs/spec/model.md §3.1).

use posbus::{Notification, NotificationType, Umid};
use serde_json::{Value, json};

use crate::support::{
    Answer, Api, Client, EthereumWallet, Options, PLAZA, Server, WELCOME, Wallet, at,
};

async fn add(api: &Api, object: Umid, member: Value) -> Answer {
    api.post(&format!("/objects/{object}/members"), member)
        .await
}

async fn remove(api: &Api, object: Umid, user: Umid) -> Answer {
    api.delete(&format!("/objects/{object}/members/{user}"))
        .await
}

async fn ids(api: &Api, object: Umid) -> Vec<Value> {
    let list = api.get(&format!("/objects/{object}/members")).await.ok(200);
    let list = list.as_array().expect("a list").iter();
    list.map(|member| member["user_id"].clone()).collect()
}

#[tokio::test]
async fn a_member_is_named_by_id_or_wallet_and_nothing_else() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let user = Api::user(&server, 1).await;
    let wallet = EthereumWallet::new(1).address();
    let (id, unknown) = (user.user, Umid::now_v7());
    let bad = [
        json!({}),
        json!({"role": "admin"}),
        json!({"role": "admin", "user_id": id, "wallet": wallet}),
        json!({"role": "member", "user_id": id}),
        json!({"role": "", "user_id": id}),
        json!({"role": null, "user_id": id}),
        json!({"role": ["admin"], "user_id": id}),
        json!({"user_id": id}),
        json!({"role": "admin", "user_id": "me"}),
        json!({"role": "admin", "user_id": "", "wallet": ""}),
        json!({"role": "admin", "user_id": Umid::nil()}),
        json!({"role": "admin", "wallet": 5}),
    ];
    for body in bad {
        let refused = add(&owner, PLAZA, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        refused.refused(400, "invalid_request_body");
    }
    for body in [
        json!({"role": "admin", "user_id": unknown}),
        json!({"role": "admin", "wallet": EthereumWallet::new(99).address()}),
        json!({"role": "admin", "wallet": "\u{0}"}),
        json!({"role": "admin", "wallet": "nobody"}),
    ] {
        let refused = add(&owner, PLAZA, body).await;
        refused.refused(404, "user_not_found");
    }
    assert_eq!(ids(&owner, PLAZA).await, Vec::<Value>::new());

    let by_wallet = json!({"role": "admin", "wallet": wallet.to_uppercase()});
    assert_eq!(add(&owner, PLAZA, by_wallet).await.ok(200), Value::Null);
    let by_id = json!({"role": "admin", "user_id": id, "wallet": ""});
    assert_eq!(add(&owner, PLAZA, by_id).await.ok(200), Value::Null);
    let list = owner.get(&format!("/objects/{PLAZA}/members")).await;
    let member = json!({
        "object_id": PLAZA, "user_id": id, "name": "User 1", "avatar_hash": "", "role": "admin",
    });
    assert_eq!(list.ok(200), json!([member]), "once, and not its owner");
    assert_eq!(remove(&owner, PLAZA, id).await.ok(200), Value::Null);
    let again = remove(&owner, PLAZA, id).await;
    assert_eq!(again.ok(200), Value::Null, "who is no member stays none");
    remove(&owner, unknown, id)
        .await
        .refused(404, "object_not_found");
    add(&owner, unknown, json!({"role": "admin", "user_id": id}))
        .await
        .refused(404, "object_not_found");
}

/// Permitted users: owner, admin of the object, admin of what is above it; nobody else, be it to
/// look, to add or to remove.
#[tokio::test]
async fn only_admins_see_and_change_members() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let object = owner.create(WELCOME, "Thing", at(0.0, 0.0, 0.0)).await;
    let (of_world, of_object, user, guest) = (
        Api::user(&server, 1).await,
        Api::user(&server, 2).await,
        Api::user(&server, 3).await,
        Api::guest(&server).await,
    );
    let admin = |user: Umid| json!({"role": "admin", "user_id": user});
    add(&owner, WELCOME, admin(of_world.user)).await.ok(200);
    add(&of_world, object, admin(of_object.user)).await.ok(200);
    for (caller, of_the_world) in [(&owner, true), (&of_world, true), (&of_object, false)] {
        assert_eq!(ids(caller, object).await, [json!(of_object.user)]);
        let above = add(caller, WELCOME, admin(guest.user)).await;
        match of_the_world {
            true => drop(above.ok(200)),
            false => above.refused(403, "not_admin"),
        }
    }
    remove(&owner, WELCOME, guest.user).await.ok(200);
    for caller in [&user, &guest] {
        let list = caller.get(&format!("/objects/{object}/members")).await;
        list.refused(403, "not_admin");
        let refused = add(caller, object, admin(caller.user)).await;
        refused.refused(403, "not_admin");
        let refused = remove(caller, object, of_object.user).await;
        refused.refused(403, "not_admin");
    }
    let stranger = Api::stranger(&server);
    let refused = add(&stranger, object, admin(user.user)).await;
    refused.refused(401, "failed_to_verify_access_token");
}

/// An object always has an owner who is its admin, so anybody may be removed there, oneself
/// included. The node's owner is a system account, so its last admin stays.
#[tokio::test]
async fn every_object_keeps_an_admin() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let world = owner.create_world("Mine").await;
    let (first, second) = (Api::user(&server, 1).await, Api::user(&server, 2).await);
    let admin = |user: Umid| json!({"role": "admin", "user_id": user});
    for member in [&first, &second] {
        add(&owner, world, admin(member.user)).await.ok(200);
    }
    remove(&first, world, second.user).await.ok(200);
    remove(&first, world, first.user).await.ok(200);
    remove(&first, world, first.user)
        .await
        .refused(403, "not_admin");
    // The owner is no member, and cannot be removed.
    remove(&owner, world, owner.user).await.ok(200);
    owner
        .patch(
            &format!("/objects/{world}"),
            json!({"object_name": "Still mine"}),
        )
        .await
        .ok(200);

    let node = owner.get("/config/ui-client").await.ok(200)["NODE_ID"].clone();
    let node: Umid = serde_json::from_value(node).expect("an id");
    let last = remove(&owner, node, owner.user).await;
    last.refused(409, "last_admin");
    add(&owner, node, admin(first.user)).await.ok(200);
    remove(&first, node, owner.user).await.ok(200);
    let last = remove(&first, node, first.user).await;
    last.refused(409, "last_admin");
}

/// A user who is in a world, be it another one, is told what became of their role; nobody else is.
#[tokio::test]
async fn members_are_told() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    let elsewhere = owner.create_world("Elsewhere").await;
    let user = Api::user(&server, 1).await;
    let mut client = Client::connect(&server, &user).await;
    client.enter(elsewhere).await;
    let mut other = Client::guest(&server).await;
    let told = async |client: &mut Client| {
        let notice: Notification = client.expect("a notice", |_: &Notification| true).await;
        assert_eq!(notice.notify_type, NotificationType::TEXT_MESSAGE);
        notice.value
    };
    add(
        &owner,
        WELCOME,
        json!({"role": "admin", "user_id": user.user}),
    )
    .await
    .ok(200);
    assert_eq!(told(&mut client).await, "You are an admin now: Welcome");
    remove(&owner, WELCOME, user.user).await.ok(200);
    assert_eq!(
        told(&mut client).await,
        "You are no longer an admin: Welcome"
    );
    // Removing somebody who is none tells them nothing.
    remove(&owner, WELCOME, user.user).await.ok(200);
    for client in [&mut client, &mut other] {
        let heard = client.settle().await;
        let notices = heard
            .iter()
            .filter(|message| matches!(message, posbus::Message::Notification(_)));
        assert_eq!(notices.count(), 1, "only that of settling: {heard:?}");
    }
}
