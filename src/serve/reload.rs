//! Rules that change while the desk works: taken into force when all of them check, else the last good ones stay.
//!
//! What is in the folder counts, however it came there: an editor, a copy, a checkout. A change is looked at when it has
//! been quiet for a moment, so that no half-written file is.

use super::desk::Desk;
use super::ready::Part;
use crate::classify::{Names, RuleError, RuleFile, RuleSet, compile_for};
use crate::spoken::counted;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

/// How often the folder is looked at; a change has to be as old as that.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many errors are logged of rules that do not check.
const ERRORS_LOGGED: usize = 3;

/// The rule files of a folder in the order of their names.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn read_folder(folder: &Path) -> io::Result<Vec<RuleFile>> {
    read_files(folder, "toml")
}

/// The files of a folder with this ending, in the order of their names.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn read_files(folder: &Path, extension: &str) -> io::Result<Vec<RuleFile>> {
    let read = |path: PathBuf| {
        let text = std::fs::read(&path)?;
        // A byte that is no UTF-8 becomes U+FFFD, which the reader of the file then finds in its place.
        Ok(RuleFile { path: path.display().to_string(), text: String::from_utf8_lossy(&text).into_owned() })
    };
    paths(folder, extension)?.into_iter().map(read).collect()
}

fn paths(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// What there is to see of a folder without reading it: name, size and time of each rule file.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

fn stamp(folder: &Path) -> io::Result<Stamp> {
    let of = |path: PathBuf| {
        let about = std::fs::metadata(&path)?;
        Ok((path, about.len(), about.modified().ok()))
    };
    paths(folder, "toml")?.into_iter().map(of).collect()
}

/// Rules that may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those in force.
    InForce,
    /// Those that are tried out as a whole.
    Shadow,
}

/// A folder of rules that is watched.
struct Folder {
    which: Which,
    path: PathBuf,
    /// What it looked like when its files were last read.
    read: Option<Stamp>,
    /// What it looked like at the last look.
    seen: Option<Stamp>,
}

/// Watches the folders of rules until it is told to stop.
pub async fn watch(desk: Desk, rules: PathBuf, shadow: Option<PathBuf>, stop: CancellationToken) {
    let names = names(&desk);
    keep(&desk, &rules).await;
    let folder = |which, path: PathBuf| Folder { which, read: stamp(&path).ok(), path, seen: None };
    let mut folders = vec![folder(Which::InForce, rules)];
    folders.extend(shadow.map(|path| folder(Which::Shadow, path)));
    // What changed between the start and now is a change, too.
    for folder in &mut folders {
        look(&desk, folder, &names).await;
    }
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        for folder in &mut folders {
            let now = stamp(&folder.path).ok();
            let is_quiet = now == folder.seen;
            folder.seen.clone_from(&now);
            if is_quiet && now.is_some() && now != folder.read {
                folder.read = now;
                look(&desk, folder, &names).await;
            }
        }
    }
}

/// What the desk has that rules may name.
fn names(desk: &Desk) -> Names {
    let house = desk.house();
    house.policy.names(house.templates.acknowledgements())
}

/// Keeps the files of the rules in force, so that their version means something later.
pub async fn keep(desk: &Desk, folder: &Path) {
    let Ok(files) = read_folder(folder) else { return };
    let house = desk.house();
    let is_in_force = crate::classify::version(&files) == house.rules.version();
    if is_in_force {
        remember(desk, house.rules.version(), &files).await;
    }
}

async fn remember(desk: &Desk, version: &str, files: &[RuleFile]) {
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let files: Vec<(String, String)> = files.iter().map(|file| (name(&file.path), file.text.clone())).collect();
    if let Err(failure) = desk.store.keep_rules(version, &files, desk.clock.now()).await {
        // They are in force all the same; only nobody can look at them by their version.
        warn!(error = %failure, "the files of the rules {version} were not kept");
    }
}

/// Reads a folder, and takes its rules into force if they are others and good.
async fn look(desk: &Desk, folder: &Folder, names: &Names) {
    let before = desk.house();
    let version = match folder.which {
        Which::InForce => Some(before.rules.version()),
        Which::Shadow => before.shadow.as_ref().map(|rules| rules.version()),
    };
    let (path, names, known) = (folder.path.clone(), names.clone(), version.map(str::to_owned));
    let compiled = tokio::task::spawn_blocking(move || read_and_compile(&path, &names, known.as_deref())).await;
    let shown = folder.path.display();
    let compiled = match compiled {
        Ok(Ok(Some(compiled))) => compiled,
        Ok(Ok(None)) => return desk.health.works(&part(folder.which)),
        Ok(Err(error)) => return debug!(error = %error, "the rules in {shown} cannot be read"),
        Err(fault) => return error!(error = %fault, "a fault while the rules in {shown} were read"),
    };
    let stays = version.unwrap_or("none");
    match compiled {
        Ok((rules, files)) => {
            let (count, new) = (rules.rules().len(), rules.version().to_owned());
            match folder.which {
                Which::InForce => {
                    remember(desk, &new, &files).await;
                    desk.put_in_force(rules);
                    info!("rules reloaded: {count} rules, version {new}, in the place of {stays}");
                }
                Which::Shadow => {
                    desk.put_in_shadow(rules);
                    info!("shadow rules reloaded: {count} rules, version {new}, in the place of {stays}");
                }
            }
            desk.health.works(&part(folder.which));
        }
        Err(errors) => {
            desk.health.fails(part(folder.which));
            let count = counted(errors.len(), "error");
            error!("the rules in {shown} have {count}; version {stays} stays in force");
            for error in errors.iter().take(ERRORS_LOGGED) {
                error!("{error}");
            }
            if let more @ 1.. = errors.len().saturating_sub(ERRORS_LOGGED) {
                error!("and {more} more: `postroom check` shows them all");
            }
        }
    }
}

fn part(which: Which) -> Part {
    match which {
        Which::InForce => Part::Rules("rules"),
        Which::Shadow => Part::Rules("shadow rules"),
    }
}

type Compiled = Result<(RuleSet, Vec<RuleFile>), Vec<RuleError>>;

/// `None` when they are those of the known version.
fn read_and_compile(folder: &Path, names: &Names, known: Option<&str>) -> io::Result<Option<Compiled>> {
    let files = read_folder(folder)?;
    if files.is_empty() {
        // An empty folder is a copy that has just begun, or a slip; a desk without rules is never meant.
        return Err(io::Error::new(io::ErrorKind::NotFound, "there are no rule files"));
    }
    if known == Some(crate::classify::version(&files).as_str()) {
        return Ok(None);
    }
    Ok(Some(compile_for(&files, Some(names)).map(|rules| (rules, files))))
}
