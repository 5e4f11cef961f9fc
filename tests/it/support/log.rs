//! What a test's thread logs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// Keeps everything that this thread logs, down to `debug`, for as long as it lives.
pub struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

struct Keeper(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn keep() -> Self {
        let text = Arc::default();
        let keeper = Keeper(Arc::clone(&text));
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(keeper).finish();
        Self { text, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        // A place in the code that another thread reaches for the first time just now may be taken for one that
        // nobody listens to, and stay so.
        tracing::callsite::rebuild_interest_cache();
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }
}

impl<'k> MakeWriter<'k> for Keeper {
    type Writer = &'k Keeper;

    fn make_writer(&'k self) -> Self::Writer {
        self
    }
}

impl Write for &Keeper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
