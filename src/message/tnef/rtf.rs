//! Compressed RTF (MS-OXRTFCP): runs copied out of a ring of 4096 bytes that begins with what RTF begins with.

use crate::message::limits::MAX_TNEF_TEXT_BYTES;

const RING: usize = 4096;

/// What the ring holds at the beginning.
const START: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\
\\b\\i\\u\\tab\\tx";

/// The RTF that was compressed; `None` when it is none.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, packed) = bytes.split_at_checked(16)?;
    let size: [u8; 4] = header[4..8].try_into().ok()?;
    let size = usize::try_from(u32::from_le_bytes(size)).ok()?.min(MAX_TNEF_TEXT_BYTES);
    match &header[8..12] {
        b"MELA" => Some(packed[..packed.len().min(size)].to_vec()),
        b"LZFu" => Some(expand(packed, size)),
        _ => None,
    }
}

fn expand(packed: &[u8], size: usize) -> Vec<u8> {
    let mut ring = [0_u8; RING];
    ring[..START.len()].copy_from_slice(START);
    let mut write_at = START.len();
    let mut out = Vec::with_capacity(size.min(packed.len().saturating_mul(4)));
    let mut bytes = packed.iter().copied();
    let mut put = |byte: u8, ring: &mut [u8; RING], out: &mut Vec<u8>| {
        ring[write_at] = byte;
        write_at = (write_at + 1) % RING;
        out.push(byte);
        write_at
    };
    let mut here = START.len();
    'runs: while let Some(flags) = bytes.next() {
        for bit in 0..8 {
            if out.len() >= size {
                break 'runs;
            }
            if flags >> bit & 1 == 0 {
                let Some(byte) = bytes.next() else { break 'runs };
                here = put(byte, &mut ring, &mut out);
                continue;
            }
            let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else { break 'runs };
            let word = usize::from(high) << 8 | usize::from(low);
            let (from, length) = (word >> 4, (word & 0xf) + 2);
            // A run that begins where the ring is written is the end.
            if from == here {
                break 'runs;
            }
            for step in 0..length {
                let byte = ring[(from + step) % RING];
                here = put(byte, &mut ring, &mut out);
            }
        }
    }
    out.truncate(size);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: u32, kind: &[u8; 4]) -> Vec<u8> {
        [0_u32.to_le_bytes(), size.to_le_bytes(), *kind, [0; 4]].concat()
    }

    #[test]
    fn the_ring_begins_as_the_format_says() {
        assert_eq!(START.len(), 207);
    }

    #[test]
    fn runs_are_copied_out_of_the_ring() {
        // `{\rtf1` out of the ring, then `ab`, then both again, then the end.
        let mut packed = header(10, b"LZFu");
        packed.extend([0b0000_1001, 0x00, 0x04, b'a', b'b', 0x0d, 0x50]);
        assert_eq!(unpack(&packed).unwrap(), b"{\\rtf1abab");
        assert_eq!(unpack(&[header(3, b"MELA"), b"abc".to_vec()].concat()).unwrap(), b"abc");
        assert_eq!(unpack(&header(3, b"none")), None);
    }

    #[test]
    fn a_text_that_grows_without_end_is_cut() {
        // Eight bytes as they stand.
        let piece = *b"\0abcdefgh";
        for (size, expected) in
            [(MAX_TNEF_TEXT_BYTES, MAX_TNEF_TEXT_BYTES), (MAX_TNEF_TEXT_BYTES + 1, MAX_TNEF_TEXT_BYTES)]
        {
            let size = u32::try_from(size).unwrap();
            let packed = [header(size, b"LZFu"), piece.repeat(MAX_TNEF_TEXT_BYTES / 8 + 1)].concat();
            assert_eq!(unpack(&packed).unwrap().len(), expected, "{size}");
        }
    }
}
