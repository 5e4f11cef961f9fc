//! The body of a mail: text and HTML as alternatives, files beside them (RFC 2046 §5.1.3, §5.1.4).

use super::File;
use super::headers::one_line;
use super::headers::shortened;
use crate::message::{Digest, MessageId};
use data_encoding::BASE64;
use lettre::message::header::{ContentDisposition, ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, IntoBody, MultiPart, SinglePart};

/// The longest name of a file, in characters.
const FILE_NAME_CHARS: usize = 120;

/// The longest line of quoted-printable (RFC 2045 §6.7).
const LINE_OCTETS: usize = 76;

/// How many bytes make a line of base64 (RFC 2045 §6.8).
const LINE_BYTES: usize = LINE_OCTETS / 4 * 3;

/// Files larger than this are written as base64, whatever they are, in bytes.
const LARGE_BYTES: usize = 1 << 20;

/// Writes everything below the address fields, from `Content-Type` on; lines end in CRLF.
pub(super) fn write_body(out: &mut Vec<u8>, id: &MessageId, text: &str, html: &str, files: Vec<File>) {
    let seed = Digest::of(id.0.as_bytes()).to_string();
    // Quoted-printable never has `=_` in it (RFC 2045 §6.7), and nobody knows our MAC before the mail is written.
    let boundary = |part: &str| format!("=_{}{part}", &seed[..24]);
    let [text, html] = [text, html].map(|words| words.trim_end_matches('\n'));
    if files.is_empty() && write_alternative(out, &boundary("a"), text, html) {
        return;
    }
    let alternative = MultiPart::alternative()
        .boundary(boundary("a"))
        .singlepart(SinglePart::plain(with_crlf(text)))
        .singlepart(SinglePart::html(with_crlf(html)))
        .formatted();
    if files.is_empty() {
        out.extend(alternative);
        return;
    }
    // At once: a large mail that grows bit by bit stands in memory twice.
    let lengths = files.iter().map(|file| file.bytes.len().div_ceil(LINE_BYTES) * (LINE_OCTETS + 2) + 1_000);
    out.reserve(alternative.len() + lengths.sum::<usize>() + 1_000);
    let boundary = boundary("m");
    push(out, &["Content-Type: multipart/mixed; boundary=\"", &boundary, "\"\r\n\r\n"]);
    push(out, &["--", &boundary, "\r\n"]);
    out.extend(alternative);
    for file in files {
        push(out, &["--", &boundary, "\r\n"]);
        if file.bytes.len() > LARGE_BYTES {
            write_large(out, file);
        } else {
            out.extend(part(file).formatted());
        }
    }
    push(out, &["--", &boundary, "--\r\n"]);
}

