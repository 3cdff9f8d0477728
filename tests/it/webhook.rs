//! Reports on skies: believed only from whom was given the secret of the job (docs/spec/model.md
//! §8.5).

use serde_json::{Value, json};

use crate::{
    skybox::{JPEG, begin, report, status, told},
    support::{Api, Play, StandIn},
};

/// X12, S16: nobody but the provider can say where the picture of a job is.
#[tokio::test]
async fn webhooks_without_the_secret_are_refused() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    let (webhook, other) = (
        begin(&provider, &server, &api, 71).await,
        begin(&provider, &server, &api, 72).await,
    );
    assert_ne!(webhook, other);
    let (base, secret) = webhook.rsplit_once('/').expect("a path");
    assert!(secret.len() >= 32, "cannot be guessed");
    let done = || status(71, "complete", &provider.url("/71.jpg"));
    let guesses = [
        base.to_owned(),
        format!("{base}/{}", "0".repeat(secret.len())),
        format!("{base}/{}", &secret[1..]),
        format!("{base}/{}", secret.to_uppercase()),
        format!("{base}/71"),
    ];
    for guess in guesses {
        report(&server, &guess, done())
            .await
            .refused(403, "webhook_not_signed");
    }
    report(&server, &other, done())
        .await
        .refused(400, "unknown_job");
    assert_eq!(told(&api).await["71"]["status"], "pending");
    report(&server, &webhook, done()).await.ok(200);
    assert_eq!(told(&api).await["71"]["status"], "complete");
}

#[tokio::test]
async fn fields_of_a_webhook_are_checked() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    let webhook = begin(&provider, &server, &api, 71).await;
    let with = |key: &str, value: Value| {
        let mut body = status(71, "processing", "");
        body[key] = value;
        body
    };
    for body in [
        with("file_url", json!("http://169.254.169.254/latest/meta-data")),
        with("file_url", json!("https://evil.example/a.jpg")),
        with("file_url", json!("file:///etc/passwd")),
        with("file_url", json!("nowhere")),
        with("file_url", json!(7)),
        with("status", json!("")),
        with("status", json!("x".repeat(100))),
        with("status", json!("a\u{0}b")),
        with("message", json!("a\u{0}b")),
        with("message", json!("x".repeat(100_000))),
        with("id", json!("71")),
        json!({}),
        json!([]),
        json!("text"),
    ] {
        report(&server, &webhook, body)
            .await
            .refused(400, "invalid_request_body");
    }
    let mut odd = status(71, "processing", "");
    odd["thumb_url"] = json!("https://evil.example/a.jpg");
    odd["prompt"] = json!("<script>");
    report(&server, &webhook, odd).await.ok(200);
    let kept = told(&api).await["71"].clone();
    assert_eq!(
        (&kept["status"], &kept["thumb_url"]),
        (&json!("processing"), &json!(""))
    );
    assert!(kept.get("prompt").is_none(), "{kept}");
}

/// A user's writes where clients look move no request of the server.
#[tokio::test]
async fn users_cannot_choose_the_fetched_address() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    let webhook = begin(&provider, &server, &api, 71).await;
    let path = format!(
        "/objects/{}/{}/attributes/sub",
        crate::support::WELCOME,
        api.user
    );
    let forged = json!({
        "plugin_id": crate::support::CORE, "attribute_name": "skybox_ai", "sub_attribute_key": "71",
        "sub_attribute_value": status(71, "complete", &provider.url("/mine.jpg")),
    });
    api.post(&path, forged.clone()).await.ok(202);
    api.get("/skybox/71").await.refused(404, "image_not_found");
    provider.plays("GET /71.jpg", Play::File("image/jpeg", JPEG.to_vec()));
    let done = status(71, "complete", &provider.url("/71.jpg"));
    report(&server, &webhook, done).await.ok(200);
    api.post(&path, forged).await.ok(202);
    assert_eq!(api.get("/skybox/71").await.bytes, JPEG);
    assert_eq!(provider.count("GET /mine.jpg"), 0);
}

#[tokio::test]
async fn finished_jobs_stay_finished() {
    let provider = StandIn::start().await;
    let (server, _owner) = provider.serve().await;
    let api = Api::user(&server, 1).await;
    let webhook = begin(&provider, &server, &api, 71).await;
    let done = status(71, "complete", &provider.url("/71.jpg"));
    for (body, expected) in [
        (status(71, "processing", ""), "processing"),
        (done.clone(), "complete"),
        (status(71, "processing", ""), "complete"),
        (done, "complete"),
    ] {
        assert_eq!(report(&server, &webhook, body).await.ok(200), "ok");
        assert_eq!(told(&api).await["71"]["status"], expected);
    }
}
