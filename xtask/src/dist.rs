//! The release archive: one binary, the README and the licences.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::{
    error::Error,
    tree::{self, cargo, host, root, succeed},
};

/// Builds the release binary; gives its path.
pub(crate) fn build_release() -> Result<PathBuf, Error> {
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--package", "terraphim", "--bin", "terraphim"]);
    succeed(&mut build, Duration::from_secs(60 * 60))?;
    Ok(tree::target_folder()?.join("release/terraphim"))
}

/// Makes `target/dist/terraphim-VERSION-TARGET.tar.gz` and prints its size and digest.
pub(crate) fn run() -> Result<(), Error> {
    let name = format!("terraphim-{}-{}", version()?, host()?);
    let binary = build_release()?;
    let mut files = vec![binary, root().join("README.md")];
    files.extend(licences()?);
    let packed = pack(&files, &tree::target_folder()?.join("dist"), &name)?;
    println!("{}\n{} bytes\nsha256 {}", packed.archive.display(), packed.bytes, packed.sha256);
    Ok(())
}

/// A finished archive.
#[derive(Debug, PartialEq, Eq)]
struct Packed {
    archive: PathBuf,
    bytes: u64,
    sha256: String,
}

/// Packs files under a folder `name`. The same files give the same bytes,
/// whoever packs them and when.
fn pack(files: &[PathBuf], dist: &Path, name: &str) -> Result<Packed, Error> {
    stage(files, &dist.join(name))?;
    let archive = format!("{name}.tar.gz");
    let same =
        ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--mode=go=rX,u+rw"];
    let mut tar = Command::new("tar");
    tar.args(same).args(["--create", "--gzip", "--file", &archive, name]).current_dir(dist);
    succeed(&mut tar, Duration::from_secs(300))?;
    let mut sum = Command::new("sha256sum");
    let sum = succeed(sum.arg(&archive).current_dir(dist), Duration::from_secs(60))?;
    let sha256 = sum.stdout.split(' ').next().unwrap_or_default().to_owned();
    let archive = dist.join(archive);
    let bytes = fs::metadata(&archive).map_err(Error::io(format!("read {}", archive.display())))?.len();
    Ok(Packed { archive, bytes, sha256 })
}

/// Puts what goes into the archive into an empty folder.
fn stage(files: &[PathBuf], folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::io(format!("empty {}", folder.display())))?;
    }
    fs::create_dir_all(folder).map_err(Error::io(format!("make {}", folder.display())))?;
    for file in files {
        let name = file.file_name().unwrap_or_default();
        let copying = Error::io(format!("copy {} into the archive", file.display()));
        fs::copy(file, folder.join(name)).map_err(copying)?;
    }
    Ok(())
}

fn licences() -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(root()).map_err(Error::io("read the workspace"))?;
    let is_licence = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("LICENSE-"))
    };
    let licences: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_licence).collect();
    if licences.is_empty() {
        let complaint = "it has no `LICENSE-*` to put into the archive".into();
        return Err(Error::Unreadable { what: "the workspace".into(), complaint });
    }
    Ok(licences)
}

fn version() -> Result<String, Error> {
    let metadata = tree::metadata()?;
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let mut named = packages.filter(|package| package.get("name").is_some_and(|name| name == "terraphim"));
    let version = named.next().and_then(|package| package.get("version")?.as_str());
    version.map(str::to_owned).ok_or_else(|| Error::Unreadable {
        what: "the answer of `cargo metadata`".into(),
        complaint: "it has no package `terraphim` with a version".into(),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_same_files_give_the_same_archive() {
        let folder = std::env::temp_dir().join(format!("xtask-dist-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let binary = folder.join("terraphim");
        fs::write(&binary, "#!/bin/sh\n").expect("written");
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).expect("permitted");
        let mut files = vec![binary.clone(), root().join("Cargo.toml")];
        files.extend(licences().expect("there are licences"));
        let first = pack(&files, &folder.join("dist"), "a-1").expect("packed");
        let second = pack(&files, &folder.join("dist"), "a-1").expect("packed again");
        assert_eq!(first, second);
        assert_eq!(first.sha256.len(), 64);
        let listing = succeed(Command::new("tar").arg("-tvzf").arg(&first.archive), Duration::from_secs(60));
        let listing = listing.expect("listed").stdout;
        let names: Vec<_> = listing.lines().filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(
            names,
            ["a-1/", "a-1/Cargo.toml", "a-1/LICENSE-APACHE", "a-1/LICENSE-MIT", "a-1/terraphim"]
        );
        assert!(listing.lines().last().is_some_and(|line| line.starts_with("-rwxr-xr-x 0/0")), "{listing}");
        let told = pack(&[folder.join("absent")], &folder.join("dist"), "a-1").expect_err("absent");
        assert!(told.to_string().contains("absent into the archive"), "{told}");
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn the_archive_is_named_after_version_and_target() {
        let version = version().expect("a version");
        assert_eq!(version.split('.').count(), 3, "{version}");
        let host = host().expect("a target");
        assert!(host.contains("-linux-"), "{host}");
    }
}
