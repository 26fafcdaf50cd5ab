//! What a server of this process shows beside its tools: documents that a
//! client lists, reads and watches, and values that complete an argument.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use futures_util::Stream;

/// A pending answer about resources.
pub type ResourceFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ResourceError>> + Send + 'a>>;

/// What becomes of resources from now on; it ends with the server.
pub type ResourceChanges = Pin<Box<dyn Stream<Item = ResourceChange> + Send>>;

/// Documents under URIs. Its two kinds are the notes and the stand-in of the
/// face's tests.
pub trait Resources: Send + Sync + 'static {
    /// One page of all documents; `cursor` is what the page before it gave.
    fn list<'a>(&'a self, cursor: Option<&'a str>) -> ResourceFuture<'a, ResourcePage>;

    /// The forms of the URIs that there are.
    fn templates(&self) -> Vec<ResourceTemplate>;

    /// One document.
    fn read<'a>(&'a self, uri: &'a str) -> ResourceFuture<'a, ResourceContent>;

    /// Values for a variable of a template.
    fn complete<'a>(&'a self, asked: &'a CompletionQuestion) -> ResourceFuture<'a, Completion>;

    /// Tells of changes. Those before the first poll are told as well.
    fn changes(&self) -> ResourceChanges;
}

/// A document in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceHead {
    /// Its address.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// A name for people.
    pub title: Option<String>,
    /// Its media type.
    pub media_type: &'static str,
    /// Its size in bytes, where it is known.
    pub bytes: Option<u64>,
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourcePage {
    /// The documents.
    pub resources: Vec<ResourceHead>,
    /// Asks for the next page; none at the end.
    pub next: Option<String>,
}

/// A form of URIs, by RFC 6570.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceTemplate {
    /// The form.
    pub uri_template: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it addresses.
    pub description: &'static str,
    /// The media type of all that it addresses, if they have one.
    pub media_type: Option<&'static str>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceContent {
    /// Its media type.
    pub media_type: &'static str,
    /// What it holds.
    pub body: ResourceBody,
}

/// What a document holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceBody {
    /// Text.
    Text(String),
    /// Bytes, as base64.
    Base64(String),
}

/// A question for values of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletionQuestion {
    /// The template that the variable is in.
    pub uri_template: String,
    /// The variable.
    pub variable: String,
    /// What was typed of its value.
    pub typed: String,
    /// The variables that have a value already.
    pub known: Vec<(String, String)>,
}

/// Values that complete what was typed, the likeliest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// At most 100 of them.
    pub values: Vec<String>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Why there is no such document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// Nothing has this address.
    #[error("there is no resource `{uri}`: {hint}")]
    NotFound {
        /// The address, cut to 200 characters.
        uri: String,
        /// What to do instead.
        hint: String,
    },
    /// The cursor is none that a page gave.
    #[error("this cursor is none that a list gave: begin again without one")]
    Cursor,
    /// It could not be had.
    #[error("the resource cannot be read: {reason}")]
    Failed {
        /// The cause.
        reason: String,
    },
}

/// What became of documents.
#[derive(Clone)]
pub struct ResourceChange {
    /// Whether other documents may be in the list than before.
    pub list_changed: bool,
    affects: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl ResourceChange {
    /// A change of the documents that `affects` is true of.
    pub fn new(list_changed: bool, affects: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { list_changed, affects: Arc::new(affects) }
    }

    /// Whether the document at an address may be another than before.
    pub fn affects(&self, uri: &str) -> bool {
        (self.affects)(uri)
    }
}

impl fmt::Debug for ResourceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceChange").field("list_changed", &self.list_changed).finish_non_exhaustive()
    }
}
