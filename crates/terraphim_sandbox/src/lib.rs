//! Walls around untrusted programs: jails, limits, and the pool of warm guests.
