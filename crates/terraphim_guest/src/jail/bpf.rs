//! System-call filters as the kernel takes them.
//!
//! The kernel runs a new filter once for each number there is, to know which calls
//! it always lets through. A filter that compares one number after the other makes
//! that the dearest step in the making of a process; here the number is looked up
//! by halves, so that it is the cheapest.

use seccompiler::sock_filter as Instruction;

/// `struct seccomp_data`: where the number, the architecture and the arguments lie, in bytes.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

const LOAD: u16 = 0x20;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_AT_LEAST: u16 = 0x35;
const AND: u16 = 0x54;
const RETURN: u16 = 0x06;

#[cfg(target_arch = "x86_64")]
const NATIVE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const NATIVE: u32 = 0xC000_00B7;

/// What the kernel does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    /// Answers with this error; 0 is success.
    Answer(u16),
    KillProcess,
}

impl Action {
    fn code(self) -> u32 {
        match self {
            Self::Allow => 0x7FFF_0000,
            Self::Answer(error) => 0x0005_0000 | u32::from(error),
            Self::KillProcess => 0x8000_0000,
        }
    }
}

/// What is asked of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Equals(u64),
    Differs(u64),
    /// Of the bits of the mask, those of the value are set and no others.
    Masked {
        mask: u64,
        value: u64,
    },
}

/// One test of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Condition {
    /// Which argument, 0 to 5.
    pub(super) argument: u8,
    /// Whether all 64 bits are looked at, or the lower 32.
    pub(super) wide: bool,
    pub(super) test: Test,
}

/// What of a call is meant: any of these, in each of which all conditions hold.
/// None at all means every use.
pub(super) type Uses = Vec<Vec<Condition>>;

/// What a filter does with the calls of its table, and with all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// Numbers of system calls with their uses; each number stands once.
    pub(super) calls: Vec<(u32, Uses)>,
    pub(super) listed: Action,
    pub(super) otherwise: Action,
}

/// The numbers from `first` to the next span's.
struct Span<'t> {
    first: u32,
    /// Without uses, no number of the span is listed.
    uses: Option<&'t Uses>,
}

impl Table {
    /// The filter. Another architecture kills the process.
    pub(super) fn program(&self) -> Vec<Instruction> {
        let mut program = vec![
            load(ARCHITECTURE),
            jump(JUMP_EQUAL, NATIVE, 1, 0),
            returns(Action::KillProcess),
            load(NUMBER),
        ];
        program.extend(self.search(&self.spans()));
        program
    }

    /// All numbers in order, with those beside each other that are treated alike in one span.
    fn spans(&self) -> Vec<Span<'_>> {
        let mut calls: Vec<_> = self.calls.iter().collect();
        calls.sort_by_key(|(number, _)| *number);
        let mut spans: Vec<Span<'_>> = Vec::new();
        let mut next = 0;
        for (number, uses) in calls {
            if *number > next {
                push(&mut spans, Span { first: next, uses: None });
            }
            push(&mut spans, Span { first: *number, uses: Some(uses) });
            next = number.saturating_add(1);
        }
        push(&mut spans, Span { first: next, uses: None });
        spans
    }

    fn search(&self, spans: &[Span<'_>]) -> Vec<Instruction> {
        let (below, above) = match spans {
            [] => return vec![returns(self.otherwise)],
            [only] => return self.uses(only.uses),
            _ => spans.split_at(spans.len() / 2),
        };
        let first = above.first().map_or(u32::MAX, |span| span.first);
        let below = self.search(below);
        let mut both = vec![jump(JUMP_AT_LEAST, first, 0, 1), ahead(below.len())];
        both.extend(below);
        both.extend(self.search(above));
        both
    }

    fn uses(&self, uses: Option<&Uses>) -> Vec<Instruction> {
        let Some(uses) = uses else { return vec![returns(self.otherwise)] };
        if uses.is_empty() {
            return vec![returns(self.listed)];
        }
        let mut program = Vec::new();
        for conditions in uses {
            program.extend(all(conditions, returns(self.listed)));
        }
        program.push(returns(self.otherwise));
        program
    }
}

