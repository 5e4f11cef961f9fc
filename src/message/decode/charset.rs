//! Bytes in a charset → text, whatever label they carry.
//!
//! Labels lie: UTF-8 is sent as `us-ascii`, windows-1252 as UTF-8, Shift_JIS as ISO-2022-JP. What the label says is
//! believed as long as the bytes allow it; then come what the rest of the mail is written in, and a guess.

use super::{guess, shifted};
use mail_parser::decoders::charsets::map::charset_decoder;
use std::borrow::Cow;

/// Bytes in a charset → text, and whether label and bytes fit.
pub(in crate::message) fn charset<'a>(label: Option<&str>, bytes: &'a [u8]) -> (Cow<'a, str>, bool) {
    charset_as(label, bytes, None)
}

/// The same; what has no label is read in the charset `hint`.
pub(in crate::message) fn charset_as<'a>(
    label: Option<&str>,
    bytes: &'a [u8],
    hint: Option<&str>,
) -> (Cow<'a, str>, bool) {
    let label = Label::of(label.unwrap_or_default());
    match label {
        Label::Utf8 => match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), true),
            Err(_) => (unlabelled(bytes, None), false),
        },
        Label::Ascii => (unlabelled(bytes, hint), bytes.is_ascii()),
        Label::Named(name) => {
            let (text, fits) = named(&name, bytes);
            (Cow::Owned(text), fits)
        }
    }
}

/// Text of bytes that nobody has labelled: UTF-8, or what `hint` says that the mail is written in, or a guess.
pub(in crate::message) fn unlabelled<'a>(bytes: &'a [u8], hint: Option<&str>) -> Cow<'a, str> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => {
            // Plain ASCII, unless a 7-bit charset shifts in it.
            let shifts = memchr::memchr(ESCAPE, bytes).and_then(|_| guess::by_escapes(bytes));
            return shifts.map_or(Cow::Borrowed(text), |name| Cow::Owned(named(name, bytes).0));
        }
        Err(error) => error,
    };
    let is_cut = error.error_len().is_none() && !bytes[..error.valid_up_to()].is_ascii();
    if is_cut || is_mostly_utf8(bytes) {
        return Cow::Owned(mixed(bytes));
    }
    if let Some(Label::Named(name)) = hint.map(Label::of)
        && !is_western(&name)
        && (is_latin(&name) || !guess::is_western(bytes))
        && let (text, true) = named(&name, bytes)
        && !text.contains(is_private)
    {
        return Cow::Owned(text);
    }
    let guessed = guess::by_bytes(bytes);
    let is_odd = |text: &str| text.contains(char::REPLACEMENT_CHARACTER) || text.contains(is_private);
    let text = by_name(guessed, bytes);
    if !is_odd(&text) {
        return Cow::Owned(text);
    }
    // A guess that leaves bytes without a meaning is wrong where another does not.
    let others = guess::OTHERS.iter().filter(|name| **name != guessed).map(|name| by_name(name, bytes));
    Cow::Owned(others.into_iter().find(|text| !is_odd(text)).unwrap_or(text))
}

/// Whether a label names a charset that is not to be known from the bytes alone.
pub(super) fn is_telling(label: &str) -> bool {
    matches!(Label::of(label), Label::Named(name) if !is_western(&name))
}

/// What a label says, as far as it is to be believed.
enum Label {
    Utf8,
    /// ASCII, nothing, or a word for not knowing.
    Ascii,
    /// A charset the decoder knows by this name.
    Named(String),
}

/// By which charsets of seven bits shift (ISO 2022).
pub(super) const ESCAPE: u8 = 0x1b;

/// Labels that stand for no charset at all. Letters and digits in lower case, as all of these tables.
const UNKNOWING: [&str; 16] = [
    "",
    "646",
    "7bit",
    "8bit",
    "ansi",
    "ansix341968",
    "ansix341986",
    "ascii",
    "binary",
    "default",
    "iso646irv1991",
    "iso646us",
    "unknown",
    "unknown8bit",
    "usascii",
    "xunknown",
];

