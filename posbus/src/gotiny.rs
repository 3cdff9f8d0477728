//! The second encoding inside PosBus: gotiny blobs of dynamic values (docs/spec/posbus.md §3.3).
//!
//! Booleans and presence flags are bits. They share bytes that are appended when a bit is needed
//! and none is left, so that later bits are patched into earlier bytes; the state spans one blob
//! with all its nesting.

use serde_json::{Number, Value};

use crate::{
    any_map::StringAnyMap,
    error::DecodeError,
    wire::{Reader, unzigzag, zigzag},
};

/// Deepest nesting of maps and lists that is read.
pub(crate) const MAX_DEPTH: usize = 32;

/// A null takes one bit, so the frame's length alone does not bound the number of values. A frame
/// may unfold to this many plus one per two bytes; every other value, and every entry of a map,
/// takes two bytes at least.
const SPARE_VALUES: usize = 256;

const BOOL: &str = "bool";
const FLOAT64: &str = "float64";
const INT: &str = "int";
const INT_POINTER: &str = "*int";
const LIST: &str = "[]interface {}";
const MAP: &str = "map[string]interface {}";
const STRING: &str = "string";
const STRING_POINTER: &str = "*string";

/// Appends `map` as one blob.
pub(crate) fn put_map(map: &StringAnyMap, out: &mut Vec<u8>) {
    let mut writer = Writer {
        out,
        flags: 0,
        used: 8,
    };
    writer.map(map);
}

/// Reads one blob. A nil map reads as an empty one.
pub(crate) fn take_map(reader: &mut Reader<'_>) -> Result<StringAnyMap, DecodeError> {
    let values_left = SPARE_VALUES + reader.body_len / 2;
    let mut blob = Blob {
        reader,
        flags: 0,
        left: 0,
        values_left,
    };
    Ok(blob.map(0)?.unwrap_or_default())
}

/// Appends a u64: at most nine bytes, the ninth whole. Like the reference it takes one byte more
/// than needed for 2^(7k)-1.
pub(crate) fn put_u64(value: u64, out: &mut Vec<u8>) {
    put_varint(value, 9, out);
}

/// Reads what [`put_u64`] writes, and shorter forms.
pub(crate) fn take_u64(reader: &mut Reader<'_>) -> Result<u64, DecodeError> {
    take_varint(reader, 9)
}

fn put_varint(mut value: u64, max_bytes: u32, out: &mut Vec<u8>) {
    let bytes = (1..max_bytes)
        .find(|bytes| value < (1 << (7 * bytes)) - 1)
        .unwrap_or(max_bytes);
    for _ in 1..bytes {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(reader: &mut Reader<'_>, max_bytes: u32) -> Result<u64, DecodeError> {
    let mut value = 0;
    for index in 0..max_bytes - 1 {
        let byte = reader.byte()?;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Ok(value | u64::from(reader.byte()?) << (7 * (max_bytes - 1)))
}

/// Writes one blob.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Index of the current flag byte in `out`.
    flags: usize,
    /// Bits of it that are taken; 8 also before the first.
    used: u32,
}

impl Writer<'_> {
    fn bit(&mut self, bit: bool) {
        if self.used == 8 {
            self.flags = self.out.len();
            self.used = 0;
            self.out.push(0);
        }
        if let Some(flags) = self.out.get_mut(self.flags) {
            *flags |= u8::from(bit) << self.used;
        }
        self.used += 1;
    }

    fn count(&mut self, count: usize) {
        put_varint(count as u64, 5, self.out);
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.out.extend_from_slice(text.as_bytes());
    }

    fn map(&mut self, map: &StringAnyMap) {
        self.bit(true);
        self.count(map.len());
        for (key, value) in map {
            self.text(key);
            self.any(value);
        }
    }

    fn any(&mut self, value: &Value) {
        self.bit(!value.is_null());
        match value {
            Value::Null => {}
            Value::Bool(value) => {
                self.text(BOOL);
                self.bit(*value);
            }
            Value::Number(number) => self.number(number),
            Value::String(value) => {
                self.text(STRING);
                self.text(value);
            }
            Value::Array(elements) => {
                self.text(LIST);
                self.bit(true);
                self.count(elements.len());
                for element in elements {
                    self.any(element);
                }
            }
            Value::Object(map) => {
                self.text(MAP);
                self.map(map);
            }
        }
    }

    fn number(&mut self, number: &Number) {
        if let Some(integer) = number.as_i64() {
            self.text(INT);
            put_u64(zigzag(integer), self.out);
        } else {
            self.text(FLOAT64);
            let float = number.as_f64().unwrap_or_default();
            put_u64(float.to_bits().swap_bytes(), self.out);
        }
    }
}

/// Reads one blob.
struct Blob<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// The current flag byte, shifted so that the next bit is the lowest.
    flags: u8,
    /// Bits left in it.
    left: u32,
    /// Number of values that may still come.
    values_left: usize,
}

