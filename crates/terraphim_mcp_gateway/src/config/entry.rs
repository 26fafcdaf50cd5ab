//! The shape of the configuration files, read in one pass so that every
//! mistake of type has its position.

use std::{fmt, marker::PhantomData, path::PathBuf};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::{ServerTransport, StdioServer, variables::Variables};

/// A whole file; what else stands in it is none of our business.
#[derive(Deserialize)]
#[serde(expecting = "an object `mcpServers` (or `servers`) with one entry per server")]
pub(super) struct File {
    #[serde(rename = "mcpServers")]
    mcp_servers: Option<Object<Entry>>,
    servers: Option<Object<Entry>>,
}

impl File {
    pub(super) fn into_entries(self) -> Option<impl Iterator<Item = (String, Entry)>> {
        if self.mcp_servers.is_none() && self.servers.is_none() {
            return None;
        }
        let both = [self.mcp_servers, self.servers];
        Some(both.into_iter().flatten().flat_map(|Object(entries)| entries))
    }
}

/// One server's entry.
#[derive(Deserialize)]
#[serde(expecting = "an object with `command` or `url`")]
pub(super) struct Entry {
    #[serde(rename = "type")]
    kind: Option<String>,
    command: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    env: Option<Object<Setting>>,
    cwd: Option<String>,
    url: Option<String>,
    pub(super) disabled: Option<bool>,
}

impl Entry {
    /// How the server is reached, or why it cannot be.
    pub(super) fn transport(self, variables: &Variables<'_>) -> Result<ServerTransport, String> {
        let Some(command) = &self.command else { return Err(self.why_not_stdio()) };
        if let Some(kind) = self.kind.as_deref().filter(|kind| *kind != "stdio") {
            return Err(format!(
                "it has a `command` but `type` is {kind:?}: use \"stdio\" or leave `type` out"
            ));
        }
        let command = variables.expand("command", command)?;
        if command.is_empty() {
            return Err("its `command` is empty".into());
        }
        let mut args = Vec::with_capacity(self.args.len());
        for arg in &self.args {
            args.push(variables.expand("args", arg)?);
        }
        let mut env = Vec::new();
        for (key, Setting(value)) in self.env.map(|Object(settings)| settings).unwrap_or_default() {
            if key.is_empty() || key.contains(['=', '\0']) {
                return Err(format!("`env` has {key:?}, which is no name of a variable"));
            }
            let value = variables.expand(&format!("env.{key}"), &value)?;
            env.push((key, value));
        }
        let cwd = match &self.cwd {
            Some(cwd) => Some(variables.folder.join(PathBuf::from(variables.expand("cwd", cwd)?))),
            None => None,
        };
        Ok(ServerTransport::Stdio(StdioServer { command, args, env, cwd }))
    }

    fn why_not_stdio(&self) -> String {
        match (self.kind.as_deref(), &self.url) {
            (Some("stdio") | None, None) => {
                "it has neither a `command` nor a `url`: add `\"command\": \"...\"`".into()
            }
            (kind, _) => format!(
                "its transport `{}` is not supported yet: use an entry with `command` that speaks over stdio",
                kind.unwrap_or("http")
            ),
        }
    }
}

/// An object in the order of the file.
struct Object<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// The value of an environment variable; numbers and booleans count as their text.
struct Setting(String);

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Setting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Setting, E> {
                Ok(Setting(text.to_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Setting, E> {
                Ok(Setting(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Setting, E> {
                Ok(Setting(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Setting, E> {
                Ok(Setting(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Setting, E> {
                Ok(Setting(value.to_string()))
            }
        }

        deserializer.deserialize_any(Text)
    }
}
