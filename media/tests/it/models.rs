//! Models: twenty ways to break one, each refused by name (docs/media.md, E).

use std::{fs, io::Cursor, path::Path};

use media::{MediaError, Model, ModelLimits, check_model};
use serde_json::{Value, json};

/// Bytes of the binary chunk: three positions, three indices, and a rest.
const BINARY: usize = 64;

/// A model that is right: one triangle.
fn triangle() -> Value {
    json!({
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}, {"children": [2]}, {}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": BINARY}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 6}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]},
            {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
        ],
    })
}

fn glb(json: &str, binary: &[u8]) -> Vec<u8> {
    let mut json = json.as_bytes().to_vec();
    json.resize(json.len().next_multiple_of(4), b' ');
    let length = 12 + 8 + json.len() + 8 + binary.len();
    let mut bytes = b"glTF\x02\0\0\0".to_vec();
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
    bytes.extend_from_slice(&(json.len() as u32).to_le_bytes());
    bytes.extend_from_slice(b"JSON");
    bytes.extend_from_slice(&json);
    bytes.extend_from_slice(&(binary.len() as u32).to_le_bytes());
    bytes.extend_from_slice(b"BIN\0");
    bytes.extend_from_slice(binary);
    bytes
}

fn check(bytes: Vec<u8>) -> media::Result<Model> {
    check_model(Cursor::new(bytes), &ModelLimits::default())
}

fn check_json(json: &Value) -> media::Result<Model> {
    check(glb(&json.to_string(), &[0; BINARY]))
}

#[track_caller]
fn assert_refused(result: media::Result<Model>, rule: &str) {
    match result {
        Err(MediaError::Invalid(said)) => assert!(said.contains(rule), "{said}, not {rule}"),
        other => panic!("{other:?}, not refused for {rule}"),
    }
}

/// The triangle after a change at a pointer.
fn changed(pointer: &str, value: Value) -> Value {
    let mut model = triangle();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = model.pointer_mut(parent).expect("is there");
    match parent {
        Value::Array(list) => list[key.parse::<usize>().expect("a number")] = value,
        other => other[key] = value,
    }
    model
}

#[test]
fn a_triangle_is_counted() {
    let model = check_json(&triangle()).expect("is right");
    assert_eq!((model.triangles, model.vertices), (1, 3));
    assert!(model.warnings.is_empty());
}

/// Target 61.
#[test]
fn the_container_keeps_its_rules() {
    let right = glb(&triangle().to_string(), &[0; BINARY]);
    let with = |at: usize, bytes: &[u8]| {
        let mut broken = right.clone();
        broken[at..at + bytes.len()].copy_from_slice(bytes);
        check(broken)
    };
    assert_refused(with(0, b"glTX"), "magic");
    assert_refused(with(4, &[1]), "version of the container");
    assert_refused(with(8, &[0]), "length in the header");
    assert_refused(with(12, &[right[12] + 1]), "multiple of 4");
    assert_refused(with(14, &[0xff]), "ends behind the file");
    assert_refused(with(16, b"BIN\0"), "first chunk is not JSON");
    assert_refused(check(right[..10].to_vec()), "ends inside a header");
    assert_refused(
        check(b"glTF\x02\0\0\0\x0c\0\0\0".to_vec()),
        "no chunk of JSON",
    );
    let mut longer = right.clone();
    longer.extend_from_slice(&[0; 4]);
    assert_refused(check(longer), "length in the header");
}

/// Target 62.
#[test]
fn the_json_is_bounded() {
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    assert_refused(check(glb(&deep, &[])), "nested deeper");
    let long = format!(
        "{{\"asset\": {{\"version\": \"2.0\"}}, \"extras\": \"{}\"}}",
        "x".repeat(9 << 20)
    );
    assert_refused(check(glb(&long, &[])), "larger than 8 MiB");
    let mut latin = glb("{\"asset\":{\"version\":\"2.0\"},\"n\":\"??\"}", &[]);
    let at = latin
        .iter()
        .position(|byte| *byte == b'?')
        .expect("is there");
    latin[at] = 0xff;
    assert_refused(check(latin), "not UTF-8");
    assert_refused(check(glb("{", &[])), "the JSON of the model");
    assert_refused(
        check_json(&changed("/asset/version", json!("1.0"))),
        "asset.version",
    );
}

