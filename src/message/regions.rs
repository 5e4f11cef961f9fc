//! What the markup of an HTML mail says about stretches of its text: mail programs name what they quote and sign.
//!
//! Fed with the tags in their order; of all of them only those with an id, a class, a style or a name are looked at.

use super::attribution::announced_block;
use super::limits::{MAX_BLOCK_LINES, MAX_HTML_REGIONS, MAX_LABEL_CHARS};
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The words that introduce a quote begin here, in whatever language.
    Introduction,
    /// All from here on is quoted.
    Quote,
    /// The line that Outlook draws above a header block, and others elsewhere: a quote when one follows.
    HeaderBlock,
    /// A signature, to its end.
    Signature,
}

/// A stretch of text, by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub what: What,
    pub start: usize,
    pub end: usize,
}

/// Marks in tags, in lower case, and what they say. The first that fits counts.
const MARKS: &[(&str, What)] = &[
    // Thunderbird, Apple Mail, Gmail, Yahoo, Proton, Zoho, Evolution, Roundcube, Lotus Notes, QQ and 163.
    ("moz-cite-prefix", What::Introduction),
    ("gmail_attr", What::Introduction),
    ("gmail_quote_container", What::Introduction),
    ("\"gmail_quote", What::Introduction),
    ("gmail_extra", What::Introduction),
    ("yahoo_quoted", What::Quote),
    ("protonmail_quote", What::Introduction),
    ("zmail_extra", What::Quote),
    ("-x-evo-paragraph", What::Introduction),
    ("reply-intro", What::Introduction),
    ("isreplycontent", What::Quote),
    // Outlook on desktops, on the web, on Macs and on telephones; Hotmail.
    ("outlookmessageheader", What::Quote),
    ("divrplyfwdmsg", What::Quote),
    ("olk_src_body_section", What::Quote),
    ("stopspelling", What::Quote),
    ("mail-editor-reference-message-container", What::Quote),
    ("ms-outlook-mobile-reference-message", What::Quote),
    ("border-top:solid #e1e1e1", What::HeaderBlock),
    ("border-top:solid #b5c4df", What::HeaderBlock),
    ("border-top-color: rgb(229, 229, 229)", What::HeaderBlock),
    ("__divider__", What::Quote),
    // Signatures.
    ("gmail_signature", What::Signature),
    ("moz-signature", What::Signature),
    ("ms-outlook-mobile-signature", What::Signature),
    ("applemailsignature", What::Signature),
    ("protonmail_signature_block", What::Signature),
    ("ymail_android_signature", What::Signature),
    ("mail-signature\"", What::Signature),
    ("mail-signature ", What::Signature),
    ("io-ox-signature", What::Signature),
    ("yahoo-signature", What::Signature),
    ("evo-signature", What::Signature),
    ("edo-signature", What::Signature),
    ("zmail_signature", What::Signature),
    ("front-signature", What::Signature),
    ("missive_signature", What::Signature),
    ("sh-signature", What::Signature),
    ("composer_signature", What::Signature),
    ("messagesignaturesection", What::Signature),
    // Outlook on the web, of which only the capital tells it from what people call so.
    ("id=\"signature\"", What::Signature),
    ("id=\"x_signature\"", What::Signature),
    ("<signature", What::Signature),
    ("data-signature", What::Signature),
];

/// The marks, each with quotes of both kinds, searched for in one pass.
static SEARCHED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let both = MARKS.iter().flat_map(|(mark, _)| [mark.to_string(), mark.replace('"', "'")]);
    AhoCorasick::builder().ascii_case_insensitive(true).build(both).ok()
});

/// What the first of the marks in a tag says.
fn mark_in(tag: &str) -> Option<What> {
    let found = SEARCHED.as_ref()?.find_overlapping_iter(tag).map(|found| found.pattern().as_usize() / 2).min()?;
    Some(MARKS[found].1)
}

/// Lines of a header block in a language that we do not know.
pub(super) const MIN_HEADER_LINES: usize = 3;

/// Whether a text begins with a header block.
fn has_header_block(text: &str) -> bool {
    let lines: Vec<&str> =
        text.lines().map(str::trim).skip_while(|line| line.is_empty()).take(MAX_BLOCK_LINES).collect();
    if lines.is_empty() || announced_block(&lines).is_some() {
        return !lines.is_empty();
    }
    let is_field = |line: &&str| line.chars().take(MAX_LABEL_CHARS).any(|c| matches!(c, ':' | '：'));
    let fields = lines.iter().take_while(|line| is_field(line)).count();
    fields >= MIN_HEADER_LINES && lines[..fields].iter().any(|line| line.contains('@'))
}

/// Follows the tags of an HTML text.
#[derive(Debug, Default)]
pub(super) struct Regions {
    list: Vec<Region>,
    /// The signature we are in: the name of its element, and how many of that name are open.
    open: Option<(String, usize)>,
}

impl Regions {
    /// Notes a tag; `at` is how much text there is already.
    pub fn tag(&mut self, tag: &str, name: &str, is_closing: bool, at: usize) {
        if let Some((element, depth)) = &mut self.open
            && element == name
        {
            *depth = if is_closing { *depth - 1 } else { *depth + 1 };
            if *depth == 0 {
                self.close(at);
            }
            return;
        }
        // No tag with less in it has one of the marks.
        let is_marked = !matches!(name, "a" | "img" | "font" | "link" | "meta");
        let may_have = is_marked && !is_closing && tag.len() > name.len() + 10 && tag.contains('=');
        if !may_have || self.list.len() >= MAX_HTML_REGIONS {
            return;
        }
        let Some(what) = mark_in(tag) else { return };
        let is_outlooks = || name == "div" && tag.contains("Signature");
        let has_common_name = tag.contains("\"signature\"") || tag.contains("'signature'");
        if what == What::Signature && has_common_name && !is_outlooks() {
            return;
        }
        if what == What::Signature {
            if self.open.is_some() || matches!(name, "br" | "hr" | "img" | "meta" | "input") {
                return;
            }
            self.open = Some((name.to_owned(), 1));
        }
        self.list.push(Region { what, start: at, end: usize::MAX });
    }

    fn close(&mut self, at: usize) {
        self.open = None;
        if let Some(region) = self.list.iter_mut().rev().find(|region| region.what == What::Signature) {
            region.end = at;
        }
    }

    /// Whether something is quoted from here on, or was before.
    pub fn has_quote(&self) -> bool {
        self.list.iter().any(|region| matches!(region.what, What::Introduction | What::Quote))
    }

    /// The regions of this text. A signature that is never closed is none, and neither is a line that was drawn above
    /// anything but a header block.
    pub fn finish(mut self, text: &str) -> Vec<Region> {
        let len = text.len();
        let is_open = self.open.is_some();
        let last = self.list.iter().rposition(|region| region.what == What::Signature);
        if let Some(last) = last.filter(|_| is_open) {
            self.list.remove(last);
        }
        self.list.retain_mut(|region| {
            region.end = region.end.min(len);
            if region.what != What::HeaderBlock {
                return true;
            }
            region.what = What::Quote;
            has_header_block(&text[region.start.min(len)..])
        });
        self.list
    }
}
