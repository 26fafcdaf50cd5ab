//! What the crate promises, over whole definitions: golden texts, hostile
//! schemas, properties over arbitrary JSON, and real tools where they are at hand.

#[cfg(test)]
mod declarations;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod discovery;
mod discovery_words;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod real_tools;
#[cfg(test)]
mod rust;
#[cfg(test)]
mod trees;
