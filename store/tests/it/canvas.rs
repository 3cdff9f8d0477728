//! Contributions to a canvas with votes and comments (docs/spec/model.md §8.3).

use components::{AttributeId, AttributeTarget, Umid, ids};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use store::{ContributionOrder, ContributionRow, ContributionsQuery};

use crate::fixture::{Fixture, core, map, object, on_both};

on_both!(
    contributions_come_with_votes_and_comments,
    contributions_are_found_by_their_words,
);

const ALL: ContributionsQuery = ContributionsQuery {
    order: ContributionOrder::CreatedAt,
    limit: 100,
    offset: 0,
    search: None,
};

fn canvas(name: &str) -> AttributeId {
    AttributeId {
        plugin: ids::CANVAS_PLUGIN,
        name: name.to_owned(),
    }
}

async fn set(fixture: &Fixture, object: Umid, user: Umid, id: &AttributeId, value: Value) {
    fixture
        .store
        .set_attribute(
            AttributeTarget::ObjectUser { object, user },
            id,
            &map(value),
        )
        .await
        .unwrap();
}

/// An object below a canvas with what its owner contributed.
async fn contribute(fixture: &Fixture, below: Umid, user: Umid, value: Value) -> Umid {
    let child = object(ids::CUSTOM_OBJECT_TYPE, user, below);
    fixture
        .store
        .insert_objects(std::slice::from_ref(&child))
        .await
        .unwrap();
    set(
        fixture,
        child.id,
        user,
        &canvas("canvas_contribution"),
        value,
    )
    .await;
    child.id
}

fn objects(rows: &[ContributionRow]) -> Vec<Umid> {
    rows.iter().map(|row| row.object).collect()
}

async fn contributions_come_with_votes_and_comments(fixture: Fixture) {
    let store = &fixture.store;
    let users = [
        fixture.user().await,
        fixture.user().await,
        fixture.user().await,
    ];
    let world = fixture.world(users[0]).await;
    let below = fixture.object(users[0], world).await;
    let mut contributions = Vec::new();
    for user in users {
        let value = json!({ "answerOne": "yes" });
        contributions.push(contribute(&fixture, below, user, value).await);
    }
    // Neither objects without a contribution nor contributions elsewhere count.
    fixture.object(users[0], below).await;
    contribute(&fixture, world, users[0], json!({})).await;
    let [first, second, third] = contributions[..] else {
        unreachable!()
    };
    for (object, user) in [(first, 0), (first, 1), (first, 2), (second, 0)] {
        set(&fixture, object, users[user], &core("vote"), json!({})).await;
    }
    // A vote that was taken back, as the platform leaves it.
    let taken_back = format!(
        "UPDATE object_user_attribute SET value = NULL \
         WHERE attribute_name = 'vote' AND object_id = {} AND user_id = {}",
        fixture.literal(first),
        fixture.literal(users[2])
    );
    let raw = fixture.raw().await;
    raw.execute_unprepared(&taken_back).await.unwrap();
    let comments = core("comments");
    set(
        &fixture,
        second,
        users[0],
        &comments,
        json!({ "a": { "content": "1" }, "b": { "content": "2" } }),
    )
    .await;
    set(
        &fixture,
        second,
        users[1],
        &comments,
        json!({ "c": { "content": "3" }, "gone": null }),
    )
    .await;
    set(&fixture, first, users[1], &comments, json!({})).await;

    let (rows, count) = store.contributions(below, &ALL).await.unwrap();
    assert_eq!((objects(&rows), count), (vec![third, second, first], 3));
    let counts: Vec<_> = rows.iter().map(|row| (row.votes, row.comments)).collect();
    assert_eq!(counts, [(0, 0), (1, 3), (2, 0)]);
    assert_eq!(rows[1].user, users[1]);
    assert_eq!(rows[1].value, map(json!({ "answerOne": "yes" })));

    let by_votes = ContributionsQuery {
        order: ContributionOrder::Votes,
        ..ALL
    };
    let (rows, _) = store.contributions(below, &by_votes).await.unwrap();
    assert_eq!(objects(&rows), [first, second, third]);
    let page = ContributionsQuery {
        limit: 1,
        offset: 1,
        ..by_votes.clone()
    };
    let (rows, count) = store.contributions(below, &page).await.unwrap();
    assert_eq!((objects(&rows), count), (vec![second], 3));
    for (limit, offset) in [(0, 0), (10, u64::MAX)] {
        let nothing = ContributionsQuery {
            limit,
            offset,
            ..ALL
        };
        let (rows, count) = store.contributions(below, &nothing).await.unwrap();
        assert_eq!((rows, count), (Vec::new(), 3));
    }
    let (rows, count) = store.contributions(fixture.node, &ALL).await.unwrap();
    assert_eq!((rows, count), (Vec::new(), 0));
}

async fn contributions_are_found_by_their_words(fixture: Fixture) {
    let store = &fixture.store;
    let user = fixture.user().await;
    let world = fixture.world(user).await;
    let titled = json!({ "title": "100% Blue_Sky \\ here" });
    let titled = contribute(&fixture, world, user, titled).await;
    let answered = json!({ "answerFour": "green GRASS", "title": 5 });
    let answered = contribute(&fixture, world, user, answered).await;
    contribute(&fixture, world, user, json!({ "created": "green" })).await;
    for (search, found) in [
        ("blue", Some(titled)),
        ("0% B", Some(titled)),
        ("e_S", Some(titled)),
        ("y \\ h", Some(titled)),
        ("Grass", Some(answered)),
        ("1%B", None),
        ("lue.Sky", None),
        ("b_ue", None),
        ("\\", Some(titled)),
        ("'", None),
    ] {
        let query = ContributionsQuery {
            search: Some(search.to_owned()),
            ..ALL
        };
        let (rows, count) = store.contributions(world, &query).await.unwrap();
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(
            (objects(&rows), count),
            (found.clone(), found.len() as u64),
            "{search}"
        );
    }
}
