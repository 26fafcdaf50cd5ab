//! A report as text: a table for people, a line for the model.

use std::fmt::Write;

use terraphim_types::TokenCount;

use super::report::{Baseline, BaselineName, Comparison, TokenReport};

/// The account as a table of at most 14 lines of at most 80 columns, each
/// ending with a line feed. Figures from a million on are shortened downwards.
pub fn render_table(report: &TokenReport) -> String {
    let mut table = String::new();
    // Writing to a string cannot fail.
    let _ = write_table(&mut table, report);
    table
}

fn write_table(table: &mut String, report: &TokenReport) -> std::fmt::Result {
    let paid = &report.paid;
    let how = if report.estimated { "estimated by" } else { "counted by" };
    writeln!(table, "tokens {how} o200k_base (not Claude's tokenizer)")?;
    writeln!(
        table,
        "paid {}: face {}, definitions {}, program {}, outcome {}",
        short(paid.total),
        short(paid.face),
        short(paid.definitions),
        short(paid.program),
        short(paid.outcome)
    )?;
    let [kept, calls, rounds] =
        [report.intermediate_results, TokenCount(report.calls), TokenCount(report.rounds)].map(short);
    writeln!(table, "results kept out of the model: {kept} (calls: {calls}, rounds: {rounds})")?;
    if report.calls == 0 {
        writeln!(table, "nothing was called: the baselines are their definitions, without a turn")?;
    }
    let headings = ["once", "saved", "resent", "saved", "cached", "saved"];
    row(table, ["way of working", "calls", "turns"], headings)?;
    let [once, resent, cached] = [paid.total, paid.tokens_resent, paid.tokens_cached].map(short);
    let turns = short(TokenCount(paid.turns));
    row(table, ["code mode", "", &turns], [&once, "", &resent, "", &cached, ""])?;
    for baseline in &report.baselines {
        comparison(table, title(baseline.name), "sequential", &baseline.sequential)?;
        comparison(table, "", "parallel", &baseline.parallel)?;
    }
    writeln!(table, "once: each token once; resent: the context again at every turn;")?;
    writeln!(table, "cached: the same, what was sent before at {} %", report.cache_read_percent)
}

fn comparison(table: &mut String, title: &str, calls: &str, side: &Comparison) -> std::fmt::Result {
    let turns = short(TokenCount(side.turns));
    let [once, resent, cached] = [side.tokens_once, side.tokens_resent, side.tokens_cached].map(short);
    let saved = [side.saved_percent, side.saved_resent_percent, side.saved_cached_percent].map(share);
    let [saved_once, saved_resent, saved_cached] = &saved;
    row(table, [title, calls, &turns], [&once, saved_once, &resent, saved_resent, &cached, saved_cached])
}

fn row(table: &mut String, [title, calls, turns]: [&str; 3], figures: [&str; 6]) -> std::fmt::Result {
    let mut line = format!("{title:<16} {calls:<10} {turns:>5}");
    for (index, figure) in figures.into_iter().enumerate() {
        let width = if index % 2 == 0 { 7 } else { 6 };
        write!(line, " {figure:>width$}")?;
    }
    writeln!(table, "{}", line.trim_end())
}

fn title(name: BaselineName) -> &'static str {
    match name {
        BaselineName::AllDefinitions => "all definitions",
        BaselineName::UsedServers => "used servers",
        BaselineName::ToolSearchLoop => "tool-search loop",
    }
}

/// The account in one line for the model: each token once, against all
/// definitions and against a tool-search loop.
pub fn one_line(report: &TokenReport) -> String {
    let about = if report.estimated { "about " } else { "" };
    let mut line = format!("tokens: {about}{} paid", grouped(report.paid.total.0));
    let all = report.baseline(BaselineName::AllDefinitions).and_then(headline);
    let search = report.baseline(BaselineName::ToolSearchLoop).and_then(headline);
    let all = all.map(|(share, tokens)| format!("{share} {} with all definitions", grouped(tokens.0)));
    let search = search.map(|(share, _)| format!("{share} a tool-search loop"));
    for (separator, clause) in ["; ", ", "].into_iter().zip(all.into_iter().chain(search)) {
        line = line + separator + &clause;
    }
    if report.calls == 0 {
        line += " (nothing was called)";
    }
    line
}

