//! Primitives of the body encoding (docs/spec/posbus.md §3.1) and the cursor that never leaves the
//! body.

use indexmap::IndexMap;

use crate::{Umid, error::DecodeError};

/// A value with a MUS encoding.
pub(crate) trait Wire: Sized {
    /// Fewest bytes any value of the type takes: what bounds a count before anything is allocated.
    const MIN: usize;

    /// Appends the encoding.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads one value.
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// Implements [`Wire`] for a struct: its fields in declaration order, nothing else.
macro_rules! wire_struct {
    ($name:ident, $($field:ident),+) => {
        impl $crate::wire::Wire for $name {
            const MIN: usize =
                0 $(+ $crate::wire::min_of(|value: &$name| &value.$field))+;

            fn put(&self, out: &mut Vec<u8>) {
                $($crate::wire::Wire::put(&self.$field, out);)+
            }

            fn take(
                reader: &mut $crate::wire::Reader<'_>,
            ) -> Result<Self, $crate::error::DecodeError> {
                Ok(Self { $($field: $crate::wire::Wire::take(reader)?),+ })
            }
        }
    };
}
pub(crate) use wire_struct;

/// The minimum of a field, whose type the compiler infers from how it is reached.
pub(crate) const fn min_of<Struct, Field: Wire>(_: fn(&Struct) -> &Field) -> usize {
    Field::MIN
}

/// Reads a body from front to back.
pub(crate) struct Reader<'a> {
    /// Bytes that were not read yet.
    rest: &'a [u8],
    /// Length of the whole body in bytes: what bounds the size of what is unfolded from it.
    pub(crate) body_len: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self {
            rest: body,
            body_len: body.len(),
        }
    }

    /// Bytes not read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The bytes not read yet; they stay unread.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The bytes not read yet, which count as read from here on.
    pub(crate) fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// The value of a body that was read to its end.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, DecodeError> {
        match self.remaining() {
            0 => Ok(value),
            left => Err(DecodeError::TrailingBytes(left)),
        }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        let (byte, rest) = self.rest.split_first().ok_or(DecodeError::UnexpectedEnd)?;
        self.rest = rest;
        Ok(*byte)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(DecodeError::LengthOutOfBounds)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(DecodeError::UnexpectedEnd)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// A varint of up to `max_bytes` bytes, the last of which may be at most `last_max`.
    fn uvarint(&mut self, max_bytes: u32, last_max: u8) -> Result<u64, DecodeError> {
        let mut value = 0;
        for index in 0..max_bytes {
            let byte = self.byte()?;
            if index + 1 == max_bytes && byte > last_max {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError::VarintOverflow)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        let value = self.uvarint(5, 0x0f)?;
        u32::try_from(value).map_err(|_| DecodeError::VarintOverflow)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.uvarint(10, 0x01)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, DecodeError> {
        self.u64().map(unzigzag)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, DecodeError> {
        self.u32().map(unzigzag32)
    }

    pub(crate) fn f32(&mut self) -> Result<f32, DecodeError> {
        let value = f32::from_bits(self.u32()?.swap_bytes());
        value
            .is_finite()
            .then_some(value)
            .ok_or(DecodeError::NotFinite)
    }

    /// A length or count whose elements take at least `min_size` bytes each.
    pub(crate) fn length(&mut self, min_size: usize) -> Result<usize, DecodeError> {
        let length = usize::try_from(self.i64()?).map_err(|_| DecodeError::LengthOutOfBounds)?;
        if length > self.remaining() / min_size {
            return Err(DecodeError::LengthOutOfBounds);
        }
        Ok(length)
    }

    /// The presence byte in front of an optional value.
    fn present(&mut self) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::InvalidPointer(other)),
        }
    }
}

/// Appends a u32 or u64 as LEB128 in its shortest form.
fn put_uvarint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_u32(value: u32, out: &mut Vec<u8>) {
    put_uvarint(value.into(), out);
}

pub(crate) fn put_u64(value: u64, out: &mut Vec<u8>) {
    put_uvarint(value, out);
}

/// Byte-swapped, as round numbers then vanish in the varint.
pub(crate) fn put_f32(value: f32, out: &mut Vec<u8>) {
    put_u32(value.to_bits().swap_bytes(), out);
}

/// Appends a length or count: zig-zag like every signed integer.
pub(crate) fn put_length(length: usize, out: &mut Vec<u8>) {
    put_uvarint((length as u64) << 1, out);
}

pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

pub(crate) fn zigzag32(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)).cast_unsigned()
}

fn unzigzag32(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

impl Wire for bool {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::InvalidBool(other)),
        }
    }
}

impl Wire for u32 {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        put_u32(*self, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.u32()
    }
}

impl Wire for u64 {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        put_u64(*self, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.u64()
    }
}

impl Wire for i64 {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        put_uvarint(zigzag(*self), out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.i64()
    }
}

impl Wire for Umid {
    const MIN: usize = 16;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array().map(Self::from_bytes)
    }
}

impl Wire for String {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = reader.length(1)?;
        let text =
            std::str::from_utf8(reader.bytes(length)?).map_err(|_| DecodeError::InvalidUtf8)?;
        Ok(text.to_owned())
    }
}

impl Wire for u8 {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.byte()
    }
}

impl<T: Wire> Wire for Vec<T> {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        for element in self {
            element.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.length(T::MIN)?;
        let mut elements = Self::with_capacity(count);
        for _ in 0..count {
            elements.push(T::take(reader)?);
        }
        Ok(elements)
    }
}

impl<V: Wire> Wire for IndexMap<String, V> {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.length(String::MIN + V::MIN)?;
        let mut entries = Self::new();
        for _ in 0..count {
            let key = String::take(reader)?;
            entries.insert(key, V::take(reader)?);
        }
        Ok(entries)
    }
}

impl<T: Wire> Wire for Option<T> {
    const MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.put(out);
            }
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(if reader.present()? {
            Some(T::take(reader)?)
        } else {
            None
        })
    }
}
