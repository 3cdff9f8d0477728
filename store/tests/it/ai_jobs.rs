//! Jobs of picture providers are found again by whoever may, and uses are counted
//! (docs/regressions.md C10, D14, D16).

use components::{AttributeTarget, Umid, ids};
use serde_json::json;
use store::{AiJob, StoreError};

use crate::fixture::{Fixture, on_both};

on_both!(
    jobs_are_found_by_id_and_by_secret,
    old_jobs_are_forgotten_per_user_and_object,
    parallel_uses_are_all_counted,
);

fn job(id: &str, user: Umid, object: Option<Umid>) -> AiJob {
    AiJob {
        provider: "painter".to_owned(),
        job_id: id.to_owned(),
        user,
        object,
        status: "pending".to_owned(),
        file_url: None,
    }
}

async fn jobs_are_found_by_id_and_by_secret(fixture: Fixture) {
    let store = &fixture.store;
    let user = fixture.user().await;
    let world = fixture.world(user).await;
    let mut one = job("1", user, Some(world));
    store.insert_ai_job(&one, Some("digest")).await.unwrap();
    store
        .insert_ai_job(&job("2", user, None), None)
        .await
        .unwrap();
    assert_eq!(
        store.ai_job("painter", "1").await.unwrap(),
        Some(one.clone())
    );
    assert_eq!(store.ai_job("other", "1").await.unwrap(), None);
    let by_secret = store.ai_job_by_secret("painter", "digest").await.unwrap();
    assert_eq!(by_secret, Some(one.clone()));
    for wrong in ["", "other"] {
        let found = store.ai_job_by_secret("painter", wrong).await.unwrap();
        assert_eq!(found, None);
    }
    let again = store.insert_ai_job(&one, None).await;
    assert!(matches!(again, Err(StoreError::JobExists)), "{again:?}");

    let url = Some("https://pictures.example/1.jpg");
    assert!(
        store
            .update_ai_job("painter", "1", "complete", url)
            .await
            .unwrap()
    );
    assert!(
        !store
            .update_ai_job("painter", "3", "complete", url)
            .await
            .unwrap()
    );
    one.status = "complete".to_owned();
    one.file_url = url.map(str::to_owned);
    assert_eq!(store.ai_job("painter", "1").await.unwrap(), Some(one));

    for _ in 0..2 {
        store.remove_ai_job("painter", "1").await.unwrap();
    }
    assert_eq!(store.ai_job("painter", "1").await.unwrap(), None);
    assert!(store.ai_job("painter", "2").await.unwrap().is_some());
}

async fn old_jobs_are_forgotten_per_user_and_object(fixture: Fixture) {
    let store = &fixture.store;
    let (user, other) = (fixture.user().await, fixture.user().await);
    let world = fixture.world(user).await;
    for number in 0..5 {
        let here = job(&format!("here {number}"), user, Some(world));
        store.insert_ai_job(&here, None).await.unwrap();
    }
    for (id, user, object) in [("elsewhere", user, None), ("other", other, Some(world))] {
        store
            .insert_ai_job(&job(id, user, object), None)
            .await
            .unwrap();
    }
    let mut gone = store
        .prune_ai_jobs("painter", user, Some(world), 3)
        .await
        .unwrap();
    gone.sort();
    assert_eq!(gone, ["here 0", "here 1"]);
    for id in ["here 2", "here 4", "elsewhere", "other"] {
        assert!(store.ai_job("painter", id).await.unwrap().is_some(), "{id}");
    }
    assert_eq!(store.ai_job("painter", "here 1").await.unwrap(), None);
}

async fn parallel_uses_are_all_counted(fixture: Fixture) {
    let user = fixture.user().await;
    let counter = ids::core("tracker_ai_usage");
    let mut counts = tokio::task::JoinSet::new();
    for number in 0..12 {
        let (store, counter) = (fixture.store.clone(), counter.clone());
        let provider = if number % 3 == 0 { "b" } else { "a" };
        counts.spawn(async move { store.count_use(&counter, user, provider).await.unwrap() });
    }
    counts.join_all().await;
    let stored = fixture
        .store
        .attribute(AttributeTarget::Node, &counter)
        .await;
    let value = stored.unwrap().unwrap().value.unwrap();
    assert_eq!(json!(value), json!({user.to_string(): {"a": 8, "b": 4}}));
}
