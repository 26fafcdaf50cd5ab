//! The public data that benches measure against, put where they read it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{error::Error, tree::succeed};

/// How long decompressing may take.
const DEADLINE: Duration = Duration::from_secs(300);

/// A thesaurus in our own JSON, made from Open English WordNet.
const THESAURUS: &str = "wordnet_thesaurus.json.gz";

/// Files as they lie in the folder, as the benches name them, and where they come from.
const FILES: &[(&str, &str, &str)] = &[
    (
        "fuzzy/frequency_dictionary_en_82_765.txt",
        "frequency_dictionary_en_82_765.txt",
        "SymSpell's frequency dictionary",
    ),
    ("fuzzy/noisy_query_en_1000.txt", "noisy_query_en_1000.txt", "SymSpell's noisy queries"),
    ("cranfield/docs.jsonl", "cranfield/docs.jsonl", "the Cranfield collection"),
    ("cranfield/queries.jsonl", "cranfield/queries.jsonl", "the Cranfield collection"),
    ("cranfield/qrels.jsonl", "cranfield/qrels.jsonl", "the Cranfield collection"),
];

/// Copies what `source` holds below `work`; gives the folder for the benches.
///
/// # Errors
/// [`Error::Missing`] names every file that is not there.
pub(super) fn prepare(source: &Path, work: &Path) -> Result<PathBuf, Error> {
    let thesaurus = (THESAURUS, "", "Open English WordNet as a thesaurus");
    let missing = FILES.iter().chain([&thesaurus]).filter(|(file, ..)| !source.join(file).is_file());
    let needs: Vec<_> =
        missing.map(|(file, _, origin)| format!("{}: {origin}", source.join(file).display())).collect();
    if !needs.is_empty() {
        return Err(Error::Missing { needs });
    }
    let folder = work.join("data");
    let writing = |path: &Path| Error::io(format!("write {}", path.display()));
    for (file, name, _) in FILES {
        let target = folder.join(name);
        let parent = target.parent().unwrap_or(&folder);
        fs::create_dir_all(parent).map_err(writing(parent))?;
        let text = fs::read(source.join(file)).map_err(Error::io(format!("read {file}")))?;
        fs::write(&target, text).map_err(writing(&target))?;
    }
    let mut gzip = Command::new("gzip");
    gzip.arg("-dc").arg(source.join(THESAURUS));
    let target = folder.join("wordnet_thesaurus.json");
    fs::write(&target, succeed(&mut gzip, DEADLINE)?.stdout).map_err(writing(&target))?;
    folder.canonicalize().map_err(Error::io(format!("find {}", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_file_is_named() {
        let nowhere = Path::new("no-such-folder");
        let error = prepare(nowhere, nowhere).expect_err("nothing is there");
        let Error::Missing { needs } = error else { panic!("{error}") };
        assert_eq!(needs.len(), FILES.len() + 1);
        assert!(needs.iter().any(|need| need.ends_with("Open English WordNet as a thesaurus")), "{needs:?}");
    }
}
