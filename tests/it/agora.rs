//! Voice and shared screens: whom the server lets into channels, and with what (docs/spec/model.md
//! §8.5).

use std::io::Read;

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::read::ZlibDecoder;
use hmac::{Hmac, Mac};
use posbus::Umid;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Api, Client, Options, PLAZA, Server, WELCOME};

const APP_ID: &str = "970ca35de60c44645bbae8a215061b33";
const CERTIFICATE: &str = "5cfd2fd1755d40ecb72977518be15d3b";
/// A day in seconds.
const DAY: u32 = 86_400;

fn options() -> Options {
    let lines = format!("[agora]\napp_id = \"{APP_ID}\"\ncertificate = \"{CERTIFICATE}\"");
    Options::default().config(&lines)
}

async fn token(api: &Api, object: Umid, wanted: Value) -> crate::support::Answer {
    api.post(&format!("/objects/{object}/agora/token"), wanted)
        .await
}

/// Content of a token, read as Agora does.
#[derive(Debug, PartialEq)]
struct Said {
    app_id: String,
    lifetime: u32,
    /// Number and lifetime of each.
    privileges: Vec<(u16, u32)>,
    channel: String,
    account: String,
}

/// Takes numbers and texts from the front.
struct Packed<'a>(&'a [u8]);

impl Packed<'_> {
    fn bytes(&mut self, many: usize) -> Vec<u8> {
        let (front, rest) = self.0.split_at(many);
        self.0 = rest;
        front.to_vec()
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.bytes(2).try_into().expect("two bytes"))
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes(4).try_into().expect("four bytes"))
    }

    fn text(&mut self) -> Vec<u8> {
        let many = self.u16();
        self.bytes(usize::from(many))
    }
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Reads a token and checks that it is signed with the certificate.
fn read(token: &str) -> Said {
    let packed = token.strip_prefix("007").expect("the version");
    let packed = BASE64_STANDARD.decode(packed).expect("base64");
    let mut bytes = Vec::new();
    ZlibDecoder::new(&packed[..])
        .read_to_end(&mut bytes)
        .expect("compressed");
    let mut rest = Packed(&bytes);
    let signature = rest.text();
    let content = rest.0.to_vec();
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let app_id = text(rest.text());
    let (issued, lifetime, salt) = (rest.u32(), rest.u32(), rest.u32());
    let key = hmac(&issued.to_le_bytes(), CERTIFICATE.as_bytes());
    let key = hmac(&salt.to_le_bytes(), &key);
    assert_eq!(signature, hmac(&key, &content), "signed");
    assert_eq!((rest.u16(), rest.u16()), (1, 1), "one service, RTC");
    let many = rest.u16();
    Said {
        app_id,
        lifetime,
        privileges: (0..many).map(|_| (rest.u16(), rest.u32())).collect(),
        channel: text(rest.text()),
        account: text(rest.text()),
    }
}

/// S11: whoever is in the world or runs it may speak there, nobody else.
#[tokio::test]
async fn only_users_in_the_world_get_voice_tokens() {
    let mut server = Server::start(options());
    let owner = Api::owner(&mut server).await;
    let elsewhere = owner.create_world("Elsewhere").await;
    let inside = Api::guest(&server).await;
    let mut client = Client::join(&server, &inside).await;
    let outside = Api::guest(&server).await;
    for (who, object, allowed) in [
        (&inside, WELCOME, true),
        (&inside, PLAZA, true),
        (&inside, elsewhere, false),
        (&outside, WELCOME, false),
        (&outside, PLAZA, false),
        (&owner, WELCOME, true),
        (&owner, elsewhere, true),
    ] {
        let answer = token(who, object, json!({})).await;
        if allowed {
            answer.ok(200);
        } else {
            answer.refused(403, "not_in_world");
        }
    }
    token(&inside, Umid::now_v7(), json!({}))
        .await
        .refused(404, "object_not_found");
    let stranger = Api::stranger(&server);
    token(&stranger, WELCOME, json!({}))
        .await
        .refused(401, "failed_to_verify_access_token");

    client.enter(elsewhere).await;
    token(&inside, elsewhere, json!({})).await.ok(200);
    token(&inside, WELCOME, json!({}))
        .await
        .refused(403, "not_in_world");
}

#[tokio::test]
async fn a_token_lets_its_owner_publish_in_one_channel_for_a_day() {
    let server = Server::start(options());
    let api = Api::guest(&server).await;
    let _client = Client::join(&server, &api).await;
    for (wanted, channel) in [
        (json!({}), PLAZA.to_string()),
        (json!({"screenshare": null}), PLAZA.to_string()),
        (json!({"screenshare": false}), PLAZA.to_string()),
        (json!({"screenshare": true}), format!("ss|{PLAZA}")),
    ] {
        let granted = token(&api, PLAZA, wanted).await.ok(200);
        assert_eq!(granted["channel"], channel);
        let expected = Said {
            app_id: APP_ID.to_owned(),
            lifetime: DAY,
            privileges: [1, 2, 3, 4].map(|privilege| (privilege, DAY)).to_vec(),
            channel,
            account: api.user.to_string(),
        };
        assert_eq!(read(granted["token"].as_str().expect("a text")), expected);
    }
    token(&api, PLAZA, json!({"screenshare": "yes"}))
        .await
        .refused(400, "invalid_request_body");
    let told = api.get("/config/ui-client").await.ok(200);
    assert_eq!(told["AGORA_APP_ID"], APP_ID);
    assert!(!told.to_string().contains(CERTIFICATE));
}

#[tokio::test]
async fn without_an_application_there_are_no_tokens() {
    let server = Server::start(Options::default());
    let api = Api::guest(&server).await;
    let _client = Client::join(&server, &api).await;
    token(&api, WELCOME, json!({}))
        .await
        .refused(404, "not_configured");
    let told = api.get("/config/ui-client").await.ok(200);
    assert!(told.get("AGORA_APP_ID").is_none(), "{told}");
}
