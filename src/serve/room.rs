//! Memory for large mails. Batches of others are small; a mail that is larger than any batch asks for room first, and
//! waits while others have it, so that what all of them take is bounded however many mailboxes and connections there are.

use crate::store::CLAIM_BYTES;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Up to this size a mail needs no room of its own, in bytes: as much as a whole batch may have.
pub const LARGE_BYTES: u64 = CLAIM_BYTES.cast_unsigned();

/// Room for large mails that come in, from fetching until they are written; one is let in however large it is.
const RECEIVED_BYTES: u64 = 40 << 20;

/// Room for large mails that go out. A server that is slow to take one must not keep mail from coming in.
const OUTGOING_BYTES: u64 = 40 << 20;

/// What a permit is for: permits are counted in 32 bits.
const UNIT_BYTES: u64 = 1 << 10;

/// Room for large mails. All clones share it.
#[derive(Debug, Clone)]
pub struct Room {
    received: Arc<Semaphore>,
    outgoing: Arc<Semaphore>,
}

/// Room that a mail has until this is dropped.
#[derive(Debug)]
pub struct Taken(#[expect(dead_code, reason = "it is there to be dropped")] OwnedSemaphorePermit);

impl Default for Room {
    fn default() -> Self {
        let of = |bytes: u64| Arc::new(Semaphore::new(units(bytes) as usize));
        Self { received: of(RECEIVED_BYTES), outgoing: of(OUTGOING_BYTES) }
    }
}

impl Room {
    /// Waits for room for a mail that came in; a small one needs none.
    pub async fn for_received(&self, bytes: u64) -> Option<Taken> {
        if bytes <= LARGE_BYTES {
            return None;
        }
        let permit = self.received.clone().acquire_many_owned(units(bytes.min(RECEIVED_BYTES))).await;
        // Nobody closes it.
        permit.ok().map(Taken)
    }

    /// All the room there is for mails that go out, if nobody has any of it.
    pub fn for_outgoing(&self) -> Option<Taken> {
        self.outgoing.clone().try_acquire_many_owned(units(OUTGOING_BYTES)).ok().map(Taken)
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn large_mails_wait_for_each_other_and_small_ones_for_nobody() {
        let room = Room::default();
        let first = room.for_received(25 << 20).await;
        assert!(first.is_some());
        assert!(room.for_received(14 << 20).now_or_never().is_some(), "both of them fit");
        assert!(room.for_received(20 << 20).now_or_never().is_none(), "all three do not");
        assert!(room.for_received(LARGE_BYTES).now_or_never().is_some_and(|taken| taken.is_none()), "small");
        drop(first);
        let larger_than_all = room.for_received(RECEIVED_BYTES * 2).now_or_never();
        assert!(larger_than_all.is_some_and(|taken| taken.is_some()), "alone it is let in");
    }

    #[test]
    fn one_large_mail_goes_out_at_a_time() {
        let room = Room::default();
        let taken = room.for_outgoing();
        assert!(taken.is_some() && room.clone().for_outgoing().is_none());
        drop(taken);
        assert!(room.for_outgoing().is_some());
    }
}