/// Other names of charsets, and the one the decoder knows.
const ALIASES: [(&str, &str); 46] = [
    ("ansicp1252", "windows-1252"),
    ("big5hkscs2004", "big5"),
    ("cngb", "gb18030"),
    ("cp437", "cp850"),
    ("cp50220", "iso-2022-jp"),
    ("cp50221", "iso-2022-jp"),
    ("cp50222", "iso-2022-jp"),
    ("cp51932", "euc-jp"),
    ("cp51936", "gb18030"),
    ("cp51949", "euc-kr"),
    ("cp54936", "gb18030"),
    ("cp65000", "utf-7"),
    ("cp858", "cp850"),
    ("cp874", "windows-874"),
    ("cp932", "shift_jis"),
    ("cp943", "shift_jis"),
    ("cp943c", "shift_jis"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("euccn", "gb18030"),
    ("eucjp", "euc-jp"),
    ("eucjpms", "euc-jp"),
    ("eucjpwin", "euc-jp"),
    ("euckr", "euc-kr"),
    ("gb", "gb18030"),
    ("gb180302000", "gb18030"),
    ("gb180302022", "gb18030"),
    ("ibm437", "cp850"),
    ("iso2022jp1", "iso-2022-jp"),
    ("iso2022jp2", "iso-2022-jp"),
    ("iso2022jp2004", "iso-2022-jp"),
    ("iso2022jp3", "iso-2022-jp"),
    ("iso2022jpms", "iso-2022-jp"),
    ("iso8859", "iso-8859-1"),
    ("iso88598visual", "iso-8859-8"),
    ("jis", "iso-2022-jp"),
    ("johab", "euc-kr"),
    ("koi8rus", "koi8-r"),
    ("ksc56011992", "euc-kr"),
    ("latin", "iso-8859-1"),
    ("mscp932", "shift_jis"),
    ("shiftjisx0213", "shift_jis"),
    ("tis6202533", "tis-620"),
    ("uhc", "euc-kr"),
    ("unicode11utf7", "utf-7"),
    ("unicode20utf7", "utf-7"),
];

impl Label {
    fn of(label: &str) -> Self {
        // `utf-8;`, `"utf-8`, `charset=utf-8`, `utf-8*en` (RFC 2231 §5) and the like.
        let label =
            label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ';' | ',' | '<' | '>'));
        let label = label.rsplit_once("charset=").map_or(label, |(_, label)| label).trim_start_matches(['"', '\'']);
        let end = label.find(|c: char| c.is_whitespace() || matches!(c, ';' | '*' | ',' | '"' | '\'' | '/'));
        let label = &label[..end.unwrap_or(label.len())];
        if label.eq_ignore_ascii_case("utf-8") {
            return Label::Utf8;
        }
        let key: String = label.chars().filter(char::is_ascii_alphanumeric).take(MAX_KEY_CHARS).collect();
        let key = key.to_ascii_lowercase();
        if key.starts_with("utf8") || key == "cp65001" || key == "65001" || key == "unicode11utf8" {
            return Label::Utf8;
        }
        if UNKNOWING.contains(&key.as_str()) {
            return Label::Ascii;
        }
        if let Ok(at) = ALIASES.binary_search_by_key(&key.as_str(), |(alias, _)| alias) {
            return Label::Named(ALIASES[at].1.to_string());
        }
        if label.len() <= MAX_KEY_CHARS && (charset_decoder(label.as_bytes()).is_some() || own_decoder(&key).is_some())
        {
            return Label::Named(label.to_ascii_lowercase());
        }
        // `windows1252`, `win-1251`, `ms_cp1250`, and `windows-1252http-equiv` as an old editor wrote it.
        let number: String = key.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        let candidates = match key.trim_start_matches('x') {
            k if k.starts_with("win") || k.starts_with("ms") || k.starts_with("cp") || k.starts_with("ansi") => {
                [format!("windows-{}", number.get(..4).unwrap_or(&number)), format!("cp{number}")]
            }
            k if k.starts_with("iso8859") => {
                [format!("iso8859-{}", number.get(4..).unwrap_or_default()), String::new()]
            }
            k if k.starts_with("ibm") || k.starts_with("dos") || k.starts_with("oem") => {
                [format!("cp{number}"), format!("ibm{number}")]
            }
            k if k.starts_with("koi8") => ["koi8-r".into(), String::new()],
            k if k.starts_with("mac") => ["macintosh".into(), String::new()],
            k if k.starts_with("gb") => ["gb18030".into(), String::new()],
            k if k.starts_with("big5") => ["big5".into(), String::new()],
            _ => [key.clone(), String::new()],
        };
        let known = candidates.into_iter().find(|name| !name.is_empty() && charset_decoder(name.as_bytes()).is_some());
        known.map_or(Label::Ascii, Label::Named)
    }
}

