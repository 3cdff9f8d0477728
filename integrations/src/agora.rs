//! Voice and screens by Agora: tokens that let somebody into a channel. Nothing is asked of Agora
//! for one.
//!
//! The format is AccessToken2 (version `007`), after the algorithm that Agora publishes in its
//! tools for several languages (AgoraIO/Tools, DynamicKey). There is no crate for it that is kept
//! up, and it is a page of code.

use std::io::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, write::ZlibEncoder};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::Secret;

const VERSION: &str = "007";
/// Lifetime of a token, in seconds: a day, the longest that Agora grants
/// (docs/spec/model.md §8.5).
const LIFETIME: u32 = 24 * 3600;
/// The service: real-time communication.
const RTC: u16 = 1;
/// Joining a channel, and publishing sound, pictures and data in it: the role of a publisher.
const PUBLISHER: [u16; 4] = [1, 2, 3, 4];

/// An application at Agora.
#[derive(Clone, Debug)]
pub struct AgoraOptions {
    /// Its id, 32 hexadecimal digits. Clients are told.
    pub app_id: String,
    /// Its certificate, 32 hexadecimal digits.
    pub certificate: Secret,
}

/// Purpose of a token.
#[derive(Clone, Copy, Debug)]
pub struct RtcTokenRequest<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The account that may join it.
    pub account: &'a str,
    /// Now, in seconds since the Unix epoch.
    pub issued: u32,
    /// A random number.
    pub salt: u32,
}

impl AgoraOptions {
    /// A token that lets an account join a channel as a publisher, for a day.
    pub fn rtc_token(&self, request: RtcTokenRequest<'_>) -> String {
        let content = self.content(request, LIFETIME, &PUBLISHER);
        let signature = self.signature(request, &content);
        let mut signed = Packed::default();
        signed.bytes(&signature);
        signed.0.extend(content);
        let mut compressed = ZlibEncoder::new(Vec::new(), Compression::default());
        let compressed = compressed
            .write_all(&signed.0)
            .and_then(|()| compressed.finish());
        let compressed = compressed.expect("writing to memory does not fail");
        format!("{VERSION}{}", BASE64_STANDARD.encode(compressed))
    }

    fn content(&self, request: RtcTokenRequest<'_>, lifetime: u32, privileges: &[u16]) -> Vec<u8> {
        let mut content = Packed::default();
        content.bytes(self.app_id.as_bytes());
        for number in [request.issued, lifetime, request.salt] {
            content.u32(number);
        }
        content.u16(1);
        content.u16(RTC);
        content.u16(privileges.len() as u16);
        for privilege in privileges {
            content.u16(*privilege);
            content.u32(lifetime);
        }
        content.bytes(request.channel.as_bytes());
        content.bytes(request.account.as_bytes());
        content.0
    }

    fn signature(&self, request: RtcTokenRequest<'_>, content: &[u8]) -> [u8; 32] {
        let key = hmac(
            &request.issued.to_le_bytes(),
            self.certificate.reveal().as_bytes(),
        );
        let key = hmac(&request.salt.to_le_bytes(), &key);
        hmac(&key, content)
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("keys may have any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Numbers with their low bytes first; texts after their length.
#[derive(Default)]
struct Packed(Vec<u8>);

impl Packed {
    fn u16(&mut self, number: u16) {
        self.0.extend(number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    /// Channels, accounts and signatures have less than 64 KiB by far; what had more would not be
    /// let in.
    fn bytes(&mut self, bytes: &[u8]) {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.u16(length);
        self.0.extend(&bytes[..usize::from(length)]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;

    use super::*;

    /// Values of Agora's own tests.
    fn application() -> AgoraOptions {
        AgoraOptions {
            app_id: "970CA35de60c44645bbae8a215061b33".to_owned(),
            certificate: Secret::from("5CFd2fd1755d40ecb72977518be15d3b"),
        }
    }

    const REQUEST: RtcTokenRequest<'static> = RtcTokenRequest {
        channel: "7d72365eb983485397e3e3f9d460bdda",
        account: "2882341273",
        issued: 1_111_111,
        salt: 1,
    };

    fn unpacked(token: &str) -> Vec<u8> {
        let packed = BASE64_STANDARD.decode(token.strip_prefix(VERSION).expect("the version"));
        let mut bytes = Vec::new();
        ZlibDecoder::new(&packed.expect("base64")[..])
            .read_to_end(&mut bytes)
            .expect("compressed");
        bytes
    }

    /// The vector of AgoraIO/Tools (python3/test/AccessToken2Test.py, `test_service_rtc_account`).
    /// Compared unpacked: no two libraries compress alike.
    #[test]
    fn signatures_are_those_of_agora() {
        let theirs = unpacked(
            "007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxNDcwMk4yN3b8IMEQw\
             MTAwMoAwBIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiVwMRhYWRsYmhkbmxgDCaiTj",
        );
        let content = application().content(REQUEST, 600, &[1]);
        let signature = application().signature(REQUEST, &content);
        let ours = [&[32, 0][..], &signature, &content].concat();
        assert_eq!(ours, theirs);
    }

    /// Made with another implementation of the same algorithm, in another language.
    #[test]
    fn a_token_lets_a_publisher_in_for_a_day() {
        let bytes = unpacked(&application().rtc_token(REQUEST));
        assert_eq!(hex(&bytes), VECTOR);
    }

    const VECTOR: &str = "200057dc718daa114a7f888d61760506036417fb076af758114784e38a3858ec84ac200039373043413335646536306334343634356262\
        6165386132313530363162333347f410008051010001000000010001000400010080510100020080510100030080510100040080510100\
        200037643732333635656239383334383533393765336533663964343630626464610a0032383832333431323733";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