/// Writes a large file as base64 without a copy of it.
fn write_large(out: &mut Vec<u8>, file: File) {
    let File { name, media_type, bytes } = file;
    let nothing = Body::dangerous_pre_encoded(Vec::new(), ContentTransferEncoding::Base64);
    let head = part_with(nothing, &name, &media_type).formatted();
    out.extend_from_slice(head.strip_suffix(b"\r\n").unwrap_or(&head));
    for line in bytes.chunks(LINE_BYTES) {
        let start = out.len();
        out.resize(start + BASE64.encode_len(line.len()), 0);
        BASE64.encode_mut(line, &mut out[start..]);
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes text and HTML as the library would, in a fraction of its time. Nothing is written, and the answer is
/// no, where it would take base64.
fn write_alternative(out: &mut Vec<u8>, boundary: &str, text: &str, html: &str) -> bool {
    let parts = [("plain", text), ("html", html)].map(|(kind, words)| (kind, words, encoding(words)));
    if parts.iter().any(|(.., encoding)| matches!(encoding, Encoding::Base64)) {
        return false;
    }
    out.reserve((text.len() + html.len()) * 5 / 4 + 512);
    push(out, &["Content-Type: multipart/alternative; boundary=\"", boundary, "\"\r\n\r\n"]);
    for (kind, words, encoding) in parts {
        let is_plain = matches!(encoding, Encoding::SevenBit);
        let name = if is_plain { "7bit" } else { "quoted-printable" };
        push(out, &["--", boundary, "\r\nContent-Type: text/", kind, "; charset=utf-8\r\n"]);
        push(out, &["Content-Transfer-Encoding: ", name, "\r\n\r\n"]);
        for line in words.split('\n') {
            if is_plain {
                out.extend_from_slice(line.as_bytes());
            } else {
                write_quoted_printable(out, line.as_bytes());
            }
            out.extend_from_slice(b"\r\n");
        }
    }
    push(out, &["--", boundary, "--\r\n"]);
    true
}

fn push(out: &mut Vec<u8>, pieces: &[&str]) {
    pieces.iter().for_each(|piece| out.extend_from_slice(piece.as_bytes()));
}

enum Encoding {
    SevenBit,
    QuotedPrintable,
    Base64,
}

/// The shortest encoding that every server takes, of text whose lines will end in CRLF.
fn encoding(words: &str) -> Encoding {
    let breaks = count(words, |byte| byte == b'\n');
    // As the library counts: a line with the line feed before it and the carriage return behind it.
    let octets = |nth: usize, line: &str| line.len() + usize::from(nth > 0) + usize::from(nth < breaks);
    if words.is_ascii() && words.split('\n').enumerate().all(|(nth, line)| octets(nth, line) < LINE_OCTETS) {
        return Encoding::SevenBit;
    }
    let foreign = count(words, |byte| !matches!(byte, b'\t' | b' '..=b'~')) + breaks;
    if foreign <= (words.len() + breaks) / 3 { Encoding::QuotedPrintable } else { Encoding::Base64 }
}

/// How many bytes are such. It counts in bytes, of which the processor adds many at once.
fn count(words: &str, is_such: impl Fn(u8) -> bool) -> usize {
    let in_piece = |piece: &[u8]| piece.iter().map(|&byte| u8::from(is_such(byte))).sum::<u8>();
    words.as_bytes().chunks(usize::from(u8::MAX)).map(|piece| usize::from(in_piece(piece))).sum()
}

/// Writes one line as quoted-printable (RFC 2045 §6.7).
fn write_quoted_printable(out: &mut Vec<u8>, line: &[u8]) {
    let Some((&last, mut rest)) = line.split_last() else { return };
    // Up to the last byte, there must be room for the mark of a line that goes on.
    const FULL: usize = LINE_OCTETS - 1;
    let mut column = 0;
    loop {
        let (mut run, after) = rest.split_at(plain_run(rest));
        while run.len() > FULL - column {
            let (now, later) = run.split_at(FULL - column);
            out.extend_from_slice(now);
            out.extend_from_slice(b"=\r\n");
            (column, run) = (0, later);
        }
        out.extend_from_slice(run);
        column += run.len();
        let Some((&byte, after)) = after.split_first() else { break };
        write_octet(out, &mut column, FULL, byte, is_plain(byte));
        rest = after;
    }
    // White space at the end of a line may get lost on the way.
    write_octet(out, &mut column, LINE_OCTETS, last, is_plain(last) && !matches!(last, b' ' | b'\t'));
}

fn write_octet(out: &mut Vec<u8>, column: &mut usize, full: usize, byte: u8, is_plain: bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let width = if is_plain { 1 } else { 3 };
    if *column + width > full {
        out.extend_from_slice(b"=\r\n");
        *column = 0;
    }
    *column += width;
    if is_plain {
        out.push(byte);
    } else {
        out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~') && byte != b'='
}

/// How many bytes at the beginning are written as they are; a tab may end them too early.
fn plain_run(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (nth, word) in words.iter().enumerate() {
        let plain = plain_octets(u64::from_le_bytes(*word));
        if plain < 8 {
            return nth * 8 + plain;
        }
    }
    let of_rest = rest.iter().take_while(|&&byte| is_plain(byte)).count();
    words.len() * 8 + of_rest
}

/// How many of eight octets, from the lowest, are from ` ` to `~` and no `=`.
///
/// Each difference borrows into the highest bit of an octet that is too small. A borrow that goes on can only
/// mark octets above the first one that is rightly marked.
fn plain_octets(word: u64) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = EACH << 7;
    let is_control = word.wrapping_sub(EACH * 0x20) & !word;
    let is_delete_or_foreign = word.wrapping_add(EACH) | word;
    let from_equals = word ^ (EACH * 0x3d);
    let is_equals = from_equals.wrapping_sub(EACH) & !from_equals;
    let marked = (is_control | is_delete_or_foreign | is_equals) & HIGHEST;
    (marked.trailing_zeros() / 8) as usize
}

fn part(file: File) -> SinglePart {
    part_with(file.bytes, &file.name, &file.media_type)
}

fn part_with(body: impl IntoBody, name: &str, media_type: &str) -> SinglePart {
    // A part that is itself a mail must not be encoded (RFC 2046 §5.2.1), so it travels as a plain file.
    let is_composite = media_type.starts_with("message/") || media_type.starts_with("multipart/");
    let media_type = if is_composite { None } else { ContentType::parse(media_type).ok() };
    let media_type = media_type.or_else(|| ContentType::parse("application/octet-stream").ok());
    let name = file_name(name);
    match media_type {
        Some(media_type) => Attachment::new(name).body(body, media_type),
        None => SinglePart::builder().header(ContentDisposition::attachment(&name)).body(body),
    }
}

/// A name that is a name everywhere: on one line, and no path.
fn file_name(name: &str) -> String {
    let flat: String = one_line(name).chars().map(|c| if matches!(c, '/' | '\\') { '_' } else { c }).collect();
    let name = shortened(flat.trim_start_matches('.'), FILE_NAME_CHARS);
    if name.is_empty() { "attachment".to_owned() } else { name }
}

fn with_crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_quick_way_writes_what_the_library_writes() {
        let long = "All calls to the endpoint fail = nobody can work, and that since this morning. ".repeat(3);
        for (name, text) in [
            ("plain", "Hello\r\n\r\nBye".to_owned()),
            ("nothing", String::new()),
            ("long line", long.clone()),
            ("blanks at the ends", format!("{long} \r\na\t\r\n{}  ", "x".repeat(74))),
            ("umlauts", format!("Größe – nicht groß\r\n{long}ä")),
            ("mostly of another script", "Все запросы не проходят с утра, никто не может работать".to_owned()),
            ("equals signs", "=".repeat(200)),
            ("control character", "a\u{1}b\rc".to_owned()),
        ] {
            let mut texts = vec![text.clone()];
            texts.extend((70..80).map(|width| format!("{}{}", "x".repeat(width), text)));
            texts.extend((70..80).map(|width| format!("{} \r\n{}é", "y".repeat(width), "z".repeat(width))));
            for text in texts {
                let library = MultiPart::alternative()
                    .boundary("=_b")
                    .singlepart(SinglePart::plain(text.clone()))
                    .singlepart(SinglePart::html(text.clone()))
                    .formatted();
                let library = String::from_utf8(library).unwrap();
                let mut quick = Vec::new();
                let words = text.replace("\r\n", "\n");
                if write_alternative(&mut quick, "=_b", &words, &words) {
                    assert_eq!(String::from_utf8(quick).unwrap(), library, "{name}");
                } else {
                    assert!(library.contains("Content-Transfer-Encoding: base64"), "{name}");
                    assert!(quick.is_empty(), "{name}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_words_are_written_as_the_library_writes_them(words in "(\\PC{0,9}|[ -~\t]{0,90}|[ =\n]{1,5}|é){0,9}") {
            let words = words.trim_end_matches('\n');
            let part = |kind: SinglePart| String::from_utf8(kind.formatted()).unwrap();
            let library = part(SinglePart::plain(with_crlf(words)));
            let mut quick = Vec::new();
            if write_alternative(&mut quick, "=_b", words, words) {
                let quick = String::from_utf8(quick).unwrap();
                prop_assert_eq!(quick.split("--=_b\r\n").nth(1).unwrap(), library);
            } else {
                prop_assert!(library.contains("Content-Transfer-Encoding: base64"));
            }
        }
    }

    #[test]
    fn octets_that_stand_as_they_are_are_told_from_others() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                for other in [b' ', b'~', 0x80, b'='] {
                    let mut word = [other; 8];
                    word[..at].fill(b'a');
                    word[at] = byte;
                    let expected = word.iter().take_while(|&&byte| is_plain(byte) && byte != b'\t').count();
                    assert_eq!(plain_octets(u64::from_le_bytes(word)), expected, "{word:?}");
                }
            }
        }
    }

    #[test]
    fn a_mail_with_files_is_written_as_the_library_writes_it() {
        let id = MessageId("pr.1@desk.example".to_owned());
        for (name, sizes) in
            [("a small one", &[10][..]), ("a large one", &[LARGE_BYTES + 5]), ("both", &[LARGE_BYTES + 57, 7])]
        {
            let files: Vec<File> = sizes
                .iter()
                .map(|size| {
                    let bytes = (0..*size).map(|at| (at % 253) as u8).collect();
                    File { name: "Größe.bin".to_owned(), media_type: "application/x-thing".to_owned(), bytes }
                })
                .collect();
            let seed = Digest::of(id.0.as_bytes()).to_string();
            let alternative = MultiPart::alternative()
                .boundary(format!("=_{}a", &seed[..24]))
                .singlepart(SinglePart::plain("Hello".to_owned()))
                .singlepart(SinglePart::html("<p>Hello".to_owned()));
            let mixed = MultiPart::mixed().boundary(format!("=_{}m", &seed[..24])).multipart(alternative);
            let library = files.clone().into_iter().fold(mixed, |mixed, file| mixed.singlepart(part(file))).formatted();
            let mut ours = Vec::new();
            write_body(&mut ours, &id, "Hello", "<p>Hello", files);
            assert!(
                ours == library,
                "{name}:\n{}\n{}",
                String::from_utf8_lossy(&ours[..900]),
                String::from_utf8_lossy(&library[..900])
            );
        }
    }

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