/// Target 63.
#[test]
fn indices_and_ranges_are_inside() {
    let dangling = [
        ("/scenes/0/nodes/0", json!(7)),
        ("/nodes/0/mesh", json!(7)),
        ("/nodes/1/children/0", json!(7)),
        ("/meshes/0/primitives/0/indices", json!(7)),
        ("/accessors/0/bufferView", json!(7)),
        ("/bufferViews/0/buffer", json!(7)),
    ];
    for (pointer, value) in dangling {
        assert_refused(check_json(&changed(pointer, value)), "points to nothing");
    }
    for (pointer, value, rule) in [
        (
            "/buffers/0/byteLength",
            json!(BINARY + 1),
            "the binary chunk",
        ),
        (
            "/bufferViews/1/byteLength",
            json!(1000),
            "ends behind its buffer",
        ),
        (
            "/bufferViews/1/byteOffset",
            json!(u64::MAX),
            "ends behind its buffer",
        ),
        ("/accessors/0/count", json!(4), "ends behind its view"),
        ("/accessors/0/count", json!(0), ""),
        ("/accessors/0/byteOffset", json!(4), "ends behind its view"),
        (
            "/accessors/0/count",
            json!(u64::MAX),
            "ends behind its view",
        ),
        ("/accessors/0/componentType", json!(1), ""),
        ("/accessors/0/type", json!("VEC9"), ""),
        ("/nodes/2/children", json!([1]), "below itself"),
        ("/nodes/0/children", json!([2]), "two parents"),
        (
            "/accessors/1/sparse",
            json!({"count": 4, "indices": {"bufferView": 0, "byteOffset": 0, "componentType": 5123}, "values": {"bufferView": 1, "byteOffset": 0}}),
            "sparse",
        ),
        (
            "/accessors/1/sparse",
            json!({"count": 2, "indices": {"bufferView": 0, "byteOffset": 33, "componentType": 5123}, "values": {"bufferView": 1, "byteOffset": 0}}),
            "sparse",
        ),
    ] {
        assert_refused(check_json(&changed(pointer, value)), rule);
    }
}

/// Target 64.
#[test]
fn nothing_is_fetched_from_elsewhere() {
    for uri in [
        "https://a.example/a.png",
        "a.png",
        "file:///etc/passwd",
        "../a.bin",
    ] {
        let mut model = triangle();
        model["images"] = json!([{"uri": uri}]);
        assert_refused(check_json(&model), "leads out of the file");
        let outside = changed("/buffers/0", json!({"byteLength": BINARY, "uri": uri}));
        assert_refused(check_json(&outside), "leads out of the file");
    }
    let mut model = triangle();
    model["images"] = json!([{"uri": "data:image/png;base64,!!"}]);
    assert_refused(check_json(&model), "base64");
}

/// Targets 65 and 66.
#[test]
fn what_it_unfolds_to_is_bounded() {
    // Many accessors of the same bytes.
    let mut model = triangle();
    model["buffers"] = json!([{"byteLength": 36}]);
    model["bufferViews"] = json!([{"buffer": 0, "byteLength": 36}]);
    let accessor = json!({"componentType": 5126, "count": 50_000_000, "type": "VEC3"});
    model["accessors"] = json!([accessor.clone(), accessor]);
    model["meshes"] = json!([]);
    model["nodes"] = json!([]);
    model["scenes"] = json!([]);
    model["scene"] = json!(null);
    assert_refused(check_json(&model), "when it is decoded");

    let side = |side: u32| {
        let mut ktx = b"\xabKTX 20\xbb\r\n\x1a\n".to_vec();
        for number in [0, 1, side, side, 0, 0, 1, 1] {
            ktx.extend_from_slice(&number.to_le_bytes());
        }
        ktx.resize(BINARY, 0);
        let mut model = triangle();
        model["meshes"] = json!([]);
        model["nodes"] = json!([]);
        model["scenes"] = json!([]);
        model["scene"] = json!(null);
        model["accessors"] = json!([]);
        model["bufferViews"] = json!([{"buffer": 0, "byteLength": BINARY}]);
        model["images"] = json!([{"bufferView": 0, "mimeType": "image/ktx2"}]);
        model["extensionsUsed"] = json!(["KHR_texture_basisu"]);
        model["extensionsRequired"] = json!(["KHR_texture_basisu"]);
        check(glb(&model.to_string(), &ktx))
    };
    assert!(side(1024).expect("is right").warnings.is_empty());
    assert_refused(side(16_384), "a side of more than 8192");
    assert_refused(side(0), "KTX2");
}

/// Targets 67 and 68.
#[test]
fn what_clients_may_not_show_is_told() {
    let mut model = triangle();
    model["extensionsUsed"] = json!(["ACME_holograms"]);
    model["extensionsRequired"] = json!(["ACME_holograms", "KHR_materials_unlit"]);
    let checked = check_json(&model).expect("is right");
    assert_eq!(checked.warnings.len(), 1);
    assert!(checked.warnings[0].contains("ACME_holograms"));
    let limits = ModelLimits {
        triangles: 1,
        many_triangles: 0,
        ..ModelLimits::default()
    };
    let bytes = glb(&triangle().to_string(), &[0; BINARY]);
    let many = check_model(Cursor::new(bytes.clone()), &limits).expect("is right");
    assert!(many.warnings[0].contains("1 triangles"));
    let none = ModelLimits {
        triangles: 0,
        ..limits
    };
    assert_refused(check_model(Cursor::new(bytes), &none), "more than 0");
}

/// Target 68, by docs/spec/media.md §5.
#[test]
fn the_shapes_have_as_many_triangles_as_they_are_known_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/shapes");
    let of = |name: &str| {
        let bytes = fs::read(folder.join(name)).expect("is there");
        check(bytes).expect("is right")
    };
    assert_eq!(of("5b5bd872-0328-e38c-1b54-bf2bfa70fc85.glb").triangles, 12);
    assert_eq!(of("418c4963-623a-391c-795d-e6080be11899.glb").triangles, 2);
    for entry in fs::read_dir(&folder).expect("is there") {
        let path = entry.expect("readable").path();
        let model = check(fs::read(&path).expect("readable")).expect("is right");
        assert!(
            model.triangles > 0 && model.warnings.is_empty(),
            "{}",
            path.display()
        );
    }
}
