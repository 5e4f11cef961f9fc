//! The warning of mail from outside that a server writes on top of it: none of the sender's words.

use super::Kind;
use crate::message::limits::MAX_BANNER_LINES;
use crate::message::search::Beginnings;
use std::ops::Range;

/// How the paragraph begins in which a server warns of mail from outside.
const STARTS: &[&str] = &[
    "caution",
    "warning",
    "external",
    "attention",
    "notice",
    "this email",
    "this e-mail",
    "this message",
    "you don't often",
    "you don’t often",
    "the sender",
    "achtung",
    "vorsicht",
    "warnung",
    "externe",
    "hinweis",
    "diese e-mail",
    "diese nachricht",
    "sie erhalten nicht",
    "ce courriel",
    "ce message",
    "cet e-mail",
    "vous n'obtenez",
    "vous n’obtenez",
    "vous ne recevez",
    "atención",
    "precaución",
    "advertencia",
    "este correo",
    "este mensaje",
    "no suele recibir",
    "atenção",
    "cuidado",
    "este e-mail",
    "esta mensagem",
    "attenzione",
    "questa e-mail",
    "questo messaggio",
    "let op",
    "waarschuwing",
    "deze e-mail",
    "dit bericht",
    "varning",
    "advarsel",
    "uwaga",
];

/// How Exchange begins to say in some languages that mails of somebody are rare.
const RARE: &[&str] = &[
    "certains contacts",
    "certaines personnes",
    "du får vanligvis ikke",
    "du får ikke ofte",
    "du får inte ofta",
    "du modtager ikke",
    "non si ricevono",
    "non ricevi",
    "você não costuma",
    "u ontvangt niet",
];

/// The page to which it links there.
const PAGE: &str = "aka.ms/learnaboutsenderidentification";

static MAY_WARN: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(STARTS));
static IS_RARE: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(RARE));

/// What such paragraphs say.
const SAID: &[&str] = &[
    "originated from outside",
    "originated outside",
    "originates from outside",
    "came from outside",
    "sent from outside",
    "from an external sender",
    "external sender",
    "is from outside",
    "external email",
    "external e-mail",
    "external source",
    "often get email from",
    "often get emails from",
    "von außerhalb",
    "externer absender",
    "externen absender",
    "externe e-mail",
    "nicht oft eine e-mail von",
    "nicht häufig e-mails von",
    "nicht oft e-mails von",
    "de l'extérieur",
    "de l’extérieur",
    "expéditeur externe",
    "courriel externe",
    "souvent d'e-mails de",
    "souvent d’e-mail",
    "souvent d'e-mail",
    "remitente externo",
    "correo externo",
    "fuera de la organización",
    "desde fuera",
    "fora da organização",
    "remetente externo",
    "e-mail externo",
    "dall'esterno",
    "dall’esterno",
    "mittente esterno",
    "van buiten",
    "externe afzender",
    "extern avsändare",
    "utanför organisationen",
    "ekstern afsender",
    "ekstern avsender",
    "spoza organizacji",
    "nadawca zewnętrzny",
];

/// The lines on top in which a server warns of mail from outside.
pub(super) fn find(lines: &[&str], is_html: bool, kinds: &[Kind]) -> Option<Range<usize>> {
    let is_blank = |line: &&str| line.trim().is_empty();
    let start = lines.iter().position(|line| !is_blank(line)).filter(|start| kinds[*start] == Kind::Reply)?;
    // In HTML, where it stands in a box, it is one line.
    let len = if is_html { 1 } else { lines[start..].iter().take(MAX_BANNER_LINES + 1).position(is_blank)? };
    let end = start + len;
    // Nearly all mails end here, at a look at their first bytes.
    let is_rare = may_warn(lines[start])?;
    let has_words = (end..lines.len()).any(|at| kinds[at] == Kind::Reply && !is_blank(&lines[at]));
    if !has_words {
        return None;
    }
    warns(&lines[start..end], is_rare).then_some(start..end)
}

/// Whether these lines are such a warning.
pub(super) fn is_one(lines: &[&str]) -> bool {
    let first = lines.iter().find(|line| !line.trim().is_empty());
    let is_rare = first.filter(|_| lines.len() <= MAX_BANNER_LINES).and_then(|line| may_warn(line));
    is_rare.is_some_and(|is_rare| warns(lines, is_rare))
}

/// Whether a line may begin a warning, and whether it may be that of a page that is rare.
fn may_warn(line: &str) -> Option<bool> {
    let first = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let is_rare = IS_RARE.begin(first);
    (is_rare || MAY_WARN.begin(first)).then_some(is_rare)
}

fn warns(lines: &[&str], is_rare: bool) -> bool {
    let words = lines.join(" ").to_lowercase();
    is_rare && words.contains(PAGE) || SAID.iter().any(|phrase| words.contains(phrase))
}
