//! Rules for every route (docs/spec/rest.md).

use posbus::Umid;
use reqwest::Method;
use serde_json::json;

use crate::support::{Api, EthereumWallet, Options, PLAZA, Server, WELCOME, Wallet};

#[tokio::test]
async fn the_node_tells_what_it_is() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let version = stranger.root("/version").await.ok(200);
    assert_eq!(
        version["api"]["major"], 4,
        "the UI builds its paths from it"
    );
    for key in ["major", "minor", "patch"] {
        assert!(version["controller"][key].is_number(), "{version}");
    }
    assert_eq!(
        stranger.root("/health").await.ok(200),
        json!({"status": "ok"})
    );
    assert_eq!(stranger.root("/ready").await.status, 200);
    let metrics = stranger.root("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.content_type.starts_with("text/plain"),
        "{}",
        metrics.content_type
    );
    let page = stranger.root("/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.content_type.starts_with("text/html"),
        "{}",
        page.content_type
    );

    let config = stranger.get("/config/ui-client").await.ok(200);
    let node: Umid = config["NODE_ID"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    assert!(!node.is_nil());
    assert_eq!(
        config["RENDER_SERVICE_URL"],
        json!(format!("{}/api/v4/media/render", server.url()))
    );
    let plugins = stranger.get("/plugin").await.ok(200);
    let names: Vec<_> = plugins
        .as_array()
        .expect("a list")
        .iter()
        .map(|plugin| &plugin["meta"]["name"])
        .collect();
    assert!(names.contains(&&json!("Core")), "{names:?}");
    let found = stranger.get("/plugin?text=Cor").await.ok(200);
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
}

#[tokio::test]
async fn errors_have_one_shape() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let unknown = Umid::now_v7();
    let cases = [
        ("/objects/nonsense".to_owned(), 400, "invalid_object_id"),
        ("/users/nonsense".to_owned(), 400, "invalid_user_id"),
        ("/worlds/nonsense".to_owned(), 400, "invalid_world_id"),
        (format!("/objects/{unknown}"), 404, "object_not_found"),
        (format!("/objects/{unknown}/tree"), 404, "object_not_found"),
        (
            format!("/objects/{unknown}/members"),
            404,
            "object_not_found",
        ),
        (format!("/users/{unknown}"), 404, "user_not_found"),
        (format!("/worlds/{unknown}"), 404, "world_not_found"),
        (format!("/worlds/{PLAZA}"), 404, "world_not_found"),
        (
            format!("/worlds/{unknown}/online-users"),
            404,
            "world_not_found",
        ),
        (
            format!("/objects/{PLAZA}/attributes"),
            400,
            "invalid_request_query",
        ),
    ];
    for (path, status, reason) in cases {
        guest.get(&path).await.refused(status, reason);
    }
    for path in ["/no/such/route", "/objects"] {
        let answer = guest.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.json()["error"]["reason"].is_string(), "{path}");
    }
    let wrong_method = guest.delete("/worlds").await;
    assert_eq!(wrong_method.status, 404, "the reference knows no 405");
    let broken = guest
        .request(Method::POST, "/objects")
        .body("{\"object_name\": ");
    guest
        .send(broken)
        .await
        .refused(400, "invalid_request_body");
    for token in ["", "nonsense", "a.b.c"] {
        let nobody = guest.with_token(token);
        for path in [
            "/users/me".to_owned(),
            "/worlds".to_owned(),
            format!("/objects/{PLAZA}"),
        ] {
            nobody
                .get(&path)
                .await
                .refused(401, "failed_to_verify_access_token");
        }
    }
    let too_large = json!({"name": "x".repeat(3 << 20)});
    let answer = guest.patch("/profile", too_large).await;
    assert!(matches!(answer.status, 400 | 413), "{}", answer.status);
}

/// The bot SDK posts text/plain and parses every answer.
#[tokio::test]
async fn the_content_type_of_a_request_does_not_matter() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let wallet = EthereumWallet::new(1);
    let challenge = stranger.challenge(&wallet).await;
    let proof = json!({"wallet": wallet.address(), "network": "ethereum",
                       "signedChallenge": wallet.sign(&challenge), "and": {"something": "else"}});
    let request = stranger
        .request(Method::POST, "/auth/token")
        .header("content-type", "text/plain;charset=UTF-8")
        .body(proof.to_string());
    let token = stranger.send(request).await;
    assert!(
        token.content_type.starts_with("application/json"),
        "{}",
        token.content_type
    );
    let token = token.ok(200)["token"].clone();
    let token = token.as_str().expect("a token");
    // With the prefix, and bare.
    for header in [format!("Bearer {token}"), token.to_owned()] {
        let request = stranger
            .request(Method::GET, "/users/me")
            .header("authorization", header);
        stranger.send(request).await.ok(200);
    }
}

