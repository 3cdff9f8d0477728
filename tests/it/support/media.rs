//! Contents for uploads, and forms that carry them.

use std::{fs, io::Write, path::PathBuf};

use flate2::{Compression, write::GzEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, RgbImage, codecs::png::PngEncoder};
use posbus::Umid;
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Answer, Api, Server, eventually_async};

/// Boundary of forms; no test has it in a file.
pub(crate) const BOUNDARY: &str = "-odyssey-form-";

/// A part of a form: name, name of the file if it is one, and the bytes.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// The body of a form.
pub(crate) fn form(parts: &[Part]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        write!(
            body,
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        )
        .expect("memory");
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    write!(body, "--{BOUNDARY}--\r\n").expect("memory");
    body
}

/// Files below a folder of the storage, with what they hold. Those that go while they are looked at
/// are left out: the node works on.
pub(crate) fn files(server: &Server, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![server.data().join("media").join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                files.push((path, bytes));
            }
        }
    }
    files
}

impl Api {
    /// Sends a form.
    pub(crate) async fn send_form(&self, path: &str, parts: &[Part<'_>]) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(form(parts));
        self.send(request).await
    }

    /// Uploads a file as `image`, `audio`, `video` or `plugin`.
    pub(crate) async fn upload(&self, kind: &str, bytes: &[u8]) -> Answer {
        let path = format!("/media/upload/{kind}");
        self.send_form(&path, &[("file", Some("upload.bin"), bytes)])
            .await
    }

    /// Uploads a file that is taken; its name.
    pub(crate) async fn uploaded(&self, kind: &str, bytes: &[u8]) -> String {
        let answer = self.upload(kind, bytes).await.ok(200);
        answer["hash"].as_str().expect("a hash").to_owned()
    }

    /// The picture that the server makes of an attribute, by plugin and name, once it has.
    pub(crate) async fn picture_of(&self, object: Umid, (plugin, name): (&str, &str)) -> String {
        let path = format!("/objects/{object}/attributes?plugin_id={plugin}&attribute_name={name}");
        let mut made = Value::Null;
        eventually_async(async || {
            let answer = self.get(&path).await;
            made = answer.ok(200)["auto_render_hash"].clone();
            made.is_string()
        })
        .await;
        made.as_str().expect("a name").to_owned()
    }

    /// Uploads a model to the library.
    pub(crate) async fn upload_model(&self, name: &str, bytes: &[u8]) -> Answer {
        let parts: [Part; 2] = [
            ("asset", Some("model.glb"), bytes),
            ("name", None, name.as_bytes()),
        ];
        self.send_form("/assets-3d/upload", &parts).await
    }

    /// Waits until everything that ships has its place: an answer about an unknown name comes then.
    pub(crate) async fn until_shipped(&self) {
        let nothing = self.render("get/nobodyhasthisname").await;
        assert_eq!(nothing.status(), 404);
    }

    /// Gets a content below `/media/render`.
    pub(crate) async fn render(&self, path: &str) -> reqwest::Response {
        self.render_with(path, &[]).await
    }

    /// Gets a content with more headers.
    pub(crate) async fn render_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::Response {
        let mut request = self.request(Method::GET, &format!("/media/render/{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A picture that no other seed gives.
pub(crate) fn picture(width: u32, height: u32, seed: u8) -> DynamicImage {
    let pixel = |x: u32, y: u32| {
        let wave = |n: u32, k: u32| ((n * k * 7 + u32::from(seed) * 31) % 256) as u8;
        image::Rgb([wave(x, 1), wave(y, 2), wave(x + y, 3) ^ seed])
    };
    RgbImage::from_fn(width, height, pixel).into()
}

/// The picture as PNG.
pub(crate) fn png(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = picture(width, height, seed).into_rgb8();
    PngEncoder::new(&mut bytes)
        .write_image(&picture, width, height, ExtendedColorType::Rgb8)
        .expect("encodes");
    bytes
}

/// A gzipped tar of files below one folder.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive
            .append_data(&mut header, format!("bundle-1.0.0/{path}"), *bytes)
            .expect("memory");
    }
    let packed = archive.into_inner().expect("memory");
    packed.finish().expect("memory")
}

/// A bundle with a manifest and a script.
pub(crate) fn bundle(manifest: &Value) -> Vec<u8> {
    let manifest = manifest.to_string();
    archive(&[
        ("manifest.json", manifest.as_bytes()),
        ("remoteEntry.js", b"var plugin;"),
    ])
}

/// Silence of some seconds as WAV.
pub(crate) fn silence(seconds: u32) -> Vec<u8> {
    const RATE: u32 = 8000;
    let length = RATE * seconds;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend([RATE, RATE].map(u32::to_le_bytes).concat());
    wav.extend(b"\x01\0\x08\0data");
    wav.extend(length.to_le_bytes());
    wav.resize(wav.len() + length as usize, 128);
    wav
}

/// A model of one triangle, which no other name gives.
pub(crate) fn triangle(name: &str) -> Vec<u8> {
    let corners: [f32; 9] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let data: Vec<u8> = corners.iter().flat_map(|x| x.to_le_bytes()).collect();
    let scene = serde_json::json!({
        "asset": {"version": "2.0", "generator": name},
        "buffers": [{"byteLength": data.len()}],
        "bufferViews": [{"buffer": 0, "byteLength": data.len()}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3",
                       "min": [0, 0, 0], "max": [1, 1, 0]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}],
        "scene": 0,
    });
    let mut json = scene.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut glb = Vec::new();
    let mut word = |bytes: &[u8]| glb.extend_from_slice(bytes);
    let length = 12 + 8 + json.len() + 8 + data.len();
    word(b"glTF\x02\0\0\0");
    word(&(length as u32).to_le_bytes());
    for (kind, chunk) in [(b"JSON", &json), (b"BIN\0", &data)] {
        word(&(chunk.len() as u32).to_le_bytes());
        word(kind);
        word(chunk);
    }
    glb
}
