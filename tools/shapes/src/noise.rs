//! Repeatable randomness: a number generator for scattering, gradient noise for clouds.

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number, 0 to 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (scramble(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Sum of `octaves` of gradient noise, each twice as fine and half as strong; about −0.7 to 0.7.
pub(crate) fn fractal(x: f64, y: f64, octaves: u32) -> f64 {
    let mut sum = 0.0;
    let (mut scale, mut strength) = (1.0, 0.5);
    for octave in 0..octaves {
        // Each octave is moved aside so that their grids never line up.
        let aside = f64::from(octave) * 17.31;
        sum += strength * gradient_noise(x * scale + aside, y * scale - aside);
        scale *= 2.0;
        strength *= 0.5;
    }
    sum
}

/// Perlin noise on a unit grid, about −1 to 1.
fn gradient_noise(x: f64, y: f64) -> f64 {
    let (cell_x, cell_y) = (x.floor(), y.floor());
    let (dx, dy) = (x - cell_x, y - cell_y);
    let corner = |step_x: f64, step_y: f64| {
        let (gx, gy) = gradient(cell_x + step_x, cell_y + step_y);
        gx * (dx - step_x) + gy * (dy - step_y)
    };
    let ease = |t: f64| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let along = |a: f64, b: f64, t: f64| a + (b - a) * t;
    let top = along(corner(0.0, 0.0), corner(1.0, 0.0), ease(dx));
    let bottom = along(corner(0.0, 1.0), corner(1.0, 1.0), ease(dx));
    1.5 * along(top, bottom, ease(dy))
}

/// The slope at a grid corner.
fn gradient(x: f64, y: f64) -> (f64, f64) {
    let key =
        (x as i64 as u64).wrapping_mul(0x8da6_b343) ^ (y as i64 as u64).wrapping_mul(0xd816_3841);
    let angle = (scramble(key) >> 40) as f64 / (1_u64 << 24) as f64 * std::f64::consts::TAU;
    let (sin, cos) = angle.sin_cos();
    (cos, sin)
}

fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
