//! `odyssey migrate`: up, down, status, and a database from the future.

use sea_orm::{ConnectionTrait, Database};

use crate::command::Home;

const STATUS: &[&str] = &["migrate", "status"];

#[test]
fn migrations_go_up_and_down_and_are_listed() {
    let home = Home::new();
    let states = |arguments: &[&str]| {
        let ended = home.run(arguments, &[]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let lines = ended.out.lines();
        let words = lines.map(|line| line.split(' ').next().unwrap_or_default().to_owned());
        words.collect::<Vec<_>>()
    };
    let pending = states(STATUS);
    assert!(!pending.is_empty() && pending.iter().all(|state| state == "pending"));
    let applied = states(&["migrate", "up"]);
    assert_eq!(applied.len(), pending.len());
    assert!(
        applied.iter().all(|state| state == "applied"),
        "{applied:?}"
    );
    assert_eq!(states(&["migrate", "up"]), applied, "again changes nothing");

    let down = states(&["migrate", "down"]);
    assert_eq!(down.iter().filter(|state| *state == "pending").count(), 1);
    assert_eq!(down.last().map(String::as_str), Some("pending"));
    assert_eq!(states(STATUS), down);
    let all = applied.len().to_string();
    assert_eq!(states(&["migrate", "down", "--steps", &all]), pending);
    assert_eq!(states(&["migrate", "up"]), applied);
}

#[tokio::test]
async fn a_database_from_the_future_is_refused() {
    let home = Home::new();
    assert_eq!(home.run(&["migrate", "up"], &[]).code, Some(0));
    let file = home.path().join("data/odyssey.db");
    let url = format!("sqlite://{}", file.display());
    let database = Database::connect(url).await.expect("a database");
    database
        .execute_unprepared("INSERT INTO odyssey_migration VALUES ('m9999_flying_cars', 0)")
        .await
        .expect("one more migration");
    database.close().await.expect("closes");

    for arguments in [
        &["--bind", "127.0.0.1:0"] as &[_],
        &["migrate", "up"],
        STATUS,
    ] {
        let ended = home.run(arguments, &[]);
        let complaint = ended.err.lines().last().unwrap_or_default();
        assert!(
            complaint.starts_with("odyssey: database_url: "),
            "{ended:?}"
        );
        assert!(
            complaint.contains("newer") && complaint.contains("m9999_flying_cars"),
            "{complaint}"
        );
        assert_eq!(ended.code, Some(2), "{ended:?}");
    }
}
