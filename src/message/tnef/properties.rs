//! Lists of properties inside attributes (MS-OXTNEF §2.1.3.4).

use super::{Cursor, text};

/// One property.
#[derive(Debug)]
pub(super) struct Property<'a> {
    pub id: u16,
    pub value: Value<'a>,
}

/// Its value, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// A text in the code page of the message.
    Text(&'a [u8]),
    /// A text in UTF-16, low bytes first.
    Wide(&'a [u8]),
    Bytes(&'a [u8]),
    Object(&'a [u8]),
    Other,
}

impl<'a> Property<'a> {
    pub fn text(&self, code_page: u32) -> String {
        match self.value {
            Value::Text(bytes) | Value::Bytes(bytes) => text(bytes, code_page),
            Value::Wide(bytes) => {
                let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                char::decode_utf16(units.take_while(|unit| *unit != 0)).map(|c| c.unwrap_or('\u{fffd}')).collect()
            }
            Value::Object(_) | Value::Other => String::new(),
        }
    }

    pub fn bytes(&self) -> Option<&'a [u8]> {
        match self.value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The properties of a list, up to where it is broken.
pub(super) fn read(data: &[u8]) -> Vec<Property<'_>> {
    let mut cursor = Cursor::at(data);
    let count = cursor.u32().unwrap_or(0);
    let mut list = Vec::new();
    for _ in 0..count {
        match property(&mut cursor) {
            Some(property) => list.push(property),
            None => break,
        }
    }
    list
}

fn property<'a>(cursor: &mut Cursor<'a>) -> Option<Property<'a>> {
    let kind = cursor.u16()?;
    let id = cursor.u16()?;
    if id >= 0x8000 {
        // Named ones: whose they are, and a number or a name.
        cursor.take(16)?;
        if cursor.u32()? == 0 {
            cursor.take(4)?;
        } else {
            padded(cursor)?;
        }
    }
    let is_list = kind & 0x1000 != 0;
    let kind = kind & 0x0fff;
    let width = match kind {
        0x02 | 0x03 | 0x04 | 0x0a | 0x0b => Some(4),
        0x05 | 0x06 | 0x07 | 0x14 | 0x40 => Some(8),
        0x48 => Some(16),
        _ => None,
    };
    let has_count = is_list || width.is_none();
    let count = if has_count { cursor.u32()? } else { 1 };
    let mut value = Value::Other;
    for _ in 0..count {
        match (width, kind) {
            // A list of small numbers has no padding between them.
            (Some(_), 0x02 | 0x0b) if is_list => drop(cursor.take(2)?),
            (Some(width), _) => drop(cursor.take(width)?),
            (None, kind) => {
                let bytes = padded(cursor)?;
                value = match kind {
                    0x1e => Value::Text(bytes),
                    0x1f => Value::Wide(bytes),
                    0x0d => Value::Object(bytes),
                    0x102 => Value::Bytes(bytes),
                    _ => return None,
                };
            }
        }
    }
    Some(Property { id, value })
}

/// Bytes with their length before them, filled up to a multiple of four; the last ones may have come cut off.
fn padded<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(cursor.u32()?).ok()?;
    let bytes = cursor.take_some(length);
    cursor.take_some((4 - length % 4) % 4);
    Some(bytes)
}
