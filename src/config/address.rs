//! Whether something is an address, as people write it in the configuration and on a command line.

/// Whether this is one address and nothing else.
pub fn is_one(address: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain))
}

/// A word, or a quoted string (RFC 5321 §4.1.2).
fn is_local(local: &str) -> bool {
    let is_quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let is_fine = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:@\"".contains(c);
    !local.is_empty() && (local.chars().all(is_fine) || is_quoted && !local.contains(char::is_control))
}

/// Names with dots between them, also of other scripts, or the number of a host in brackets.
pub fn is_domain(domain: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let number = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match number {
        Some(number) => !number.is_empty() && number.chars().all(|c| c.is_ascii_alphanumeric() || ".:".contains(c)),
        None => domain.split('.').all(is_name),
    }
}
