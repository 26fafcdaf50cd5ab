//! The engine against slow and simple ways to the same results.

#[cfg(test)]
mod autocomplete;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod markup;
#[cfg(test)]
mod matching;
#[cfg(test)]
mod snippet;
