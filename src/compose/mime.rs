//! The body of a mail: text and HTML as alternatives, files beside them (RFC 2046 §5.1.3, §5.1.4).

use super::File;
use super::headers::one_line;
use super::headers::shortened;
use crate::message::{Digest, MessageId};
use lettre::message::header::{ContentDisposition, ContentType};
use lettre::message::{Attachment, MultiPart, SinglePart};

/// The longest name of a file, in characters.
const FILE_NAME_CHARS: usize = 120;

/// Everything below the address fields, from `Content-Type` on; lines end in CRLF.
pub(super) fn body(id: &MessageId, text: &str, html: &str, files: Vec<File>) -> Vec<u8> {
    let seed = Digest::of(id.0.as_bytes()).to_string();
    // Quoted-printable never has `=_` in it (RFC 2045 §6.7), and nobody knows our MAC before the mail is written.
    let boundary = |part: &str| format!("=_{}{part}", &seed[..24]);
    let alternative = MultiPart::alternative()
        .boundary(boundary("a"))
        .singlepart(SinglePart::plain(with_crlf(text)))
        .singlepart(SinglePart::html(with_crlf(html)));
    if files.is_empty() {
        return alternative.formatted();
    }
    let mixed = MultiPart::mixed().boundary(boundary("m")).multipart(alternative);
    files.into_iter().fold(mixed, |mixed, file| mixed.singlepart(part(file))).formatted()
}

fn part(file: File) -> SinglePart {
    // A part that is itself a mail must not be encoded (RFC 2046 §5.2.1), so it travels as a plain file.
    let is_composite = file.media_type.starts_with("message/") || file.media_type.starts_with("multipart/");
    let media_type = if is_composite { None } else { ContentType::parse(&file.media_type).ok() };
    let media_type = media_type.or_else(|| ContentType::parse("application/octet-stream").ok());
    let name = file_name(&file.name);
    match media_type {
        Some(media_type) => Attachment::new(name).body(file.bytes, media_type),
        None => SinglePart::builder().header(ContentDisposition::attachment(&name)).body(file.bytes),
    }
}

/// A name that is a name everywhere: on one line, and no path.
fn file_name(name: &str) -> String {
    let flat: String = one_line(name).chars().map(|c| if matches!(c, '/' | '\\') { '_' } else { c }).collect();
    let name = shortened(flat.trim_start_matches('.'), FILE_NAME_CHARS);
    if name.is_empty() { "attachment".to_owned() } else { name }
}

fn with_crlf(text: &str) -> String {
    let mut wired = String::with_capacity(text.len() + text.len() / 16);
    for (nth, line) in text.trim_end_matches('\n').split('\n').enumerate() {
        if nth > 0 {
            wired.push_str("\r\n");
        }
        wired.push_str(line);
    }
    wired
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_no_path() {
        for (name, given, expected) in [
            ("plain", "report.pdf", "report.pdf"),
            ("path", "../../etc/passwd", "_.._etc_passwd"),
            ("windows path", "C:\\x.exe", "C:_x.exe"),
            ("line break", "a\r\nb.txt", "a b.txt"),
            ("none", "", "attachment"),
        ] {
            assert_eq!(file_name(given), expected, "{name}");
        }
    }
}