/// Characters of a label that are looked at; the library knows none longer than 45.
pub(super) const MAX_KEY_CHARS: usize = 45;

/// Charsets for programs of the west, in which any bytes are a text.
fn is_western(name: &str) -> bool {
    matches!(name, "iso-8859-1" | "iso-8859-15" | "windows-1252" | "latin1" | "cp1252" | "cp850" | "macintosh")
}

/// Charsets of other languages in Latin letters, which no byte tells from those of the west.
fn is_latin(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "windows-1250",
        "windows-1254",
        "windows-1257",
        "windows-1258",
        "iso-8859-2",
        "iso-8859-3",
        "iso-8859-4",
        "iso-8859-9",
        "iso-8859-10",
        "iso-8859-13",
        "iso-8859-14",
        "iso-8859-16",
    ];
    NAMES.contains(&name)
}

fn named(name: &str, bytes: &[u8]) -> (String, bool) {
    let is_wide = name.contains("16") && name.starts_with(['u', 'c']) || name.starts_with("ucs");
    if !is_wide && !bytes.is_ascii() && !is_thai(name) {
        // Hardly any text in another charset is UTF-8 by chance.
        if let Ok(text) = std::str::from_utf8(bytes) {
            return (text.to_string(), false);
        }
        // A 7-bit charset with bytes of eight bits: the label of the country, the bytes of the system.
        if name.starts_with("iso-2022") || name.starts_with("csiso2022") || name.starts_with("hz") {
            let text = if bytes.contains(&ESCAPE) { by_name(name, bytes) } else { String::new() };
            if text.is_empty() || text.contains(char::REPLACEMENT_CHARACTER) {
                return (by_name(guess::among_japanese(bytes), bytes), false);
            }
            return (text, false);
        }
    }
    let text = by_name(name, bytes);
    let fits = !text.contains(char::REPLACEMENT_CHARACTER);
    (text, fits)
}

fn is_thai(name: &str) -> bool {
    name.contains("874") || name.contains("tis") || name.contains("8859-11")
}

pub(super) fn by_name(name: &str, bytes: &[u8]) -> String {
    let key: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if let Some(decode) = own_decoder(&key) {
        return decode(bytes);
    }
    in_library(name, bytes)
}

fn in_library(name: &str, bytes: &[u8]) -> String {
    match charset_decoder(name.as_bytes()) {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The charsets with shifts that the library does not know, is strict about, or loses characters of.
fn own_decoder(key: &str) -> Option<fn(&[u8]) -> String> {
    match key {
        "iso2022jp" | "csiso2022jp" => Some(|bytes| in_library("iso-2022-jp", &shifted::plain_japanese(bytes))),
        "iso2022kr" | "csiso2022kr" => Some(|bytes| in_library("euc-kr", &shifted::by_shifts(bytes))),
        "iso2022cn" | "iso2022cnext" => Some(|bytes| in_library("gbk", &shifted::by_shifts(bytes))),
        "utf7" => Some(shifted::utf7),
        "hzgb2312" | "hz" => Some(|bytes| in_library("gbk", &shifted::by_tildes(bytes))),
        _ => None,
    }
}

/// Characters that no charset has, but decoders give for pairs of bytes that are free.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}')
}

/// Whether characters of UTF-8 are more than what is none.
pub(super) fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xc0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

/// UTF-8 with pieces of windows-1252 in it, as when a server adds a footer.
fn mixed(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes.len();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        rest -= chunk.valid().len() + chunk.invalid().len();
        match chunk.invalid() {
            [] => {}
            // Cut off inside its last character.
            [0xc2..=0xf4] if rest == 0 => out.push(char::REPLACEMENT_CHARACTER),
            [byte] if *byte >= 0xa0 => out.push(char::from(*byte)),
            [byte] => out.push_str(&by_name("windows-1252", &[*byte])),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

#[cfg(test)]
mod tests;
