//! A measured figure and how it is shown.

use serde::Serialize;

/// What a figure is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Promise {
    /// The median is to be at most this.
    AtMost(f64),
    /// The median is to be at least this.
    AtLeast(f64),
    /// Nothing is promised.
    None,
}

/// One measured figure.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    name: &'static str,
    unit: &'static str,
    p50: f64,
    p99: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<f64>,
    /// The same work by a plain client of the same upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    plain_client: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<bool>,
}

impl Figure {
    /// A figure of several measurements.
    pub(crate) fn of(name: &'static str, unit: &'static str, values: &[f64], promise: Promise) -> Self {
        let p50 = percentile(values, 0.5);
        let (promise, holds) = match promise {
            Promise::AtMost(most) => (Some(most), Some(p50 <= most)),
            Promise::AtLeast(least) => (Some(least), Some(p50 >= least)),
            Promise::None => (None, None),
        };
        Self { name, unit, p50, p99: percentile(values, 0.99), promise, plain_client: None, holds }
    }

    /// Beside what a plain client takes.
    pub(crate) fn beside(mut self, plain_client: f64) -> Self {
        self.plain_client = Some(plain_client);
        self
    }

    /// Whether its promise, if it has one, does not hold.
    pub(crate) fn misses(&self) -> bool {
        self.holds == Some(false)
    }
}

/// The value below which a share of the values lies; not a number for none.
pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// All figures as a table.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut text = format!("{:48} {:>9} {:>9} {:>9} {:>12}\n", "", "p50", "p99", "promise", "plain client");
    for figure in figures {
        let number = |value: Option<f64>| value.map(|value| format!("{value:.2}")).unwrap_or_default();
        let verdict = match figure.holds {
            Some(true) => "ok",
            Some(false) => "MISSED",
            None => "",
        };
        text.push_str(&format!(
            "{:48} {:>9.2} {:>9.2} {:>9} {:>12} {:>4} {verdict}\n",
            figure.name,
            figure.p50,
            figure.p99,
            number(figure.promise),
            number(figure.plain_client),
            figure.unit,
        ));
    }
    text
}
