//! Pages of entries: what is filtered, searched, sorted and counted in the database
//! (docs/spec/model.md §5.6).

use components::{AttributeTarget, Umid};
use serde_json::{Value, json};
use store::{EntryPage, EntryQuery};

use crate::fixture::{Fixture, core, map, on_both};

on_both!(
    fields_come_as_text,
    each_parameter_does_what_it_says,
    odd_names_are_only_names,
    values_without_fields_are_not_entries,
);

async fn write(fixture: &Fixture, object: Umid, user: Umid, value: Value) {
    let target = AttributeTarget::ObjectUser { object, user };
    fixture
        .store
        .set_attribute(target, &core("comments"), &map(value))
        .await
        .unwrap();
}

async fn read(fixture: &Fixture, object: Umid, query: EntryQuery) -> EntryPage {
    fixture
        .store
        .attribute_entries(object, &core("comments"), &query)
        .await
        .unwrap()
}

fn fields<const N: usize>(names: [&str; N]) -> EntryQuery {
    EntryQuery {
        fields: names.map(str::to_owned).to_vec(),
        limit: 100,
        ..EntryQuery::default()
    }
}

fn keys(page: &EntryPage) -> Vec<&str> {
    page.entries
        .iter()
        .map(|entry| entry.key.as_str())
        .collect()
}

async fn fields_come_as_text(fixture: Fixture) {
    let user = fixture.user().await;
    let object = fixture.world(user).await;
    let record = json!({"text": "a \"b\" \\ ü", "yes": true, "no": false, "whole": 3, "part": 2.5, "null": null,
                        "list": [1, "x"], "map": {"a": 1}, "empty": ""});
    write(&fixture, object, user, json!({ "one": record })).await;
    let names = [
        "text", "yes", "no", "whole", "part", "null", "missing", "list", "map", "empty",
    ];
    let page = read(&fixture, object, fields(names)).await;
    let [entry] = page.entries.as_slice() else {
        panic!("{page:?}")
    };
    let found: Vec<Option<String>> = entry
        .fields
        .iter()
        // The databases put spaces where they like.
        .map(|text| {
            text.as_ref()
                .map(|text| text.replace(", ", ",").replace(": ", ":"))
        })
        .collect();
    let expected = [
        Some("a \"b\" \\ ü"),
        Some("true"),
        Some("false"),
        Some("3"),
        Some("2.5"),
        None,
        None,
        Some("[1,\"x\"]"),
        Some("{\"a\":1}"),
        Some(""),
    ];
    assert_eq!(found, expected.map(|text| text.map(str::to_owned)));
    assert_eq!((entry.user, entry.key.as_str()), (user, "one"));
    assert_eq!(entry.profile["name"], "Ada");
}

