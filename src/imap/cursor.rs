//! Where to go on in a mailbox, and when to start over. Pure.

use super::Selected;

/// How far a mailbox has been read: UIDs mean something only together with UIDVALIDITY (RFC 3501 §2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The UIDVALIDITY under which the UID was given.
    pub uid_validity: u32,
    /// The highest UID that was kept; 0 when there is none yet.
    pub last_uid: u32,
}

impl Cursor {
    /// The cursor after another mail was kept. It never goes back.
    pub fn after(self, uid: u32) -> Self {
        Self { last_uid: self.last_uid.max(uid), ..self }
    }
}

/// How the reading of a mailbox goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// The first time that we see this mailbox.
    First(Cursor),
    /// Go on after the cursor's UID.
    After(Cursor),
    /// The server has given every mail a new UID: read all again and recognise what is known by its content.
    StartOver {
        /// The UIDVALIDITY that holds no more.
        was: u32,
        /// The cursor to go on with.
        cursor: Cursor,
    },
    /// The server gives the same UIDs a second time under the same UIDVALIDITY, as after a restore from a backup.
    /// Read all again, and trust the content, for a place may now hold another mail than the one we kept.
    WentBack(Cursor),
}

impl Resume {
    /// The cursor to read on from, whatever the case.
    pub fn cursor(self) -> Cursor {
        match self {
            Resume::First(cursor)
            | Resume::After(cursor)
            | Resume::StartOver { cursor, .. }
            | Resume::WentBack(cursor) => cursor,
        }
    }
}

/// What the stored cursor means for the mailbox as the server shows it now.
pub fn resume(stored: Option<Cursor>, selected: &Selected) -> Resume {
    let fresh = Cursor { uid_validity: selected.uid_validity, last_uid: 0 };
    match stored {
        None => Resume::First(fresh),
        Some(cursor) if cursor.uid_validity != selected.uid_validity => {
            Resume::StartOver { was: cursor.uid_validity, cursor: fresh }
        }
        // The next UID would be one that we believe to have: going on after it would lose mail.
        Some(cursor) if selected.uid_next.is_some_and(|next| next <= cursor.last_uid) => Resume::WentBack(fresh),
        Some(cursor) => Resume::After(cursor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_goes_on_where_it_may_and_starts_over_where_it_must() {
        let cursor = |uid_validity, last_uid| Cursor { uid_validity, last_uid };
        let fresh = cursor(7, 0);
        let cases = [
            ("never seen", None, Some(1), Resume::First(fresh)),
            ("same validity", Some(cursor(7, 41)), Some(42), Resume::After(cursor(7, 41))),
            ("new mail is there", Some(cursor(7, 41)), Some(99), Resume::After(cursor(7, 41))),
            ("server keeps UIDNEXT to itself", Some(cursor(7, 41)), None, Resume::After(cursor(7, 41))),
            ("other validity", Some(cursor(6, 41)), Some(42), Resume::StartOver { was: 6, cursor: fresh }),
            ("UIDs went back", Some(cursor(7, 41)), Some(41), Resume::WentBack(fresh)),
        ];
        for (name, stored, uid_next, expected) in cases {
            let selected = Selected { uid_validity: 7, uid_next, exists: 3, is_read_only: false };
            assert_eq!(resume(stored, &selected), expected, "{name}");
        }
    }

    #[test]
    fn a_cursor_never_goes_back() {
        let cursor = Cursor { uid_validity: 1, last_uid: 10 };
        assert_eq!((cursor.after(11).last_uid, cursor.after(9).last_uid), (11, 10));
    }
}
