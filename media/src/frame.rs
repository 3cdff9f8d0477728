//! Pictures of texts: a tree of boxes with texts, drawn to a PNG (docs/spec/media.md §2.5).
//!
//! The texts come from users. They are put into the parsed tree as values, so that no text can be
//! anything but a text, and every number is checked before a pixel is allocated.

mod font;
mod layout;
mod paint;

use std::{
    collections::{BTreeSet, HashMap},
    iter,
};

use md5::Md5;
use serde::Deserialize;
use serde_json::Value;
use sha2::Digest as _;

use crate::{Digest, MediaError, Pixels, Result};

/// Stands for the text in templates.
const PLACE: &str = "%TEXT%";
/// Bytes of a frame as JSON.
const MAX_JSON: usize = 64 * 1024;
/// Pixels of a side of the picture.
const MAX_SIDE: i64 = 4096;
/// Nesting of boxes, and boxes altogether.
const MAX_DEPTH: usize = 8;
const MAX_BOXES: usize = 64;
/// Pictures that fill boxes: each is decoded to its full size.
const MAX_PICTURES: usize = 4;

/// A frame that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    root: TextBox,
    canonical: String,
}

/// A box; unknown keys are ignored, absent ones are zero.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct TextBox {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    background: Vec<u8>,
    /// Name of a picture that fills the box.
    bgimage: String,
    color: Vec<u8>,
    thickness: i64,
    text: Option<Text>,
    sub: Vec<TextBox>,
}

/// The text of a box.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Text {
    string: String,
    fontfile: String,
    fontsize: f64,
    fontcolor: Vec<u8>,
    wrap: bool,
    #[serde(rename = "padX")]
    pad_x: i64,
    #[serde(rename = "padY")]
    pad_y: i64,
    #[serde(rename = "alignH")]
    align_h: String,
    #[serde(rename = "alignV")]
    align_v: String,
    dpi: f64,
}

impl Frame {
    /// Puts a text into a template.
    ///
    /// # Errors
    /// `Invalid` if the result is no frame or too large.
    pub fn of_template(template: &Value, text: &str) -> Result<Self> {
        let mut tree = template.clone();
        put(&mut tree, text);
        let canonical = canonical(&tree);
        if canonical.len() > MAX_JSON {
            return Err(MediaError::invalid("the frame is larger than 64 KiB"));
        }
        let root: TextBox = serde_json::from_value(tree)
            .map_err(|error| MediaError::Invalid(format!("the frame: {error}")))?;
        check(&root)?;
        Ok(Self { root, canonical })
    }

    /// The names that the picture has besides its digest: one of its recipe, and the one that the
    /// existing platform gives it.
    pub fn names(&self) -> [String; 2] {
        let recipe = format!("frame/1\n{}", self.canonical);
        let md5 = Md5::digest(self.canonical.as_bytes());
        [Digest::of(recipe.as_bytes()).to_string(), hex::encode(md5)]
    }

    /// Names of the pictures that fill boxes, at most four.
    pub fn pictures(&self) -> Vec<String> {
        let named = self.root.all().map(|inner| inner.bgimage.clone());
        let names: BTreeSet<String> = named.filter(|name| !name.is_empty()).collect();
        names.into_iter().take(MAX_PICTURES).collect()
    }

    /// Draws the picture. Boxes whose picture is not among those given have none.
    ///
    /// # Errors
    /// `Internal` if it cannot be encoded.
    pub fn draw(&self, pictures: &HashMap<String, Pixels>) -> Result<Vec<u8>> {
        paint::draw(&self.root, pictures)
    }
}

impl TextBox {
    /// This box and all in it.
    fn all(&self) -> Box<dyn Iterator<Item = &TextBox> + '_> {
        Box::new(iter::once(self).chain(self.sub.iter().flat_map(TextBox::all)))
    }
}

/// Replaces the place in all texts of the tree.
fn put(tree: &mut Value, text: &str) {
    match tree {
        Value::String(value) if value.contains(PLACE) => *value = value.replace(PLACE, text),
        Value::Array(list) => list.iter_mut().for_each(|value| put(value, text)),
        Value::Object(map) => map.values_mut().for_each(|value| put(value, text)),
        _ => {}
    }
}

