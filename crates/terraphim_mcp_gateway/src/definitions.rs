//! Tool definitions as a server lists them, read one by one, and their cache
//! on disk.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use terraphim_types::{ServerName, ToolDefinition};

use crate::{config::StdioServer, wording::cut};

/// Changes when the cache's files change their shape.
const FORMAT: u32 = 1;

/// Longest cache file that is read, in bytes.
const MAX_CACHE_BYTES: u64 = 64 << 20;

/// What is known of a server without asking it again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Definitions {
    pub(crate) tools: Arc<[ToolDefinition]>,
    pub(crate) description: Option<String>,
}

/// Reads one listed tool; one that is none is skipped with a warning, so that it hides no other.
pub(crate) fn read_tool(server: &ServerName, listed: Value) -> Option<ToolDefinition> {
    let complaint = match serde_json::from_value::<ToolDefinition>(listed) {
        Ok(tool) => match check_tool(server, &tool) {
            Ok(()) => return Some(tool),
            Err(complaint) => complaint,
        },
        Err(error) => cut(&error.to_string(), 200),
    };
    tracing::warn!(%server, complaint, "a listed tool is skipped");
    None
}

/// What a definition must be besides its shape.
fn check_tool(server: &ServerName, tool: &ToolDefinition) -> Result<(), String> {
    if !tool.input_schema.is_object() {
        return Err("its input schema is no object".to_owned());
    }
    let name = terraphim_types::ToolName::new(server.clone(), &tool.name);
    name.map(drop).map_err(|invalid| invalid.to_string())
}

/// A server's file in the cache, named by a digest of its configuration.
#[derive(Debug, Clone)]
pub(crate) struct CacheFile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    description: Option<String>,
    tools: Vec<ToolDefinition>,
}

impl CacheFile {
    pub(crate) fn new(folder: &Path, server: &StdioServer) -> Self {
        Self { path: folder.join(format!("{}.json", digest(server))) }
    }

    /// What the file holds; one that is missing, or that is not ours, holds nothing.
    pub(crate) fn load(&self, server: &ServerName) -> Option<Definitions> {
        match self.read(server) {
            Ok(stored) => Some(Definitions { tools: stored.tools.into(), description: stored.description }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let file = self.path.display();
                tracing::warn!(%server, %file, %error, "cached definitions are not usable and are fetched again");
                None
            }
        }
    }

    fn read(&self, server: &ServerName) -> io::Result<Stored> {
        let mut text = Vec::new();
        // A pipe would be waited for without an end.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(&self.path, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        file.take(MAX_CACHE_BYTES + 1).read_to_end(&mut text)?;
        if text.len() as u64 > MAX_CACHE_BYTES {
            return Err(io::Error::other("the file is too long"));
        }
        let stored: Stored = serde_json::from_slice(&text)?;
        if stored.format != FORMAT {
            return Err(io::Error::other(format!("format {} instead of {FORMAT}", stored.format)));
        }
        // What was stored had been checked; what stands there now need not be what was stored.
        stored.tools.iter().try_for_each(|tool| check_tool(server, tool)).map_err(io::Error::other)?;
        Ok(stored)
    }

    /// Replaces the file as a whole; only its owner may read it.
    pub(crate) fn store(&self, definitions: &Definitions) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let stored = Stored {
            format: FORMAT,
            description: definitions.description.clone(),
            tools: definitions.tools.to_vec(),
        };
        // Temporary files are made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(io::BufWriter::new(&mut file), &stored)?;
        file.flush()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// SHA-256 of everything that decides which tools the server has. Secrets go
/// in as digests of the whole, and none is written anywhere.
pub(crate) fn digest(server: &StdioServer) -> String {
    let mut hash = Sha256::new();
    let mut field = |text: &[u8]| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    field(b"stdio");
    field(server.command.as_bytes());
    field(&(server.args.len() as u64).to_le_bytes());
    for arg in &server.args {
        field(arg.as_bytes());
    }
    let cwd = server.cwd.as_ref().map(|cwd| cwd.as_os_str().as_encoded_bytes());
    field(cwd.unwrap_or_default());
    let mut env: Vec<_> = server.env.iter().collect();
    env.sort();
    for (key, value) in env {
        field(key.as_bytes());
        field(value.as_bytes());
    }
    hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    fn server(args: &[&str], env: &[(&str, &str)]) -> StdioServer {
        StdioServer {
            command: "npx".into(),
            args: args.iter().map(|&arg| arg.into()).collect(),
            env: env.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
            cwd: None,
        }
    }

    #[test]
    fn the_digest_tells_configurations_apart() {
        let base = digest(&server(&["a", "b"], &[("K", "1")]));
        assert_eq!(base, digest(&server(&["a", "b"], &[("K", "1")])));
        for other in [
            server(&["ab"], &[("K", "1")]),
            server(&["a", "b"], &[("K", "2")]),
            server(&["a", "b"], &[("L", "1")]),
            server(&["a"], &[("b", "K1")]),
        ] {
            assert_ne!(base, digest(&other));
        }
    }

    #[test]
    fn the_cache_comes_back_private_and_free_of_secrets() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = ServerName::new("s").expect("a name");
        let cache = CacheFile::new(&folder.path().join("new"), &server(&[], &[("TOKEN", "s3cret")]));
        assert_eq!(cache.load(&name), None);
        let tool =
            read_tool(&name, json!({ "name": "t", "inputSchema": {}, "_meta": { "k": 1 } })).expect("a tool");
        let definitions = Definitions { tools: Arc::from([tool]), description: Some("what".into()) };
        cache.store(&definitions).expect("stored");
        assert_eq!(cache.load(&name), Some(definitions));
        assert_eq!(cache.path.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        assert!(!std::fs::read_to_string(&cache.path).expect("text").contains("s3cret"));

        std::fs::write(&cache.path, "{ broken").expect("written");
        assert_eq!(cache.load(&name), None);
        let not_ours = [
            r#"{ "format": 99, "tools": [] }"#,
            r#"{ "format": 1, "tools": [{ "name": "a\u001b[31m", "inputSchema": {} }] }"#,
            r#"{ "format": 1, "tools": [{ "name": "a", "inputSchema": 5 }] }"#,
            r#"{ "format": 1, "tools": [{ "name": "", "inputSchema": {} }] }"#,
        ];
        for text in not_ours {
            std::fs::write(&cache.path, text).expect("written");
            assert_eq!(cache.load(&name), None, "{text}");
        }
        std::fs::write(&cache.path, r#"{ "format": 1, "tools": [] }"#).expect("written");
        assert!(cache.load(&name).is_some());
        std::fs::remove_file(&cache.path).expect("removed");
        rustix::fs::mknodat(rustix::fs::CWD, &cache.path, rustix::fs::FileType::Fifo, Mode::RWXU, 0)
            .expect("a pipe");
        assert_eq!(cache.load(&name), None, "nobody writes into it");
    }
}
