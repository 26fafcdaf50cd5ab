//! More work than there are places, parts that die in the middle of it, and
//! the end while it is under way.

mod drain;
mod executor;
mod face;
mod sudden;