fn push<'t>(spans: &mut Vec<Span<'t>>, span: Span<'t>) {
    if spans.last().is_none_or(|last| last.uses != span.uses) {
        spans.push(span);
    }
}

/// Comes to `then` if all conditions hold, else behind it.
fn all(conditions: &[Condition], then: Instruction) -> Vec<Instruction> {
    let mut program = vec![then];
    for condition in conditions.iter().rev() {
        let mut tested = test(*condition, program.len());
        tested.append(&mut program);
        program = tested;
    }
    program
}

/// Goes on if the condition holds, else skips what follows, `rest` instructions.
fn test(condition: Condition, rest: usize) -> Vec<Instruction> {
    let low = ARGUMENTS + 8 * u32::from(condition.argument);
    let words: &[u32] = if condition.wide { &[low, low + 4] } else { &[low] };
    let (mask, value, differs) = match condition.test {
        Test::Equals(value) => (u64::MAX, value, false),
        Test::Differs(value) => (u64::MAX, value, true),
        Test::Masked { mask, value } => (mask, value & mask, false),
    };
    let mut program = Vec::new();
    for (index, place) in words.iter().enumerate().rev() {
        let part = |whole: u64| u32::try_from((whole >> (32 * index)) & 0xFFFF_FFFF).unwrap_or(u32::MAX);
        let mut word = vec![load(*place)];
        if part(mask) != u32::MAX {
            word.push(Instruction { code: AND, jt: 0, jf: 0, k: part(mask) });
        }
        // Where it is as wanted, to the next word; else over the first instruction behind the last one.
        word.push(jump(JUMP_EQUAL, part(value), 1, 0));
        word.push(ahead(program.len() + 1));
        word.append(&mut program);
        program = word;
    }
    if !differs {
        program.push(ahead(1));
    }
    program.push(ahead(rest));
    program
}

fn load(offset: u32) -> Instruction {
    Instruction { code: LOAD, jt: 0, jf: 0, k: offset }
}

fn jump(code: u16, value: u32, yes: u8, no: u8) -> Instruction {
    Instruction { code, jt: yes, jf: no, k: value }
}

/// Passes over so many instructions.
fn ahead(count: usize) -> Instruction {
    Instruction { code: JUMP, jt: 0, jf: 0, k: u32::try_from(count).unwrap_or(u32::MAX) }
}

