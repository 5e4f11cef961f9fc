//! Texts that are signed in the clear (RFC 9580 §7): the words are readable, between lines of armour.
//!
//! Nobody here checks the signature, and none goes along with words that are sent on. So the armour comes off, and what
//! it did to the words is undone. What is not whole stays as it is.

use memchr::memmem;
use std::borrow::Cow;

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// The text without the armour around what is signed in it.
pub(super) fn armour_off(text: &str) -> Cow<'_, str> {
    if memmem::find(text.as_bytes(), BEGIN.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::with_capacity(text.len());
    let (mut written, mut begin, mut signature) = (0, None, None);
    for (at, line) in lines.iter().enumerate() {
        match line.trim_end() {
            // One within another is escaped, so the one before has no end.
            BEGIN => (begin, signature) = (Some(at), None),
            SIGNATURE if begin.is_some() && signature.is_none() => signature = Some(at),
            END => {
                if let (Some(begin), Some(signature)) = (begin.take(), signature.take())
                    && let Some(signed) = Signed::of(&lines[begin + 1..signature])
                {
                    out.extend(lines[written..begin].iter().copied());
                    out.extend(signed.lines.iter().map(|line| signed.unescaped(line)));
                    written = at + 1;
                }
            }
            _ => {}
        }
    }
    out.extend(lines[written..].iter().copied());
    Cow::Owned(out)
}

/// What is signed.
struct Signed<'t> {
    lines: &'t [&'t str],
    is_escaped: bool,
}

impl<'t> Signed<'t> {
    /// The lines below the armour's header, which ends with an empty line.
    fn of(lines: &'t [&'t str]) -> Option<Self> {
        let header = lines.iter().position(|line| line.trim().is_empty())?;
        let is_field = |line: &&str| line.contains(": ");
        lines[..header].iter().all(is_field).then(|| Self {
            lines: &lines[header + 1..],
            // GnuPG signs patches so, which would else not apply.
            is_escaped: !lines[..header].iter().any(|line| line.starts_with("NotDashEscaped:")),
        })
    }

    /// Lines that begin with a dash, and those that their writer's program liked to, have `- ` before them.
    fn unescaped(&self, line: &'t str) -> &'t str {
        line.strip_prefix("- ").filter(|_| self.is_escaped).unwrap_or(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Reader, parse};

    fn signed(header: &str, words: &str) -> String {
        format!("{BEGIN}\n{header}\n{words}\n{SIGNATURE}\n\niHUEARYKAB0WIQ==\n=abcd\n{END}\n")
    }

    #[test]
    fn the_armour_comes_off_and_its_escapes_with_it() {
        let hash = "Hash: SHA512\n";
        let cases = [
            ("words", signed(hash, "It burns."), "It burns.\n"),
            ("no header", signed("", "It burns."), "It burns.\n"),
            ("escaped lines", signed(hash, "- - one\n- -- two\nthree - four"), "- one\n-- two\nthree - four\n"),
            ("words around it", format!("Above\n{}Below\n", signed(hash, "x")), "Above\nx\nBelow\n"),
            ("two of them", format!("{}{}", signed(hash, "x"), signed(hash, "y")), "x\ny\n"),
            ("line ends of mail", signed(hash, "- -x").replace('\n', "\r\n"), "-x\r\n"),
            ("lines that are not escaped", signed("NotDashEscaped: You need GnuPG\n", "- x"), "- x\n"),
            (
                "one within another",
                signed(hash, &format!("- {BEGIN}\nx\n- {SIGNATURE}")),
                &*format!("{BEGIN}\nx\n{SIGNATURE}\n"),
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(armour_off(&text), expected, "{name}");
        }
    }

    #[test]
    fn what_is_not_whole_stays_as_it_is() {
        let whole = signed("Hash: SHA512\n", "- -x");
        for (name, text) in [
            ("no signature", whole[..whole.find(SIGNATURE).unwrap()].to_owned()),
            ("no end", whole.replace(END, "")),
            ("no empty line below the header", whole.replace("\n\n- -x", "\n- -x").replace("\n\niHUE", "\niHUE")),
            ("quoted", whole.lines().map(|line| format!("> {line}\n")).collect()),
            ("only named", format!("It begins with {BEGIN} and\n- so on.\n")),
            ("nothing of the kind", "- one\n- two\n".to_owned()),
        ] {
            assert_eq!(armour_off(&text), text, "{name}");
        }
        let broken = format!("{BEGIN}\n\nlost\n{whole}");
        assert_eq!(armour_off(&broken), format!("{BEGIN}\n\nlost\n-x\n"), "one without an end before a whole one");
    }

    #[test]
    fn a_signed_mail_is_read_like_any_other() {
        let words = signed("Hash: SHA512\n", "It burns.\n\n- -- \nAnn\n");
        let raw = format!("From: ann@example.com\nSubject: x\nContent-Type: text/plain; format=flowed\n\n{words}");
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        assert_eq!((message.body.reply.as_str(), message.body.signature.as_str()), ("It burns.", "-- \nAnn"));
    }
}