/// Compact JSON with sorted keys.
fn canonical(tree: &Value) -> String {
    match tree {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            let entries = keys
                .into_iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), canonical(&map[key])));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::Array(list) => {
            let entries: Vec<String> = list.iter().map(canonical).collect();
            format!("[{}]", entries.join(","))
        }
        other => other.to_string(),
    }
}

fn check(root: &TextBox) -> Result<()> {
    let sides = 1..=MAX_SIDE;
    if !sides.contains(&root.width) || !sides.contains(&root.height) {
        return Err(MediaError::invalid(
            "a side of the frame is not between 1 and 4096",
        ));
    }
    let mut boxes = 0;
    let mut waiting = vec![(root, 1)];
    while let Some((inner, depth)) = waiting.pop() {
        boxes += 1;
        if depth > MAX_DEPTH || boxes > MAX_BOXES {
            return Err(MediaError::invalid("the frame has too many boxes"));
        }
        let numbers = [inner.x, inner.y, inner.width, inner.height, inner.thickness];
        let pads = inner.text.iter().flat_map(|text| [text.pad_x, text.pad_y]);
        if numbers
            .into_iter()
            .chain(pads)
            .any(|number| number.abs() > MAX_SIDE)
        {
            return Err(MediaError::invalid("a number of the frame is too large"));
        }
        let sizes = inner.text.iter().flat_map(|text| [text.fontsize, text.dpi]);
        if sizes
            .into_iter()
            .any(|size| !(0.0..=2000.0).contains(&size))
        {
            return Err(MediaError::invalid("a size of a font is too large"));
        }
        waiting.extend(inner.sub.iter().map(|inner| (inner, depth + 1)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The plate with an object's name, as the seed has it.
    fn plate() -> Value {
        json!({
            "x": 0, "y": 0, "width": 1024, "height": 64, "thickness": 0,
            "color": [0, 255, 0, 0], "background": [0, 0, 0, 0],
            "text": {
                "string": "%TEXT%", "fontfile": "", "fontsize": 0, "fontcolor": [220, 220, 200, 255],
                "wrap": false, "padX": 0, "padY": 1, "alignH": "center", "alignV": "center",
            },
        })
    }

    #[test]
    fn recipes_have_the_names_that_stored_values_use() {
        for (text, name) in [
            ("Skybox", "7e7aab88b51141f184de7a102810c3e0"),
            ("Tutorial Poster", "9f82e480a6c4cadcae915e5789b023d5"),
            ("Staking Poster", "af99f07c4b86c8f20e95cdf52c2b7e5f"),
            ("Odyssey", "8258a70881b4e433f73b3b399e7d8acc"),
        ] {
            let frame = Frame::of_template(&plate(), text).expect("a frame");
            assert_eq!(frame.names()[1], name, "{text}");
        }
    }

    #[test]
    fn a_text_is_nothing_but_a_text() {
        for text in [
            r#"","bgimage":"../../etc/passwd","x":""#,
            "a\\",
            "two\nlines",
            "%TEXT%",
            r#"{"width": 60000}"#,
        ] {
            let frame = Frame::of_template(&plate(), text).expect("a frame");
            assert_eq!(frame.root.text.as_ref().expect("a text").string, text);
            assert_eq!((frame.root.width, frame.root.height), (1024, 64));
            frame.draw(&HashMap::new()).expect("draws");
        }
    }

    #[test]
    fn frames_are_bounded_before_anything_is_drawn() {
        let with = |key: &str, value: Value| {
            let mut frame = plate();
            frame[key] = value;
            Frame::of_template(&frame, "x")
        };
        for (key, value) in [
            ("width", json!(0)),
            ("width", json!(-5)),
            ("height", json!(60_000)),
            ("width", json!(i64::MAX)),
            ("thickness", json!(1_000_000)),
            ("sub", json!(vec![json!({}); 65])),
            ("text", json!({"fontsize": 1e9})),
            ("text", json!({"padX": -1_000_000})),
            ("background", json!("red")),
        ] {
            let refused = with(key, value.clone());
            assert!(
                matches!(refused, Err(MediaError::Invalid(_))),
                "{key} {value}"
            );
        }
        let mut deep = json!({});
        for _ in 0..9 {
            deep = json!({"sub": [deep]});
        }
        assert!(with("sub", json!([deep])).is_err());
        assert!(Frame::of_template(&plate(), &"x".repeat(70_000)).is_err());
    }

    #[test]
    fn nothing_that_cannot_be_drawn_takes_long() {
        let mut frame = plate();
        for (text, font, pad) in [
            (" ", "", 0),
            ("", "", 0),
            ("\u{0}\u{1f}", "", 0),
            ("a", "No such font", 0),
            ("a", "../../etc/passwd", 0),
            ("Жизнь", "", 0),
            ("漢字 🎉", "", 0),
            ("a", "", 4000),
            ("wide", "Montserrat-Bold", 31),
        ] {
            for wrap in [false, true] {
                frame["text"]["fontfile"] = json!(font);
                frame["text"]["padX"] = json!(pad);
                frame["text"]["wrap"] = json!(wrap);
                let drawn = Frame::of_template(&frame, text)
                    .expect("a frame")
                    .draw(&HashMap::new());
                let picture = image::load_from_memory(&drawn.expect("draws")).expect("a PNG");
                assert_eq!((picture.width(), picture.height()), (1024, 64));
            }
        }
    }

    #[test]
    fn a_picture_fills_its_box() {
        // Left half red, right half blue, four times as wide as the box.
        let picture = image::RgbImage::from_fn(80, 2, |x, _| match x < 40 {
            true => image::Rgb([255, 0, 0]),
            false => image::Rgb([0, 0, 255]),
        });
        let mut png = std::io::Cursor::new(Vec::new());
        picture
            .write_to(&mut png, image::ImageFormat::Png)
            .expect("encodes");
        let limits = crate::PictureLimits::default();
        let pixels = Pixels::decode(crate::Format::Png, png.into_inner().into(), &limits);
        let pictures = HashMap::from([("abc".to_owned(), pixels.expect("a picture"))]);
        let template = json!({
            "width": 40, "height": 10, "background": [0, 255, 0],
            "sub": [
                {"x": 10, "y": 0, "width": 20, "height": 10, "background": [0, 0, 0], "bgimage": "abc"},
                {"x": 35, "y": 0, "width": 5, "height": 10, "background": [9, 9, 9], "bgimage": "gone"},
                {"x": 38, "y": 8, "width": 4000, "height": 4000, "bgimage": "abc"},
            ],
        });
        let frame = Frame::of_template(&template, "").expect("a frame");
        assert_eq!(frame.pictures(), ["abc", "gone"]);
        let drawn = image::load_from_memory(&frame.draw(&pictures).expect("draws"));
        let drawn = drawn.expect("a PNG").to_rgb8();
        for (x, colour) in [
            (5, [0, 255, 0]),
            (12, [255, 0, 0]),
            (28, [0, 0, 255]),
            (36, [9, 9, 9]),
        ] {
            assert_eq!(drawn.get_pixel(x, 5).0, colour, "{x}");
        }
        assert_eq!(drawn.get_pixel(39, 9).0, [255, 0, 0]);
    }

    #[test]
    fn a_text_is_seen_where_it_should_be() {
        let drawn = Frame::of_template(&plate(), "Odyssey")
            .expect("a frame")
            .draw(&HashMap::new());
        let picture = image::load_from_memory(&drawn.expect("draws"))
            .expect("a PNG")
            .into_rgba8();
        let inked: Vec<u32> = (0..1024)
            .filter(|x| (0..64).any(|y| picture[(*x, y)].0[3] > 128))
            .collect();
        let (first, last) = (inked[0], inked[inked.len() - 1]);
        assert!(
            first.abs_diff(379) <= 6 && last.abs_diff(645) <= 6,
            "{first} to {last}"
        );
        let colour = picture
            .pixels()
            .find(|pixel| pixel.0[3] == 255)
            .expect("ink");
        assert_eq!(colour.0[..3], [220, 220, 200]);
    }
}
