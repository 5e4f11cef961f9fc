//! How much of a mail we look at. Every limit on what a sender may make us do stands here, with its unit.
//!
//! The limits marked *fatal* end in a [`super::Defect`] whose code is fatal: the mail is kept and shown to a person
//! instead of being processed. The others only cut what we consider; the raw mail always stays whole.

/// Header fields of a mail, or of one part of it. Fatal. The busiest real mails have some 150.
pub const MAX_HEADER_FIELDS: usize = 1_000;

/// Bytes of a header block, of the mail or of one part. Fatal.
pub const MAX_HEADER_BYTES: usize = 256 * 1024;

/// Multiparts inside one another. Fatal. Mail clients make four, gateways a few more.
pub const MAX_MIME_DEPTH: usize = 50;

/// Parts of a mail, multiparts included. Fatal.
pub const MAX_PARTS: usize = 1_000;

/// Attachments that are listed.
pub const MAX_ATTACHMENTS: usize = 250;

/// Characters of an attachment's name that are kept.
pub const MAX_NAME_CHARS: usize = 255;

/// Bytes of text, before HTML is reduced and after, that are considered: of all texts of a mail together.
pub const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;

/// Characters of a subject that are kept. A line of a header holds 998 (RFC 5322 §2.1.1), but subjects are folded.
pub const MAX_SUBJECT_CHARS: usize = 2_000;

/// Addresses that are kept of all fields of one name.
pub const MAX_ADDRESSES: usize = 500;

/// Bytes of one address (RFC 5321 §4.5.3.1: 64 for the local part, 255 for the domain).
pub const MAX_ADDRESS_BYTES: usize = 320;

/// Message-IDs that are kept of `References` and of `In-Reply-To`.
pub const MAX_IDS: usize = 100;

/// Bytes of one Message-ID.
pub const MAX_ID_BYTES: usize = 998;

/// Recipients of a delivery report that are listed.
pub const MAX_REPORTED_RECIPIENTS: usize = 100;

/// Bytes of a `Content-Type` or `Content-Disposition` that are read.
pub const MAX_CONTENT_TYPE_BYTES: usize = 16 * 1024;

/// Bytes of the text, or of the fields, of a delivery report that are read.
pub const MAX_REPORT_BYTES: usize = 64 * 1024;

/// Lines of the text of a delivery report that are searched for recipients.
pub const MAX_REPORT_LINES: usize = 400;

/// Characters of what a server said of one recipient.
pub const MAX_DIAGNOSTIC_CHARS: usize = 1_000;

/// Parameters of a `Content-Type` or `Content-Disposition`, pieces of one counted each.
pub const MAX_PARAMETERS: usize = 200;

/// Uuencoded files that are found in one text.
pub const MAX_UUENCODED_FILES: usize = 50;

/// Files that are taken out of one `winmail.dat`.
pub const MAX_TNEF_FILES: usize = 100;

/// Messages inside one another in a `winmail.dat`.
pub const MAX_TNEF_DEPTH: usize = 3;

/// Bytes that a compressed text in a `winmail.dat` may become.
pub const MAX_TNEF_TEXT_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of a calendar part that are read.
pub const MAX_CALENDAR_BYTES: usize = 256 * 1024;

/// Characters of a calendar's summary, place and times that are kept.
pub const MAX_CALENDAR_CHARS: usize = 500;

/// Lines of a text in which the beginning of a forwarded mail is looked for.
pub const MAX_FORWARD_LINES: usize = 2_000;

/// Lines of the header block of a mail that is forwarded within a text.
pub const MAX_FORWARD_HEADER_LINES: usize = 24;

/// Bytes of words that say that answers stand below, in what is quoted; longer ones have said all themselves.
pub const MAX_ANNOUNCING_BYTES: usize = 600;

/// Lines that one attribution (`On Monday, Ann wrote:`) may be wrapped over.
pub const MAX_WRAPPED_LINES: usize = 5;

/// Bytes of an attribution; longer paragraphs are somebody's words.
pub const MAX_ATTRIBUTION_BYTES: usize = 400;

/// Characters in which the label of a header block and its colon must stand.
pub const MAX_LABEL_CHARS: usize = 24;

/// Lines in which a header block shows its fields; a list of recipients may be wrapped.
pub const MAX_BLOCK_LINES: usize = 12;

/// Bytes of a header block that lost its line ends.
pub const MAX_BLOCK_LINE_BYTES: usize = 1_000;

/// Bytes of a line like `-----Original Message-----`, which Lotus Notes fills with names and dates.
pub const MAX_SEPARATOR_BYTES: usize = 160;

/// Lines below `--` that can still be a signature; with the blank behind it (RFC 3676 §4.3) there is no limit.
pub const MAX_LOOSE_SIGNATURE_LINES: usize = 15;

/// Lines of the paragraph in which a server warns of mail from outside.
pub const MAX_BANNER_LINES: usize = 6;

/// Lines below the rule above a list's footer.
pub const MAX_FOOTER_LINES: usize = 8;

/// Bytes of `Sent from my telephone`; a longer line is a sentence.
pub const MAX_SENT_FROM_BYTES: usize = 100;

/// Characters at the beginning of a paragraph in which a confidentiality notice says that it is one.
pub const MAX_NOTICE_START_CHARS: usize = 400;

/// Lines of a paragraph that can be a confidentiality notice.
pub const MAX_NOTICE_LINES: usize = 60;

/// Regions of an HTML text that are known by their markup.
pub const MAX_HTML_REGIONS: usize = 64;
