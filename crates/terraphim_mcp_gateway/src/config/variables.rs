//! `${VAR}`, `${VAR:-default}` and `${env:VAR}` in configuration values.

use std::path::PathBuf;

/// Where the values of variables come from.
pub(super) struct Variables<'a> {
    pub(super) folder: PathBuf,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
}

impl Variables<'_> {
    /// Replaces every variable in `text`; `field` names the place in an error.
    pub(super) fn expand(&self, field: &str, text: &str) -> Result<String, String> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            expanded.push_str(before);
            let Some((inner, tail)) = after.split_once('}') else {
                return Err(format!("`{field}` has a `${{` without its `}}`"));
            };
            expanded.push_str(&self.value(field, inner)?);
            rest = tail;
        }
        expanded.push_str(rest);
        if expanded.contains('\0') {
            return Err(format!("`{field}` holds a NUL character"));
        }
        Ok(expanded)
    }

    fn value(&self, field: &str, inner: &str) -> Result<String, String> {
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let name = name.strip_prefix("env:").unwrap_or(name);
        if name == "workspaceFolder" {
            return Ok(self.folder.display().to_string());
        }
        if name.is_empty() || name.contains(':') {
            return Err(format!(
                "`{field}` uses `${{{inner}}}`, which is not supported: use `${{VAR}}`, `${{VAR:-default}}` or `${{env:VAR}}`"
            ));
        }
        // As in the shell, an empty variable takes the default too.
        let value = (self.env)(name).filter(|value| default.is_none() || !value.is_empty());
        value.or_else(|| default.map(str::to_owned)).ok_or_else(|| {
            format!("`{field}` uses the variable `{name}`, which is not set: set it, or write `${{{name}:-default}}`")
        })
    }
}
