//! `/healthz`: the process runs. `/readyz`: the desk is at work, or why it is not, a line for each reason.

use crate::serve::health::Health;
use crate::serve::ready::Readiness;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// For so long an answer is given again: the database is asked once, however many ask us.
const FRESH: Duration = Duration::from_secs(1);

/// What was last answered.
#[derive(Clone)]
struct Asked {
    health: Health,
    last: Arc<Mutex<Option<(Instant, Readiness)>>>,
}

/// The routes.
pub(super) fn routes(health: Health) -> Router {
    let asked = Asked { health, last: Arc::default() };
    Router::new()
        .route("/healthz", get(async || plain(StatusCode::OK, "ok\n".to_owned())))
        .route("/readyz", get(readyz))
        .with_state(asked)
}

async fn readyz(State(asked): State<Asked>) -> impl IntoResponse {
    let mut last = asked.last.lock().await;
    let readiness = match last.take().filter(|(at, _)| at.elapsed() < FRESH) {
        Some((at, readiness)) => last.insert((at, readiness)),
        None => last.insert((Instant::now(), asked.health.ask().await)),
    };
    let (code, text) = said(&readiness.1);
    plain(code, text)
}

/// What is answered.
fn said(Readiness { reasons, remarks }: &Readiness) -> (StatusCode, String) {
    let (code, first) = match &reasons[..] {
        [] => (StatusCode::OK, vec!["ok".to_owned()]),
        reasons => (StatusCode::SERVICE_UNAVAILABLE, reasons.to_vec()),
    };
    let lines = first.into_iter().chain(remarks.iter().map(|remark| format!("but: {remark}")));
    (code, lines.map(|line| line + "\n").collect())
}

fn plain(code: StatusCode, text: String) -> impl IntoResponse {
    (code, [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_and_remarks_have_a_line_each() {
        let cases = [
            ("all is well", vec![], vec![], 200, "ok\n"),
            ("with a remark", vec![], vec!["no mail leaves"], 200, "ok\nbut: no mail leaves\n"),
            ("not ready", vec!["one", "two"], vec!["three"], 503, "one\ntwo\nbut: three\n"),
        ];
        for (name, reasons, remarks, code, text) in cases {
            let lines = |lines: Vec<&str>| lines.iter().map(ToString::to_string).collect();
            let (got, said) = said(&Readiness { reasons: lines(reasons), remarks: lines(remarks) });
            assert_eq!((got.as_u16(), said.as_str()), (code, text), "{name}");
        }
    }
}
