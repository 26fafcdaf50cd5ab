//! Thesaurus, term matching and concept graph over text; pure and synchronous.
