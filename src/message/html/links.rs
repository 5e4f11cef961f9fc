//! What is worth telling of links and pictures in a text without them.

/// Characters of an address that is told; longer ones are for counting clicks.
const MAX_URL_CHARS: usize = 200;

/// Characters of the words for a picture.
const MAX_ALT_CHARS: usize = 200;

/// A link that is open.
pub(super) struct Link {
    /// What would be told.
    target: String,
    /// Where its words begin.
    start: usize,
}

impl Link {
    /// The link to this address, whose words begin at `start`; `None` when it leads to nowhere that people know.
    pub fn to(url: &str, start: usize) -> Option<Self> {
        let url: String = url.chars().filter(|c| !c.is_control()).collect();
        let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase())?;
        let target = match scheme.as_str() {
            "http" | "https" | "ftp" => url,
            "mailto" => url[7..].split('?').next().unwrap_or_default().to_string(),
            "tel" => url[4..].to_string(),
            _ => return None,
        };
        let is_usable = !target.is_empty() && target.chars().nth(MAX_URL_CHARS).is_none();
        (is_usable && !target.contains(char::is_whitespace)).then_some(Self { target, start })
    }

    /// What to write behind its words, where they do not say as much. A link without words is a picture or a trap.
    pub fn worth_telling(self, text: &str) -> Option<String> {
        let words = text.get(self.start..)?.trim();
        if words.is_empty() || !words.contains(char::is_alphanumeric) {
            return None;
        }
        let (words, target) = (bare(words), bare(&self.target));
        let is_told = words.contains(&target) || digits(&words) == digits(&target) && !self.target.contains('.');
        // Words that are themselves an address and lead to another one: that is what people must see.
        (!is_told).then(|| format!("<{}>", self.target))
    }
}

/// An address as people write it: without scheme, `www.`, the slash at its end, and blanks.
fn bare(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '>').collect();
    let text = text.to_lowercase();
    let text = text.trim_start_matches('<').trim_end_matches('/');
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.strip_prefix("www.").unwrap_or(text).to_string()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The words for a picture: a smiley is itself, others stand in brackets; the name of a file tells nothing.
pub(super) fn picture(alt: &str) -> Option<String> {
    let alt = alt.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_short = alt.chars().nth(MAX_ALT_CHARS).is_none();
    if alt.is_empty() || !is_short {
        return None;
    }
    if !alt.contains(|c: char| c.is_alphanumeric()) {
        return (!alt.is_ascii() || alt.len() <= 4).then_some(alt);
    }
    let ending = alt.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let is_file = ending.is_some_and(|e| matches!(e.as_str(), "png" | "jpg" | "jpeg" | "gif" | "bmp" | "svg" | "webp"));
    let says_nothing =
        matches!(alt.to_ascii_lowercase().as_str(), "image" | "inline image" | "logo" | "picture" | "img" | "spacer");
    (!is_file && !says_nothing).then(|| format!("[{alt}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_told_where_its_words_do_not_tell_it() {
        let long = format!("https://x.example/{}", "a".repeat(MAX_URL_CHARS - 18));
        let cases = [
            ("words", "here", "https://x.example/a", Some("<https://x.example/a>")),
            ("itself", "https://x.example/a", "https://x.example/a", None),
            ("itself, shorter", "x.example", "http://www.x.example/", None),
            ("another than it says", "bank.example", "http://evil.example", Some("<http://evil.example>")),
            ("an address", "ann@x.example", "mailto:ann@x.example?subject=x", None),
            ("a name", "Ann", "mailto:ann@x.example", Some("<ann@x.example>")),
            ("a telephone", "+49 (30) 123", "tel:+4930123", None),
            ("a place in the page", "top", "#top", None),
            ("a program", "x", "javascript:x()", None),
            ("no words", " ", "https://x.example", None),
            ("as long as can be", "x", long.as_str(), Some(&*format!("<{long}>"))),
            ("too long", "x", &format!("{long}a"), None),
        ];
        for (name, words, url, expected) in cases {
            let text = format!("See {words}");
            let told = Link::to(url, 4).and_then(|link| link.worth_telling(&text));
            assert_eq!(told.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn pictures_are_told_by_words_that_tell_something() {
        for (alt, expected) in [
            ("Our  house", Some("[Our house]")),
            ("🙂", Some("🙂")),
            (":-)", Some(":-)")),
            ("image001.png", None),
            ("", None),
        ] {
            assert_eq!(picture(alt).as_deref(), expected, "{alt}");
        }
    }

    #[test]
    fn words_for_a_picture_are_only_so_long() {
        for (chars, is_told) in [(MAX_ALT_CHARS, true), (MAX_ALT_CHARS + 1, false)] {
            assert_eq!(picture(&"ü".repeat(chars)).is_some(), is_told);
        }
    }
}
