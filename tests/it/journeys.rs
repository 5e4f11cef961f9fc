//! Journeys: the story of one ticket, with its own clock, told twice. Once through the pure core with the tickets in
//! memory, once through the whole service with a scripted IMAP server, an SMTP server and a database. Both must tell
//! the same.
//!
//! `BLESS=1` rewrites what the stories expect from what the pure core does.

pub mod pure;
mod service;
pub mod story;

use crate::support::desk;
use std::path::PathBuf;
use story::{Story, Teller};

fn stories() -> Vec<(PathBuf, Story)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/journeys");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "journey"));
    paths.sort();
    assert!(!paths.is_empty(), "there is no journey in {}", folder.display());
    paths.into_iter().map(|path| (path.clone(), Story::read(&path))).collect()
}

async fn tell(path: &std::path::Path, story: &Story, teller: &mut impl Teller) -> Vec<Vec<String>> {
    let mut told = Vec::new();
    for step in &story.steps {
        for event in &step.events {
            story::happen(path, event, teller).await;
        }
        told.push(teller.news().await);
        step.reads.iter().for_each(|reading| story::check(path, reading, teller));
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn every_journey_goes_as_it_is_written() {
    let mut wrong = Vec::new();
    for (path, story) in stories() {
        let mut core = pure::Core::of(story.start, &story.own);
        let told = tell(&path, &story, &mut core).await;
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, story.with_expectations(&told)).unwrap();
            continue;
        }
        for (step, told) in story.steps.iter().zip(&told) {
            if step.expected != *told {
                wrong.push(format!("{}:{}:\n{}", path.display(), step.line, desk::difference(&step.expected, told)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_service_tells_every_journey_as_the_pure_core_does() {
    let mut wrong = Vec::new();
    for (path, story) in stories() {
        let mut service = service::Told::start(story.start, &story.own).await;
        let told = tell(&path, &story, &mut service).await;
        service.stop().await;
        for (step, told) in story.steps.iter().zip(&told) {
            if step.expected != *told {
                wrong.push(format!("{}:{}:\n{}", path.display(), step.line, desk::difference(&step.expected, told)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
