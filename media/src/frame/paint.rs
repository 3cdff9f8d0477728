//! Drawing of frames: box after box, each with background, border and text.

use std::collections::HashMap;

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::{TextBox, font::Font, layout};
use crate::{MediaError, Pixels, Result};

/// Pixels with premultiplied alpha.
struct Canvas {
    width: i64,
    height: i64,
    pixels: Vec<[f32; 4]>,
}

/// A colour with premultiplied alpha.
type Colour = [f32; 4];

/// Draws a frame as PNG.
pub(super) fn draw(root: &TextBox, pictures: &HashMap<String, Pixels>) -> Result<Vec<u8>> {
    let mut canvas = Canvas {
        width: root.width,
        height: root.height,
        pixels: vec![[0.0; 4]; (root.width * root.height) as usize],
    };
    paint(&mut canvas, root, (0, 0), pictures);
    let bytes: Vec<u8> = canvas.pixels.iter().flat_map(plain).collect();
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(
            &bytes,
            root.width as u32,
            root.height as u32,
            ExtendedColorType::Rgba8,
        )
        .map_err(|error| MediaError::Internal(error.to_string()))?;
    Ok(png)
}

/// A pixel as PNG has it.
fn plain(pixel: &Colour) -> [u8; 4] {
    let alpha = pixel[3];
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    if alpha <= 0.0 {
        return [0; 4];
    }
    [
        byte(pixel[0] / alpha),
        byte(pixel[1] / alpha),
        byte(pixel[2] / alpha),
        byte(alpha),
    ]
}

/// A colour of a frame; one that is none is black.
fn colour(parts: &[u8]) -> Colour {
    let part = |n: usize| f32::from(parts[n]) / 255.0;
    match parts.len() {
        0..3 => [0.0, 0.0, 0.0, 1.0],
        3 => [part(0), part(1), part(2), 1.0],
        _ => {
            let alpha = part(3);
            [part(0) * alpha, part(1) * alpha, part(2) * alpha, alpha]
        }
    }
}

impl Canvas {
    /// Lays a colour over a pixel, if there is one.
    fn over(&mut self, x: i64, y: i64, colour: Colour, cover: f32) {
        if !(0..self.width).contains(&x) || !(0..self.height).contains(&y) {
            return;
        }
        let pixel = &mut self.pixels[(y * self.width + x) as usize];
        let rest = 1.0 - colour[3] * cover;
        for (below, above) in pixel.iter_mut().zip(colour) {
            *below = above * cover + *below * rest;
        }
    }

    fn fill(&mut self, (left, top): (i64, i64), (width, height): (i64, i64), colour: Colour) {
        let columns = left.max(0)..left.saturating_add(width).min(self.width);
        for y in top.max(0)..top.saturating_add(height).min(self.height) {
            for x in columns.clone() {
                self.over(x, y, colour, 1.0);
            }
        }
    }
}

impl Canvas {
    /// Stretches a picture over a box: every pixel is the nearest one.
    fn stretch(&mut self, (left, top): (i64, i64), (width, height): (i64, i64), picture: &Pixels) {
        let (columns, rows) = picture.size();
        let columns_in = left.max(0)..left.saturating_add(width).min(self.width);
        for y in top.max(0)..top.saturating_add(height).min(self.height) {
            let row = (y - top) * i64::from(rows) / height;
            for x in columns_in.clone() {
                let column = (x - left) * i64::from(columns) / width;
                let pixel = picture.pixel(column as u32, row as u32);
                self.over(x, y, colour(&pixel), 1.0);
            }
        }
    }
}

fn paint(
    canvas: &mut Canvas,
    inner: &TextBox,
    (x, y): (i64, i64),
    pictures: &HashMap<String, Pixels>,
) {
    let (left, top) = (x + inner.x, y + inner.y);
    let (width, height) = (inner.width.max(0), inner.height.max(0));
    canvas.fill((left, top), (width, height), colour(&inner.background));
    if let Some(picture) = pictures.get(&inner.bgimage) {
        canvas.stretch((left, top), (width, height), picture);
    }
    let thick = inner.thickness.clamp(0, width.min(height));
    if thick > 0 {
        let border = colour(&inner.color);
        let between = (height - 2 * thick).max(0);
        canvas.fill((left, top), (width, thick), border);
        canvas.fill((left, top + height - thick), (width, thick), border);
        canvas.fill((left, top + thick), (thick, between), border);
        canvas.fill(
            (left + width - thick, top + thick),
            (thick, between),
            border,
        );
    }
    write(canvas, inner, (left, top));
    for child in &inner.sub {
        paint(canvas, child, (left, top), pictures);
    }
}

fn write(canvas: &mut Canvas, inside: &TextBox, (left, top): (i64, i64)) {
    let Some(text) = inside.text.as_ref().filter(|text| !text.string.is_empty()) else {
        return;
    };
    let font = Font::named(&text.fontfile);
    let Some(placed) = layout::place(&font, text, inside) else {
        return;
    };
    let ink = colour(&text.fontcolor);
    for (n, line) in placed.lines.iter().enumerate() {
        let mut pen = left as f64 + placed.x.trunc();
        let down = placed.baseline + placed.line_height * n as f64;
        let baseline = top as f64 + placed.y.trunc() + down;
        if baseline - placed.line_height * 2.0 > canvas.height as f64 {
            break;
        }
        for character in line.chars() {
            let Some(glyph) = font.glyph(character) else {
                continue;
            };
            let (column, row) = (pen.floor(), baseline.floor());
            let offset = (pen - column, baseline - row);
            if pen < canvas.width as f64
                && let Some(image) = font.draw(glyph, placed.pixels, offset)
            {
                let place = image.placement;
                let (x, y) = (
                    column as i64 + i64::from(place.left),
                    row as i64 - i64::from(place.top),
                );
                for (n, cover) in (0_i64..).zip(&image.data) {
                    let width = i64::from(place.width.max(1));
                    let cover = f32::from(*cover) / 255.0;
                    canvas.over(x + n % width, y + n / width, ink, cover);
                }
            }
            pen += font.advance(glyph, placed.pixels);
        }
    }
}
