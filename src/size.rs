//! Sizes as people write and read them: `kB`, `MB` and `GB` count in thousands, `KiB`, `MiB` and `GiB` in 1,024s, in
//! the configuration and on the screen as in the rules. Pure, for everyone.

const KB: u64 = 1_000;
const MB: u64 = 1_000_000;
const GB: u64 = 1_000_000_000;

/// Shows a size: `812 bytes`, `14 kB`, `2.5 MB`. Rounded up, so that what is over a limit never looks as if it were
/// not.
pub fn shown(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..KB => format!("{bytes} bytes"),
        KB..MB => format!("{} kB", bytes.div_ceil(KB)),
        MB..GB => tenths(bytes, MB, "MB"),
        _ => tenths(bytes, GB, "GB"),
    }
}

fn tenths(bytes: u64, unit: u64, name: &str) -> String {
    let tenths = bytes.div_ceil(unit / 10);
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        rest => format!("{}.{rest} {name}", tenths / 10),
    }
}

/// Reads `50 MB`, `800kB`, `64 KiB`, `1000`.
pub fn read(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase().replace('_', "");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let factor = match text[digits..].trim() {
        "" | "b" | "byte" | "bytes" => 1,
        "k" | "kb" => KB,
        "m" | "mb" => MB,
        "g" | "gb" => GB,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_the_units_in_which_they_are_written() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (812, "812 bytes"),
            (13_500, "14 kB"),
            (MB - 1, "1000 kB"),
            (50 * MB, "50 MB"),
            (50 * MB + 1, "50.1 MB"),
            (51 * MB - 1, "51 MB"),
            (2_460_000, "2.5 MB"),
            (3 * GB / 2, "1.5 GB"),
        ] {
            assert_eq!(shown(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, expected) in [
            ("50 MB", Some(50_000_000)),
            ("800kb", Some(800_000)),
            ("64 KiB", Some(65_536)),
            ("17", Some(17)),
            ("1_000 bytes", Some(1000)),
            ("MB", None),
            ("1 TB", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
