//! Addresses as people type them on a command line.

use crate::config::address::is_one;
use anyhow::bail;

/// How one is written, for whoever wrote it otherwise.
const WRITE: &str = "write one address and nothing else, as in ann@example.com";

/// Reads one address as the gate compares it: alone, in lower case.
pub(super) fn read(text: &str) -> anyhow::Result<String> {
    let address = text.trim();
    if let Some((_, inside)) = address.strip_suffix('>').and_then(|rest| rest.rsplit_once('<'))
        && is_one(inside)
    {
        bail!("`{text}` is more than an address; write {inside}");
    }
    if let Some(address) = address.strip_suffix('.').filter(|address| is_one(address)) {
        bail!("`{text}` ends in a dot, as no address in a mail does; write {address}");
    }
    if !is_one(address) {
        bail!("`{text}` is no address; {WRITE}");
    }
    Ok(address.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_read_as_the_gate_compares_it_and_nothing_else() {
        let no_address = |text: &str| Err(format!("`{text}` is no address; {WRITE}"));
        let cases = [
            ("Ann@Example.com", Ok("ann@example.com".to_owned())),
            (" ann+tag@example.com ", Ok("ann+tag@example.com".to_owned())),
            ("ann@MÜNCHEN.example", Ok("ann@münchen.example".to_owned())),
            ("\"ann@home\"@example.com", Ok("\"ann@home\"@example.com".to_owned())),
            ("root@localhost", Ok("root@localhost".to_owned())),
            ("ann@[192.0.2.1]", Ok("ann@[192.0.2.1]".to_owned())),
            ("<ann@example.com>", Err("`<ann@example.com>` is more than an address; write ann@example.com".to_owned())),
            (
                "Ann Example <ann@example.com>",
                Err("`Ann Example <ann@example.com>` is more than an address; write ann@example.com".to_owned()),
            ),
            (
                "ann@example.com.",
                Err("`ann@example.com.` ends in a dot, as no address in a mail does; write ann@example.com".to_owned()),
            ),
            ("a@b@c", no_address("a@b@c")),
            ("", no_address("")),
            ("ann", no_address("ann")),
            ("@example.com", no_address("@example.com")),
            ("ann@", no_address("ann@")),
            ("ann@example..com", no_address("ann@example..com")),
            ("ann@example.com, bob@example.com", no_address("ann@example.com, bob@example.com")),
            ("ann@example.com;bob@example.com", no_address("ann@example.com;bob@example.com")),
            ("mailto:ann@example.com", no_address("mailto:ann@example.com")),
            ("<ann@example.com", no_address("<ann@example.com")),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).map_err(|error| error.to_string()), expected, "{text}");
        }
    }
}
