//! One mail of each kind, byte for byte. `BLESS=1 cargo test --test it compose` rewrites them.

use jiff::tz::TimeZone;
use postroom::compose::Desk;
use postroom::compose::sample::{Sample, policy};
use postroom::compose::template::Templates;
use postroom::ticket::purpose::Purpose;
use std::path::Path;

#[test]
fn each_mail_we_send_is_as_agreed() {
    let (policy, zone) = (policy(), TimeZone::fixed(jiff::tz::offset(1)));
    let templates = Templates::compile(&[]).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let desk = Desk { policy: &policy, zone: &zone, templates: &templates };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/compose");
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for purpose in Purpose::ALL.iter().copied() {
        let mail = Sample::of(purpose).compose(&desk).unwrap();
        let path = folder.join(format!("{purpose}.eml"));
        if bless {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &mail.bytes).unwrap();
        }
        if std::fs::read(&path).unwrap_or_default() != mail.bytes {
            wrong.push(format!("{}:\n{}", path.display(), String::from_utf8_lossy(&mail.bytes)));
        }
    }
    assert!(wrong.is_empty(), "not as agreed (BLESS=1 accepts them):\n{}", wrong.join("\n"));
}
