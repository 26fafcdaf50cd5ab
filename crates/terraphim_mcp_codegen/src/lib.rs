//! From a catalogue of tools to modules, declarations, docs and a discovery index; pure and synchronous.