impl Blob<'_, '_> {
    fn bit(&mut self) -> Result<bool, DecodeError> {
        if self.left == 0 {
            self.flags = self.reader.byte()?;
            self.left = 8;
        }
        let bit = self.flags & 1 == 1;
        self.flags >>= 1;
        self.left -= 1;
        Ok(bit)
    }

    fn count(&mut self) -> Result<usize, DecodeError> {
        let count = take_varint(self.reader, 5)?;
        u32::try_from(count)
            .map(|count| count as usize)
            .map_err(|_| DecodeError::VarintOverflow)
    }

    fn text(&mut self) -> Result<&str, DecodeError> {
        let length = self.count()?;
        std::str::from_utf8(self.reader.bytes(length)?).map_err(|_| DecodeError::InvalidUtf8)
    }

    fn map(&mut self, depth: usize) -> Result<Option<StringAnyMap>, DecodeError> {
        if !self.bit()? {
            return Ok(None);
        }
        let count = self.count()?;
        // A key is at least the byte of its length.
        if count > self.reader.remaining() {
            return Err(DecodeError::LengthOutOfBounds);
        }
        let mut map = StringAnyMap::new();
        for _ in 0..count {
            let key = self.text()?.to_owned();
            map.insert(key, self.any(depth)?);
        }
        Ok(Some(map))
    }

    fn list(&mut self, depth: usize) -> Result<Option<Vec<Value>>, DecodeError> {
        if !self.bit()? {
            return Ok(None);
        }
        let count = self.count()?;
        if count > self.reader.remaining().saturating_mul(8) + self.left as usize {
            return Err(DecodeError::LengthOutOfBounds);
        }
        // Grows as values come in, as the count may promise eight per byte.
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(self.any(depth)?);
        }
        Ok(Some(elements))
    }

    /// A value inside a container at `depth`.
    fn any(&mut self, depth: usize) -> Result<Value, DecodeError> {
        self.values_left = self
            .values_left
            .checked_sub(1)
            .ok_or(DecodeError::TooManyValues)?;
        if !self.bit()? {
            return Ok(Value::Null);
        }
        let depth = depth + 1;
        let value = match self.text()? {
            BOOL => Some(self.bit()?.into()),
            FLOAT64 => Some(self.float()?),
            INT => Some(self.integer()?),
            STRING => Some(self.text()?.into()),
            INT_POINTER => {
                if self.bit()? {
                    Some(self.integer()?)
                } else {
                    None
                }
            }
            STRING_POINTER => {
                if self.bit()? {
                    Some(self.text()?.into())
                } else {
                    None
                }
            }
            LIST | MAP if depth >= MAX_DEPTH => return Err(DecodeError::TooDeep),
            LIST => self.list(depth)?.map(Value::Array),
            MAP => self.map(depth)?.map(Value::Object),
            _ => return Err(DecodeError::TypeName),
        };
        Ok(value.unwrap_or(Value::Null))
    }

    fn integer(&mut self) -> Result<Value, DecodeError> {
        take_u64(self.reader).map(|value| unzigzag(value).into())
    }

    fn float(&mut self) -> Result<Value, DecodeError> {
        let value = f64::from_bits(take_u64(self.reader)?.swap_bytes());
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or(DecodeError::NotFinite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put_u64(value, &mut out);
        out
    }

    #[test]
    fn full_groups_take_one_byte_more() {
        assert_eq!(written(126), [0x7e]);
        assert_eq!(written(127), [0xff, 0x00]);
        assert_eq!(written(128), [0x80, 0x01]);
        assert_eq!(written(16383), [0xff, 0xff, 0x00]);
        assert_eq!(written(268_435_455), [0xff, 0xff, 0xff, 0xff, 0x00]);
        assert_eq!(written(1 << 63), [0x80; 9]);
        assert_eq!(written(u64::MAX), [0xff; 9]);
    }

    #[test]
    fn every_length_reads_back() {
        for bits in 0..64 {
            for value in [(1u64 << bits) - 1, 1 << bits, (1 << bits) + 1] {
                let bytes = written(value);
                let mut reader = Reader::new(&bytes);
                assert_eq!(take_u64(&mut reader), Ok(value));
                assert_eq!(reader.remaining(), 0);
            }
        }
    }

    #[test]
    fn shortest_form_reads_too() {
        assert_eq!(take_u64(&mut Reader::new(&[0x7f])), Ok(127));
        assert_eq!(
            take_u64(&mut Reader::new(&[0xff])),
            Err(DecodeError::UnexpectedEnd)
        );
    }
}
