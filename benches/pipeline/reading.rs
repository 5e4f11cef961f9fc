//! What it costs to read mails, beside what the MIME library alone takes for the same bytes.
//!
//! Both go over all mails in turn, pass by pass, in one process and on one core; what counts is the ratio. What
//! `inspect` does beyond reading (the language, the attachments and their digests) is measured on its own.

use super::figures::median;
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use mail_parser::MessageParser;
use postroom::message::{self, Digest, Message, Reader};
use postroom_testbed::load;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const SIZE_BYTES: usize = 4_000;
const SEED: u64 = 20_260_307;
const PASSES: usize = 9;

/// Reads so many made-up mails, or all mails below a folder.
pub fn measure(count: usize, folder: Option<&Path>) -> Result<()> {
    let mails = match folder {
        Some(folder) => {
            let mut mails = Vec::new();
            collect(folder, &mut mails)?;
            mails
        }
        None => {
            load::mixed("i", "support@desk.test", count, SIZE_BYTES, SEED).into_iter().map(|mail| mail.raw).collect()
        }
    };
    anyhow::ensure!(!mails.is_empty(), "there are no mails to read");
    let bytes: usize = mails.iter().map(Vec::len).sum();
    let mut times: [Vec<f64>; 4] = Default::default();
    // The first pass fills the caches.
    for pass in 0..=PASSES {
        let took = [library(&mails), reading(&mails), language(&mails), everything(&mails)];
        if pass > 0 {
            times.iter_mut().zip(took).for_each(|(times, took)| times.push(took));
        }
    }
    let [library, reading, language, everything] = times.map(|times| median(times) * 1e6 / mails.len() as f64);
    println!("{} mails, {:.1} MB; microseconds a mail on one core", mails.len(), bytes as f64 / 1e6);
    println!("  the library alone {library:8.1}");
    println!("  reading           {reading:8.1}   {:.2} times", reading / library);
    println!("  language          {language:8.1}");
    println!("  files, digests    {:8.1}", everything - reading - language);
    println!("  all of it         {everything:8.1}   {:.2} times", everything / library);
    Ok(())
}

fn collect(path: &Path, mails: &mut Vec<Vec<u8>>) -> Result<()> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
        let mut entries = entries.collect::<Result<Vec<_>>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| collect(entry, mails));
    }
    let is_mail = path.extension().is_some_and(|kind| ["eml", "msg", "box", "mbox"].iter().any(|known| kind == *known));
    if is_mail {
        mails.push(std::fs::read(path).with_context(|| path.display().to_string())?);
    }
    Ok(())
}

fn read(raw: &[u8]) -> Message {
    message::parse(raw, Timestamp::UNIX_EPOCH, &Reader::default())
}

/// Seconds that the library takes to read all mails.
fn library(mails: &[Vec<u8>]) -> f64 {
    let begun = Instant::now();
    for raw in mails {
        black_box(MessageParser::default().parse(raw));
    }
    begun.elapsed().as_secs_f64()
}

fn reading(mails: &[Vec<u8>]) -> f64 {
    let begun = Instant::now();
    for raw in mails {
        black_box(read(raw));
    }
    begun.elapsed().as_secs_f64()
}

fn language(mails: &[Vec<u8>]) -> f64 {
    let messages: Vec<Message> = mails.iter().map(|raw| read(raw)).collect();
    let begun = Instant::now();
    for message in &messages {
        black_box(message.language());
    }
    begun.elapsed().as_secs_f64()
}

/// All that `inspect` finds out, in one go.
fn everything(mails: &[Vec<u8>]) -> f64 {
    let begun = Instant::now();
    for raw in mails {
        let (message, files) = message::parse_with_files(raw, Timestamp::UNIX_EPOCH, &Reader::default());
        for bytes in &files {
            black_box(Digest::both_of(bytes));
        }
        black_box((message.language(), message));
    }
    begun.elapsed().as_secs_f64()
}
