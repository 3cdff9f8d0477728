//! Contents of worlds by their digests.

use super::entities;

entities! {
    /// Contents.
    media_blob = "media_blob" {
        key digest: Vec<u8>, ;
        size: i64,
        mime: String,
        kinds: i32,
        width: Option<i32>,
        height: Option<i32>,
        frames: Option<i32>,
        duration_ms: Option<i64>,
        triangles: Option<i64>,
        vertices: Option<i64>,
        has_alpha: i32,
        cid: String,
        warnings: Option<Json>,
        pinned: i32,
        state: String,
        created_at: DateTimeUtc,
        changed_at: DateTimeUtc,
    }

    /// Other names of contents.
    media_alias = "media_alias" {
        key alias: String, ;
        digest: Vec<u8>,
    }

    /// Users whose quota a content counts against.
    media_owner = "media_owner" {
        key digest: Vec<u8>, key user_id: Uuid, ;
        created_at: DateTimeUtc,
    }

    /// Chunks of larger contents.
    media_block = "media_block" {
        key digest: Vec<u8>, key position: i64, ;
        block: Vec<u8>,
    }

    /// Pictures in other sizes and encodings.
    media_variant = "media_variant" {
        key digest: Vec<u8>, key recipe: String, ;
        mime: String,
        size: i64,
        width: i32,
        height: i32,
        last_hit: DateTimeUtc,
    }
}
