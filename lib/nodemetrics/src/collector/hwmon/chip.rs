//! Which chips there are, and the names by which node_exporter knows them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::reading::error::CollectError;
use crate::reading::sysfs;

/// A chip.
pub(super) struct Chip {
    pub(super) dir: PathBuf,
    /// Stable, and of this chip only.
    pub(super) name: String,
    /// What its driver calls it.
    pub(super) own_name: Option<String>,
}

/// The chips in the order of their directories.
pub(super) fn find(dir: &Path) -> Result<Vec<Chip>, CollectError> {
    let mut chips = Vec::new();
    for entry in sysfs::list(dir)? {
        let dir = dir.join(&entry);
        if !dir.is_dir() {
            continue;
        }
        let own_name = sysfs::text(&dir.join("name")).ok().flatten();
        let own_name = own_name.map(|name| clean(&name)).filter(|name| !name.is_empty());
        if let Some(name) = of_device(&dir).or_else(|| own_name.clone()).or_else(|| of_itself(&dir))
        {
            chips.push(Chip { dir, name, own_name });
        }
    }
    tell_apart(&mut chips);
    Ok(chips)
}

/// Chips of one device get their own names, or else their directories', behind the device's.
fn tell_apart(chips: &mut [Chip]) {
    let mut of_name = HashMap::new();
    let mut of_both = HashMap::new();
    for chip in chips.iter() {
        *of_name.entry(chip.name.clone()).or_insert(0) += 1;
        *of_both.entry((chip.name.clone(), chip.own_name.clone())).or_insert(0) += 1;
    }
    for chip in chips {
        if of_name.get(&chip.name) == Some(&1) {
            continue;
        }
        let is_alone = of_both.get(&(chip.name.clone(), chip.own_name.clone())) == Some(&1);
        let suffix = match &chip.own_name {
            Some(own_name) if is_alone => own_name.clone(),
            _ => chip.dir.file_name().map(clean_os).unwrap_or_default(),
        };
        chip.name = format!("{}_{suffix}", chip.name);
    }
}

/// "platform_coretemp_0" for the device `.../platform/coretemp.0`.
fn of_device(dir: &Path) -> Option<String> {
    let device = dir.join("device").canonicalize().ok()?;
    let name = device.file_name().map(clean_os).filter(|name| !name.is_empty())?;
    let kind = device.parent().and_then(Path::file_name).map(clean_os);
    match kind.filter(|kind| !kind.is_empty()) {
        Some(kind) => Some(format!("{kind}_{name}")),
        None => Some(name),
    }
}

fn of_itself(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    dir.file_name().map(clean_os).filter(|name| !name.is_empty())
}

fn clean_os(name: &OsStr) -> String {
    clean(&name.to_string_lossy())
}

/// The name with what a metric's name may not have as `_`, but not at its ends.
pub(super) fn clean(name: &str) -> String {
    let is_fine = |c: char| matches!(c, 'a'..='z' | '0'..='9' | ':' | '_');
    let clean: String =
        name.to_lowercase().chars().map(|c| if is_fine(c) { c } else { '_' }).collect();
    clean.trim_matches('_').to_owned()
}
