//! `winmail.dat`: the files and the text that Outlook packs together where it should have sent MIME (MS-OXTNEF).
//!
//! A stream of attributes, some of which hold lists of properties (MS-OXPROPS). What is broken ends the reading; what was
//! found before it is kept, and of what came cut off, the beginning.

mod properties;
mod rtf;
mod words;

use super::decode;
use super::limits::{MAX_TNEF_DEPTH, MAX_TNEF_FILES};
use properties::{Property, Value};
pub(super) use words::of as words_of;

/// One file that was packed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Packed {
    pub name: Option<String>,
    pub media_type: Option<String>,
    pub content_id: Option<String>,
    pub bytes: Vec<u8>,
}

/// What was packed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contents {
    pub files: Vec<Packed>,
    /// The text, where it is there as text.
    pub text: Option<String>,
    pub html: Option<String>,
    /// The text with its looks, unpacked.
    pub rtf: Option<Vec<u8>>,
    /// It ends inside an attribute.
    pub is_cut: bool,
}

const SIGNATURE: u32 = 0x223e_9f78;

// Attributes, without the types in their upper halves.
const ATTACHMENT_DATA: u16 = 0x800f;
const ATTACHMENT_TITLE: u16 = 0x8010;
const ATTACHMENT_BEGINS: u16 = 0x9002;
const MESSAGE_PROPERTIES: u16 = 0x9003;
const ATTACHMENT_PROPERTIES: u16 = 0x9005;
const CODE_PAGE: u16 = 0x9007;
const BODY: u16 = 0x800c;

/// Opens it; `None` when it is none.
pub(super) fn open(bytes: &[u8]) -> Option<Contents> {
    open_at(bytes, 0)
}

// The recursion is as deep as messages are packed in one another, which is limited.
fn open_at(bytes: &[u8], depth: usize) -> Option<Contents> {
    let mut cursor = Cursor::at(bytes);
    if cursor.u32()? != SIGNATURE {
        return None;
    }
    cursor.take(2)?;
    let mut contents = Contents::default();
    let mut code_page = 1252;
    while let Some((id, data)) = cursor.attribute() {
        match id {
            CODE_PAGE => code_page = Cursor::at(data).u32().unwrap_or(code_page),
            BODY if contents.text.is_none() => contents.text = Some(text(data, code_page)),
            MESSAGE_PROPERTIES => {
                for property in properties::read(data) {
                    contents.take(&property, code_page);
                }
            }
            ATTACHMENT_BEGINS if contents.files.len() >= MAX_TNEF_FILES => break,
            ATTACHMENT_BEGINS => contents.files.push(Packed::default()),
            _ => {
                if let Some(file) = contents.files.last_mut() {
                    match id {
                        ATTACHMENT_TITLE => {
                            file.name.get_or_insert_with(|| decode::clean_line(&text(data, code_page)));
                        }
                        ATTACHMENT_DATA => file.bytes = data.to_vec(),
                        ATTACHMENT_PROPERTIES => {
                            let nested = file.take(properties::read(data), code_page);
                            // A message that is attached: its files are what matters.
                            if let Some(inner) = nested.filter(|_| depth < MAX_TNEF_DEPTH)
                                && let Some(inner) = open_at(inner, depth + 1)
                            {
                                contents.files.pop();
                                contents.is_cut |= inner.is_cut;
                                let room = MAX_TNEF_FILES.saturating_sub(contents.files.len());
                                contents.files.extend(inner.into_files().into_iter().take(room));
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    contents.is_cut |= cursor.is_cut;
    contents.files.retain(|file| !file.bytes.is_empty() || file.name.is_some());
    Some(contents)
}

impl Contents {
    fn take(&mut self, property: &Property<'_>, code_page: u32) {
        match property.id {
            0x1000 => self.text = Some(property.text(code_page)).filter(|text| !text.is_empty()),
            0x1013 => {
                // Its bytes are in the charset that the page itself names, or in that of the system.
                self.html = match property.value {
                    Value::Bytes(bytes) => Some(text(bytes, code_page)),
                    _ => Some(property.text(code_page)),
                };
            }
            0x1009 => self.rtf = property.bytes().and_then(rtf::unpack),
            _ => {}
        }
    }

    /// All that can be kept as files, the text too.
    fn into_files(self) -> Vec<Packed> {
        let file = |name: &str, kind: &str, bytes: Vec<u8>| Packed {
            name: Some(name.into()),
            media_type: Some(kind.into()),
            content_id: None,
            bytes,
        };
        let text = match (self.text, self.html, self.rtf) {
            (Some(text), ..) => Some(file("message.txt", "text/plain", text.into_bytes())),
            (_, Some(html), _) => Some(file("message.html", "text/html", html.into_bytes())),
            (_, _, Some(rtf)) => Some(file("message.rtf", "application/rtf", rtf)),
            _ => None,
        };
        text.into_iter().chain(self.files).collect()
    }
}

impl Packed {
    /// Takes what properties say of a file, and gives the message that is in it if there is one.
    fn take<'a>(&mut self, properties: Vec<Property<'a>>, code_page: u32) -> Option<&'a [u8]> {
        let mut nested = None;
        let mut short = None;
        let mut long = None;
        for property in &properties {
            match property.id {
                0x3707 => long = Some(property.text(code_page)),
                0x3001 | 0x3704 => short = short.or_else(|| Some(property.text(code_page))),
                0x370e => self.media_type = Some(decode::clean_line(&property.text(code_page)).to_ascii_lowercase()),
                0x3712 => self.content_id = Some(property.text(code_page)),
                0x3701 => match property.value {
                    // An object begins with the id of its interface.
                    Value::Object(bytes) => nested = bytes.get(16..),
                    Value::Bytes(bytes) if self.bytes.is_empty() => self.bytes = bytes.to_vec(),
                    _ => {}
                },
                _ => {}
            }
        }
        let named = |name: String| Some(decode::clean_line(&name)).filter(|name| !name.is_empty());
        self.name = long.and_then(named).or(self.name.take().and_then(named)).or(short.and_then(named));
        // Where it cannot be opened, it stays a file.
        if let Some(bytes) = nested.filter(|_| self.bytes.is_empty()) {
            self.bytes = bytes.to_vec();
        }
        nested
    }
}

/// Text in a code page of Windows, up to its first zero.
fn text(bytes: &[u8], code_page: u32) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    decode::charset(Some(&format!("cp{code_page}")), &bytes[..end]).0.into_owned()
}

struct Cursor<'a> {
    rest: &'a [u8],
    /// It has come to an attribute that is not whole.
    is_cut: bool,
}

impl<'a> Cursor<'a> {
    fn at(rest: &'a [u8]) -> Self {
        Self { rest, is_cut: false }
    }

    /// So many bytes, or as many as there are.
    fn take_some(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// The next attribute: its id and its data, or as much of it as there is.
    fn attribute(&mut self) -> Option<(u16, &'a [u8])> {
        // What begins with no level is none: line ends that were added on the way.
        let has_more = matches!(self.rest.first(), Some(1 | 2));
        self.take(1)?;
        let id = self.u16();
        self.take(2);
        let length = self.u32().and_then(|length| usize::try_from(length).ok());
        self.is_cut = has_more && length.is_none_or(|length| length > self.rest.len());
        let (id, data) = (id?, self.take_some(length?));
        // The checksum; one that is wrong tells nothing that the data does not show.
        self.take(2);
        Some((id, data))
    }
}

#[cfg(test)]
mod tests;