#[tokio::test]
async fn ids_are_understood_in_every_spelling() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let plain = guest.get(&format!("/objects/{PLAZA}")).await.ok(200);
    let spellings = [
        PLAZA.simple().to_string(),
        PLAZA.to_string().to_uppercase(),
        format!("%7B{PLAZA}%7D"),
        PLAZA.urn().to_string(),
    ];
    for id in spellings {
        assert_eq!(
            guest.get(&format!("/objects/{id}")).await.ok(200),
            plain,
            "{id}"
        );
    }
    assert_eq!(
        plain["parent_id"],
        json!(WELCOME),
        "answers use lower case with dashes"
    );
}

#[tokio::test]
async fn odd_limits_of_lists_are_clamped_and_sql_is_refused() {
    let mut server = Server::start(Options::default());
    let owner = Api::owner(&mut server).await;
    Api::user(&server, 2).await;
    owner.create_world("Second").await;
    for path in ["/users", "/worlds"] {
        let all = owner.get(path).await.ok(200);
        assert_eq!(all.as_array().map(Vec::len), Some(2), "{path}: {all}");
        let one = owner.get(&format!("{path}?limit=1&sort=ASC")).await.ok(200);
        let other = owner
            .get(&format!("{path}?limit=1&sort=DESC"))
            .await
            .ok(200);
        assert_eq!(
            (one[0].clone(), other[0].clone()),
            (all[1].clone(), all[0].clone()),
            "{path}"
        );
        owner
            .get(&format!("{path}?limit=9007199254740991"))
            .await
            .ok(200);
        for limit in [
            "1;DROP%20TABLE%20object",
            "1%20UNION%20SELECT%201",
            "-1",
            "x",
        ] {
            let answer = owner.get(&format!("{path}?limit={limit}")).await;
            answer.refused(400, "invalid_request_query");
        }
    }
    owner.get(&format!("/worlds/{WELCOME}")).await.ok(200);
}

#[tokio::test]
async fn pages_elsewhere_may_call() {
    let server = Server::start(Options::default());
    let stranger = Api::stranger(&server);
    let preflight = stranger
        .request(Method::OPTIONS, "/objects")
        .header("origin", "https://somewhere.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let response = http
        .execute(preflight.build().expect("a request"))
        .await
        .expect("an answer");
    let header = |name: &str| {
        let value = response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_lowercase()
    };
    assert!(response.status().is_success(), "{}", response.status());
    assert!(!header("access-control-allow-origin").is_empty());
    for name in ["authorization", "content-type"] {
        assert!(
            header("access-control-allow-headers").contains(name),
            "a star does not cover it"
        );
    }
    for method in ["get", "post", "patch", "delete"] {
        assert!(header("access-control-allow-methods").contains(method));
    }
}

/// The reference lets anybody do these; those that come later come with rights.
#[tokio::test]
async fn unchecked_routes_of_the_platform_are_closed() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let other = Api::guest(&server).await.user;
    let doors = [
        (Method::POST, "/users/mutual-docks".to_owned()),
        (Method::POST, format!("/objects/{WELCOME}/spawn-by-user")),
        (
            Method::POST,
            format!("/objects/{WELCOME}/{other}/attributes"),
        ),
        (Method::POST, format!("/objects/{WELCOME}/timeline")),
        (Method::POST, "/webhook/skybox-blockadelabs".to_owned()),
        (Method::PATCH, format!("/worlds/{WELCOME}")),
        (Method::POST, "/node/activate-plugin".to_owned()),
        (Method::POST, "/node/hosting-allow-list".to_owned()),
        (Method::POST, "/media/upload/image".to_owned()),
        (Method::DELETE, "/media/deltrack/abc".to_owned()),
    ];
    for (method, path) in doors {
        let request = guest
            .request(method.clone(), &path)
            .json(&json!({"name": "mine", "file_url": "http://127.0.0.1/"}));
        let answer = guest.send(request).await;
        assert!(
            (400..500).contains(&answer.status),
            "{method} {path}: {}",
            answer.status
        );
    }
    for path in ["/iot", "/debug/pprof/", "/debug/pprof/heap"] {
        assert_eq!(guest.root(path).await.status, 404, "{path}");
    }
    let world = guest.get(&format!("/worlds/{WELCOME}")).await.ok(200);
    assert_eq!(world["name"], "Welcome");
}
