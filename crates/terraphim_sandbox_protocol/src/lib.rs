//! Frames between the host and a guest, with their version and decode budgets.