fn headline(baseline: &Baseline) -> Option<(String, TokenCount)> {
    let Comparison { saved_percent, tokens_once, .. } = baseline.sequential;
    let percent = saved_percent?;
    let share = if percent > 0.0 {
        format!("{percent} % less than")
    } else if percent < 0.0 {
        format!("{} % more than", -percent)
    } else {
        "as many as".to_owned()
    };
    Some((share, tokens_once))
}

/// At most seven characters: whole up to 999,999, then three digits and a unit.
fn short(tokens: TokenCount) -> String {
    let units = [("E", 18), ("P", 15), ("T", 12), ("G", 9), ("M", 6)];
    let unit = units.into_iter().find(|(_, zeros)| tokens.0 >= 10_u64.pow(*zeros));
    let Some((unit, zeros)) = unit else { return grouped(tokens.0) };
    let hundredths = tokens.0 / 10_u64.pow(zeros - 2);
    match hundredths {
        10_000.. => format!("{}{unit}", hundredths / 100),
        1_000.. => format!("{}.{}{unit}", hundredths / 100, hundredths % 100 / 10),
        _ => format!("{}.{:02}{unit}", hundredths / 100, hundredths % 100),
    }
}

/// At most six characters; a large loss is shortened, never hidden.
fn share(percent: Option<f64>) -> String {
    match percent {
        None => "-".to_owned(),
        Some(percent) if percent > -100.0 => format!("{percent:.1}%"),
        Some(percent) if percent > -999.5 => format!("{percent:.0}%"),
        Some(_) => "<-999%".to_owned(),
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};
    use terraphim_types::ToolName;

    use super::*;
    use crate::tokens::{CountedCall, CountedCatalogue, CountedRun};

    fn report(definition: u64, calls: u64, reply: u64) -> TokenReport {
        let tool: ToolName = "files.read".parse().unwrap();
        let call = |round| CountedCall {
            tool: tool.clone(),
            arguments: TokenCount(20),
            reply: TokenCount(reply),
            started: Duration::from_secs(round / 4),
            ended: Duration::from_secs(round / 4 + 1),
        };
        let run = CountedRun {
            face: TokenCount(180),
            fetches: vec![(TokenCount(12), TokenCount(30))],
            program: TokenCount(90),
            outcome: TokenCount(100),
            calls: (0..calls).map(call).collect(),
            estimated: reply > 1_000_000,
        };
        let definitions = (0..20).map(|index| format!("s{index}.t").parse().unwrap()).chain([tool.clone()]);
        let definitions = definitions.map(|tool| (tool, TokenCount(definition)));
        TokenReport::new(&run, &CountedCatalogue::new(TokenCount(60), definitions, false))
    }

    fn check(report: &TokenReport, expected: &Expect) {
        let table = render_table(report);
        assert!(table.lines().count() <= 14);
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        expected.assert_eq(&(table + &one_line(report) + "\n"));
    }

    #[test]
    fn a_run_that_saves() {
        check(
            &report(200, 12, 400),
            &expect![[r#"
                tokens counted by o200k_base (not Claude's tokenizer)
                paid 412: face 180, definitions 42, program 90, outcome 100
                results kept out of the model: 4,800 (calls: 12, rounds: 3)
                way of working   calls      turns    once  saved  resent  saved  cached  saved
                code mode                       2     412            916            555
                all definitions  sequential    12   9,240  95.5%  87,600  98.9%  17,292  96.7%
                                 parallel       3   9,240  95.5%  27,120  96.6%  11,244  95.0%
                used servers     sequential    12   5,240  92.1%  35,600  97.4%   8,492  93.4%
                                 parallel       3   5,240  92.1%  11,120  91.7%   6,044  90.8%
                tool-search loop sequential    13   5,300  92.2%  36,440  97.4%   8,630  93.5%
                                 parallel       4   5,300  92.2%  11,420  91.9%   6,128  90.9%
                once: each token once; resent: the context again at every turn;
                cached: the same, what was sent before at 10 %
                tokens: 412 paid; 95.5 % less than 9,240 with all definitions, 92.2 % less than a tool-search loop
            "#]],
        );
    }

    #[test]
    fn a_run_that_costs_more() {
        check(
            &report(3, 1, 5),
            &expect![[r#"
                tokens counted by o200k_base (not Claude's tokenizer)
                paid 412: face 180, definitions 42, program 90, outcome 100
                results kept out of the model: 5 (calls: 1, rounds: 1)
                way of working   calls      turns    once  saved  resent  saved  cached  saved
                code mode                       2     412            916            555
                all definitions  sequential     1      88  -368%     171  -436%     115  -383%
                                 parallel       1      88  -368%     171  -436%     115  -383%
                used servers     sequential     1      28 <-999%      51 <-999%      49 <-999%
                                 parallel       1      28 <-999%      51 <-999%      49 <-999%
                tool-search loop sequential     2      88  -368%     231  -297%     121  -359%
                                 parallel       2      88  -368%     231  -297%     121  -359%
                once: each token once; resent: the context again at every turn;
                cached: the same, what was sent before at 10 %
                tokens: 412 paid; 368.2 % more than 88 with all definitions, 368.2 % more than a tool-search loop
            "#]],
        );
    }

    #[test]
    fn a_run_without_calls() {
        check(
            &report(200, 0, 0),
            &expect![[r#"
                tokens counted by o200k_base (not Claude's tokenizer)
                paid 412: face 180, definitions 42, program 90, outcome 100
                results kept out of the model: 0 (calls: 0, rounds: 0)
                nothing was called: the baselines are their definitions, without a turn
                way of working   calls      turns    once  saved  resent  saved  cached  saved
                code mode                       2     412            916            555
                all definitions  sequential     0   4,200  90.1%   4,200  78.1%   4,200  86.7%
                                 parallel       0   4,200  90.1%   4,200  78.1%   4,200  86.7%
                used servers     sequential     0       0      -       0      -       0      -
                                 parallel       0       0      -       0      -       0      -
                tool-search loop sequential     0      60  -587%      60 <-999%      60  -825%
                                 parallel       0      60  -587%      60 <-999%      60  -825%
                once: each token once; resent: the context again at every turn;
                cached: the same, what was sent before at 10 %
                tokens: 412 paid; 90.1 % less than 4,200 with all definitions, 586.7 % more than a tool-search loop (nothing was called)
            "#]],
        );
    }

    #[test]
    fn huge_and_estimated_figures_keep_their_columns() {
        check(
            &report(u64::MAX, 1_000, u64::MAX),
            &expect![[r#"
                tokens estimated by o200k_base (not Claude's tokenizer)
                paid 412: face 180, definitions 42, program 90, outcome 100
                results kept out of the model: 18.4E (calls: 1,000, rounds: 250)
                way of working   calls      turns    once  saved  resent  saved  cached  saved
                code mode                       2     412            916            555
                all definitions  sequential 1,000   18.4E  99.9%   18.4E  99.9%   18.4E  99.9%
                                 parallel     250   18.4E  99.9%   18.4E  99.9%   18.4E  99.9%
                used servers     sequential 1,000   18.4E  99.9%   18.4E  99.9%   18.4E  99.9%
                                 parallel     250   18.4E  99.9%   18.4E  99.9%   18.4E  99.9%
                tool-search loop sequential 1,001   18.4E  99.9%   18.4E  99.9%   18.4E  99.9%
                                 parallel     251   18.4E  99.9%   18.4E  99.9%   18.4E  99.9%
                once: each token once; resent: the context again at every turn;
                cached: the same, what was sent before at 10 %
                tokens: about 412 paid; 99.9 % less than 18,446,744,073,709,551,615 with all definitions, 99.9 % less than a tool-search loop
            "#]],
        );
    }

    #[test]
    fn without_anything_to_compare_with_nothing_is_claimed() {
        let report = TokenReport::new(&CountedRun::default(), &CountedCatalogue::default());
        assert_eq!(one_line(&report), "tokens: 0 paid (nothing was called)");
    }

    #[test]
    fn figures_are_short_and_rounded_down() {
        let check = |number, expected| assert_eq!(short(TokenCount(number)), expected);
        check(0, "0");
        check(999_999, "999,999");
        check(1_000_000, "1.00M");
        check(12_399_999, "12.3M");
        check(999_999_999, "999M");
        check(u64::MAX, "18.4E");
        let shares = [None, Some(98.1), Some(100.0), Some(-99.9), Some(-350.0), Some(-999.9), Some(-1e20)];
        assert_eq!(shares.map(share), ["-", "98.1%", "100.0%", "-99.9%", "-350%", "<-999%", "<-999%"]);
    }
}
