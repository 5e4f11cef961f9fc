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
    let first = lines[start].trim_start_matches(|c: char| !c.is_alphanumeric());
    let is_rare = IS_RARE.begin(first);
    if !is_rare && !MAY_WARN.begin(first) {
        return None;
    }
    let has_words = (end..lines.len()).any(|at| kinds[at] == Kind::Reply && !is_blank(&lines[at]));
    if !has_words {
        return None;
    }
    let words = lines[start..end].join(" ").to_lowercase();
    (is_rare && words.contains(PAGE) || SAID.iter().any(|phrase| words.contains(phrase))).then_some(start..end)
}
