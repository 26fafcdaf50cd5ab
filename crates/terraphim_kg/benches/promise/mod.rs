//! Promised figures, each told on a line of its own in a form that
//! `cargo xtask bench` reads: `promise | NAME | VALUE | BOUND | VERDICT`.

/// Tells a figure that is promised to be at most `bound`.
pub(crate) fn at_most(name: &str, value: f64, bound: f64, unit: &str) {
    tell(name, value, ("at most", bound), unit, value <= bound);
}

/// Tells a figure that is promised to be at least `bound`.
pub(crate) fn at_least(name: &str, value: f64, bound: f64, unit: &str) {
    tell(name, value, ("at least", bound), unit, value >= bound);
}

fn tell(name: &str, value: f64, (kind, bound): (&str, f64), unit: &str, holds: bool) {
    let verdict = if holds { "ok" } else { "MISSED" };
    println!("promise | {name} | {value:.3} {unit} | {kind} {bound} {unit} | {verdict}");
}