fn returns(action: Action) -> Instruction {
    Instruction { code: RETURN, jt: 0, jf: 0, k: action.code() }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Arguments = [u64; 6];

    /// Runs a filter as the kernel does; gives the code and how many instructions it took.
    fn run(program: &[Instruction], number: u32, architecture: u32, arguments: &Arguments) -> (u32, usize) {
        let word = |offset: u32| match offset {
            NUMBER => number,
            ARCHITECTURE => architecture,
            _ => {
                let at = offset - ARGUMENTS;
                let whole = arguments[(at / 8) as usize];
                (whole >> (8 * (at % 8))) as u32
            }
        };
        let (mut at, mut accumulator) = (0, 0);
        for steps in 1.. {
            let Instruction { code, jt, jf, k } = program[at];
            at += 1;
            let taken = |condition: bool| usize::from(if condition { jt } else { jf });
            match code {
                LOAD => accumulator = word(k),
                AND => accumulator &= k,
                JUMP => at += k as usize,
                JUMP_EQUAL => at += taken(accumulator == k),
                JUMP_AT_LEAST => at += taken(accumulator >= k),
                RETURN => return (k, steps),
                other => panic!("{other:#x} is no instruction of ours"),
            }
        }
        unreachable!("there are enough numbers")
    }

    fn holds(condition: &Condition, arguments: &Arguments) -> bool {
        let whole = arguments[usize::from(condition.argument)];
        let width = if condition.wide { u64::MAX } else { 0xFFFF_FFFF };
        match condition.test {
            Test::Equals(value) => whole & width == value & width,
            Test::Differs(value) => whole & width != value & width,
            Test::Masked { mask, value } => whole & mask & width == value & mask & width,
        }
    }

    fn expected(table: &Table, number: u32, arguments: &Arguments) -> Action {
        let Some((_, uses)) = table.calls.iter().find(|(known, _)| *known == number) else {
            return table.otherwise;
        };
        let any = uses.iter().any(|all| all.iter().all(|one| holds(one, arguments)));
        if uses.is_empty() || any { table.listed } else { table.otherwise }
    }

    /// Values at which a test may turn.
    fn values(condition: &Condition) -> Vec<u64> {
        let (Test::Equals(value) | Test::Differs(value) | Test::Masked { value, .. }) = condition.test;
        let turned = (0..64).map(|bit| value ^ (1 << bit));
        [0, value, !value, u64::MAX].into_iter().chain(turned).collect()
    }

    fn check(table: &Table, number: u32) {
        let program = table.program();
        let asked = |arguments: &Arguments| {
            let (code, steps) = run(&program, number, NATIVE, arguments);
            assert_eq!(code, expected(table, number, arguments).code(), "{number} {arguments:x?} {table:?}");
            assert!(steps < 100, "{steps} steps for {number}");
        };
        let uses = table.calls.iter().find(|(known, _)| *known == number).map(|(_, uses)| uses);
        let conditions: Vec<_> = uses.into_iter().flatten().flatten().collect();
        asked(&[0; 6]);
        for one in &conditions {
            for first in values(one) {
                let mut arguments = [0; 6];
                arguments[usize::from(one.argument)] = first;
                asked(&arguments);
                for other in conditions.iter().filter(|other| other.argument != one.argument) {
                    for second in values(other) {
                        let mut both = arguments;
                        both[usize::from(other.argument)] = second;
                        asked(&both);
                    }
                }
            }
        }
    }

    fn one(argument: u8, wide: bool, test: Test) -> Vec<Condition> {
        vec![Condition { argument, wide, test }]
    }

    #[test]
    fn filters_do_what_their_tables_say() {
        let masked = Test::Masked { mask: 0xF0_0000_00F0, value: 0x10_0000_0020 };
        let both = [one(0, false, Test::Equals(0)), one(1, true, Test::Differs(4))].concat();
        let tables: Vec<Vec<(u32, Uses)>> = vec![
            vec![],
            vec![(0, vec![])],
            vec![(7, vec![]), (0, vec![]), (1, vec![]), (8, vec![]), (500, vec![])],
            vec![(3, vec![one(2, true, Test::Equals(0))]), (4, vec![one(2, false, Test::Differs(9))])],
            vec![(3, vec![one(5, true, masked), both]), (2, vec![one(0, false, masked)]), (1, vec![])],
            (0..400).filter(|number| number % 3 == 0).map(|number| (number, vec![])).collect(),
        ];
        for calls in tables {
            for (listed, otherwise) in
                [(Action::Allow, Action::KillProcess), (Action::Answer(38), Action::Allow)]
            {
                let table = Table { calls: calls.clone(), listed, otherwise };
                (0..510).chain([0x4000_0003, u32::MAX]).for_each(|number| check(&table, number));
                let (code, _) = run(&table.program(), 0, NATIVE ^ 1, &[0; 6]);
                assert_eq!(code, Action::KillProcess.code(), "another architecture");
            }
        }
    }

    #[test]
    fn every_filter_of_ours_does_what_its_table_says() {
        for table in crate::jail::filter::tables().expect("tables") {
            let numbers =
                table.calls.iter().map(|(number, _)| *number).collect::<std::collections::HashSet<_>>();
            assert_eq!(numbers.len(), table.calls.len(), "a number stands twice");
            (0..600).for_each(|number| check(&table, number));
        }
    }
}
