//! Pictures of texts: a template, a zero byte, and the text.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use media::Frame;

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
    let (template, text) = bytes.split_at(at);
    let Ok(template) = serde_json::from_slice(template) else {
        return;
    };
    if let Ok(frame) = Frame::of_template(&template, &String::from_utf8_lossy(text)) {
        frame.draw(&HashMap::new()).expect("what was checked is drawn");
    }
});