async fn each_parameter_does_what_it_says(fixture: Fixture) {
    let (ann, bob) = (fixture.user().await, fixture.guest().await);
    let object = fixture.world(ann).await;
    let elsewhere = fixture.world(ann).await;
    write(
        &fixture,
        object,
        ann,
        json!({
            "a1": {"name": "100% Gold", "public": true, "n": 1},
            "a2": {"name": "Silver_Sea", "public": true, "n": 2},
            "a3": {"name": "Ärger\\Eis", "public": false, "n": 3},
        }),
    )
    .await;
    write(
        &fixture,
        object,
        bob,
        json!({"b1": {"name": "1000 goldfish", "public": true}, "b2": {"public": false, "n": 5}}),
    )
    .await;
    write(&fixture, elsewhere, bob, json!({"c1": {"name": "Gold"}})).await;

    // (what, filters, search, order, limit, offset), expected keys and total
    type Row = (
        &'static str,
        &'static [(usize, &'static str)],
        Option<&'static str>,
        Option<(usize, bool)>,
        (u64, u64),
        &'static [&'static str],
        u64,
    );
    let rows: [Row; 20] = [
        (
            "all",
            &[],
            None,
            None,
            (100, 0),
            &["a1", "a2", "a3", "b1", "b2"],
            5,
        ),
        (
            "by name",
            &[],
            None,
            Some((0, false)),
            (100, 0),
            &["a1", "b1", "a2", "a3", "b2"],
            5,
        ),
        (
            "by name from behind, none last",
            &[],
            None,
            Some((0, true)),
            (100, 0),
            &["a3", "a2", "b1", "a1", "b2"],
            5,
        ),
        (
            "by number",
            &[],
            None,
            Some((2, true)),
            (100, 0),
            &["b2", "a3", "a2", "a1", "b1"],
            5,
        ),
        (
            "filter",
            &[(1, "true")],
            None,
            None,
            (100, 0),
            &["a1", "a2", "b1"],
            3,
        ),
        (
            "two filters",
            &[(1, "true"), (2, "2")],
            None,
            None,
            (100, 0),
            &["a2"],
            1,
        ),
        (
            "filter without a match",
            &[(0, "gold")],
            None,
            None,
            (100, 0),
            &[],
            0,
        ),
        (
            "search in any case",
            &[],
            Some("GOLD"),
            None,
            (100, 0),
            &["a1", "b1"],
            2,
        ),
        (
            "search beyond ASCII",
            &[],
            Some("äRGER"),
            None,
            (100, 0),
            &["a3"],
            1,
        ),
        (
            "search in all fields",
            &[],
            Some("tru"),
            None,
            (100, 0),
            &["a1", "a2", "b1"],
            3,
        ),
        (
            "search spares filtered fields",
            &[(1, "true")],
            Some("true"),
            None,
            (100, 0),
            &[],
            0,
        ),
        (
            "percent is a percent",
            &[],
            Some("0%"),
            None,
            (100, 0),
            &["a1"],
            1,
        ),
        (
            "underscore is an underscore",
            &[],
            Some("r_s"),
            None,
            (100, 0),
            &["a2"],
            1,
        ),
        (
            "backslash is a backslash",
            &[],
            Some("r\\e"),
            None,
            (100, 0),
            &["a3"],
            1,
        ),
        (
            "quotes are quotes",
            &[],
            Some("' OR TRUE --"),
            None,
            (100, 0),
            &[],
            0,
        ),
        (
            "first page",
            &[],
            None,
            Some((0, false)),
            (2, 0),
            &["a1", "b1"],
            5,
        ),
        (
            "second page",
            &[],
            None,
            Some((0, false)),
            (2, 2),
            &["a2", "a3"],
            5,
        ),
        ("last page", &[], None, Some((0, false)), (2, 4), &["b2"], 5),
        ("beyond the end", &[], None, None, (2, u64::MAX), &[], 5),
        ("none wanted", &[(1, "true")], None, None, (0, 0), &[], 3),
    ];
    for (what, filters, search, order, (limit, offset), expected, total) in rows {
        let query = EntryQuery {
            filters: filters
                .iter()
                .map(|(field, value)| (*field, (*value).to_owned()))
                .collect(),
            search: search.map(str::to_owned),
            order,
            limit,
            offset,
            ..fields(["name", "public", "n"])
        };
        let page = read(&fixture, object, query).await;
        assert_eq!(keys(&page), expected, "{what}");
        assert_eq!(page.total, total, "{what}");
    }
    // With no field at all there is still who and which.
    let page = read(&fixture, object, fields([])).await;
    assert_eq!(page.total, 5);
    let users: Vec<Umid> = page.entries.iter().map(|entry| entry.user).collect();
    assert_eq!(users, [ann, ann, ann, bob, bob]);
}

async fn odd_names_are_only_names(fixture: Fixture) {
    let user = fixture.user().await;
    let object = fixture.world(user).await;
    for name in ["a.b", "$", "it's \"quoted\"", "\\", "{}", "0", "ü", " "] {
        let key = format!("key {name}");
        write(&fixture, object, user, json!({ &key: { name: "x" } })).await;
        let query = EntryQuery {
            filters: vec![(0, "x".to_owned())],
            order: Some((0, false)),
            ..fields([name])
        };
        let page = read(&fixture, object, query).await;
        assert_eq!(keys(&page), [key.as_str()], "{name}");
        assert_eq!(page.entries[0].fields, [Some("x".to_owned())], "{name}");
    }
}

async fn values_without_fields_are_not_entries(fixture: Fixture) {
    let user = fixture.user().await;
    let object = fixture.world(user).await;
    let value = json!({"text": "name", "number": 1, "null": null, "list": [{"name": "x"}], "record": {"name": "x"}});
    write(&fixture, object, user, value).await;
    let query = EntryQuery {
        search: Some("x".to_owned()),
        ..fields(["name"])
    };
    assert_eq!(keys(&read(&fixture, object, query).await), ["record"]);
    assert_eq!(read(&fixture, object, fields([])).await.total, 1);
}
