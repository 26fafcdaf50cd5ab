//! Programs that an answer gives in steps: blocks of one language of which later ones use names that
//! earlier ones define.
//!
//! A block needs the nearest earlier block that defines a name which it uses and does not define. What
//! a block needs, and what that needs, is one program with it. No block is taken that is marked as
//! something else (an example, output, an earlier version), nor one that the end of the text cuts off.

use std::collections::{BTreeSet, HashMap, HashSet};

use terraphim_types::Language;

use crate::names::Names;

/// Most blocks of one program.
const MAX_PARTS: usize = 64;

/// Lines of a block that are compared with those of others, and blocks that are looked at for one that
/// defines the same name.
const MAX_LINES: usize = 400;
const NEAR_BLOCKS: usize = 32;

/// What is known of a block when steps are looked for.
pub(crate) struct Step<'b> {
    pub(crate) language: Language,
    pub(crate) code: &'b str,
    pub(crate) names: Names,
    /// Whether it may be a part of a program.
    pub(crate) may_join: bool,
    /// Whether the words around it speak of an order: `step 2`, `then`, `finally`.
    pub(crate) is_step: bool,
    /// Whether it is meant to be run as it stands.
    pub(crate) is_meant: bool,
    /// Whether it gives something by itself.
    pub(crate) is_complete: bool,
}

/// Blocks that are one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// Their places among the blocks, in order.
    pub(crate) members: Vec<usize>,
    /// Why they may not be one.
    pub(crate) doubt: Option<String>,
}

/// The programs in several blocks; None stands for a block that holds no program.
pub(crate) fn groups(steps: &[Option<Step<'_>>]) -> Vec<Group> {
    let needs = needs(steps);
    let needed: HashSet<usize> = needs.iter().flat_map(|of| of.keys().copied()).collect();
    let mut groups: Vec<BTreeSet<usize>> = Vec::new();
    for (last, of) in needs.iter().enumerate() {
        if of.is_empty() || needed.contains(&last) {
            continue;
        }
        let members = closure(&needs, last);
        if members.len() > MAX_PARTS || !is_program(steps, &members, last) {
            continue;
        }
        // Steps that share an earlier one belong together.
        let mut all = members;
        groups.retain(|group| {
            let shares = !group.is_disjoint(&all) && group.len() + all.len() <= MAX_PARTS;
            if shares {
                all.extend(group.iter().copied());
            }
            !shares
        });
        groups.push(all);
    }
    groups.into_iter().map(|members| doubted(steps, &needs, members)).collect()
}

/// For each block the earlier ones that it needs, with a name that it needs of each.
fn needs(steps: &[Option<Step<'_>>]) -> Vec<HashMap<usize, String>> {
    let mut defined: HashMap<(Language, &str), usize> = HashMap::new();
    let mut needs = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        let mut of = HashMap::new();
        if let Some(step) = step.as_ref().filter(|step| step.may_join) {
            for name in &step.names.free {
                if let Some(provider) = defined.get(&(step.language, name.as_str())) {
                    of.insert(*provider, name.clone());
                }
            }
            for name in &step.names.defined {
                defined.insert((step.language, name.as_str()), index);
            }
        }
        needs.push(of);
    }
    needs
}

/// A block with all that it needs.
fn closure(needs: &[HashMap<usize, String>], last: usize) -> BTreeSet<usize> {
    let mut members = BTreeSet::from([last]);
    let mut open = vec![last];
    while let Some(next) = open.pop() {
        for provider in needs.get(next).into_iter().flat_map(HashMap::keys) {
            if members.len() <= MAX_PARTS && members.insert(*provider) {
                open.push(*provider);
            }
        }
    }
    members
}

/// Whether a block and what it needs are a program in steps, and not a program and a piece of it that is
/// explained.
fn is_program(steps: &[Option<Step<'_>>], members: &BTreeSet<usize>, last: usize) -> bool {
    let at = |index: &usize| steps.get(*index).and_then(Option::as_ref);
    let Some(end) = at(&last) else { return false };
    let earlier = || members.iter().filter(|index| **index != last).filter_map(at);
    let mine = lines(end.code);
    let is_piece = !mine.is_empty()
        && earlier().any(|step| {
            let theirs = lines(step.code);
            mine.iter().filter(|line| theirs.contains(*line)).count() * 2 >= mine.len()
        });
    if is_piece {
        return false;
    }
    end.is_meant
        || end.is_step && !earlier().any(|step| step.names.ends)
        || !earlier().any(|step| step.is_complete)
}

/// The lines of a block that tell it from others.
fn lines(code: &str) -> HashSet<&str> {
    code.lines().take(MAX_LINES).map(str::trim).filter(|line| line.len() > 3).collect()
}

/// A group with what speaks against it.
fn doubted(steps: &[Option<Step<'_>>], needs: &[HashMap<usize, String>], members: BTreeSet<usize>) -> Group {
    let at = |index: usize| steps.get(index).and_then(Option::as_ref);
    let last = members.last().copied();
    let mut doubt = None;
    let mut kept: HashMap<&str, usize> = HashMap::new();
    for index in &members {
        let Some(step) = at(*index) else { continue };
        if step.names.ends && Some(*index) != last {
            doubt = doubt.or_else(|| Some(format!("block {} ends the program before the others", index + 1)));
        }
        for name in &step.names.defined {
            let twice = kept.insert(name, *index).filter(|_| defines_once(step.language));
            if let Some(first) = twice.filter(|first| !same_import(at(*first), step, name)) {
                doubt = doubt.or_else(|| {
                    Some(format!(
                        "block {} defines `{name}` again, which block {} defines",
                        index + 1,
                        first + 1
                    ))
                });
            }
        }
    }
    for index in &members {
        for (provider, name) in needs.get(*index).into_iter().flatten() {
            let rival = (0..*provider).rev().take(NEAR_BLOCKS).find(|rival| {
                let defines = |step: &&Step<'_>| {
                    step.may_join
                        && at(*index).is_some_and(|mine| mine.language == step.language)
                        && step.names.defined.contains(name)
                };
                !members.contains(rival) && at(*rival).as_ref().is_some_and(defines)
            });
            if let Some(rival) = rival {
                doubt = doubt.or_else(|| {
                    Some(format!("blocks {} and {} both define `{name}`", rival + 1, provider + 1))
                });
            }
        }
    }
    Group { members: members.into_iter().collect(), doubt }
}

/// Whether a name may be defined once only.
fn defines_once(language: Language) -> bool {
    !matches!(language, Language::Python | Language::Bash)
}

/// Whether two blocks give a name by the same import, which is then left out of the second.
fn same_import(first: Option<&Step<'_>>, second: &Step<'_>, name: &str) -> bool {
    let imports = |code: &str| -> HashSet<String> {
        let lines = code.lines().map(str::trim).filter(|line| is_import(line) && line.contains(name));
        lines.map(str::to_owned).collect()
    };
    first.is_some_and(|first| !imports(first.code).is_disjoint(&imports(second.code)))
}

fn is_import(line: &str) -> bool {
    line.starts_with("import ") || line.starts_with("use ")
}

/// The lines of a program in several blocks, each block's from a line on where that is still possible; and
/// whether all could stand there. An import that was there before is left out.
pub(crate) fn placed<'b>(
    parts: impl Iterator<Item = (usize, &'b str)>,
    language: Language,
) -> (String, bool) {
    let (mut text, mut line, mut is_in_place) = (String::new(), 1, true);
    let mut imports = HashSet::new();
    for (first, code) in parts {
        is_in_place &= line <= first;
        while line < first {
            text.push('\n');
            line += 1;
        }
        for shown in code.lines() {
            let is_new = !defines_once(language) || !is_import(shown) || imports.insert(shown.trim());
            text.push_str(if is_new { shown } else { "" });
            text.push('\n');
            line += 1;
        }
    }
    (text, is_in_place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names;

    fn step(code: &str, is_step: bool) -> Option<Step<'_>> {
        let language = Language::Python;
        let is_complete = code.contains("print");
        let names = names::of(code, language);
        Some(Step { language, code, names, may_join: true, is_step, is_meant: false, is_complete })
    }

    fn members(codes: &[&str], is_step: bool) -> Vec<Vec<usize>> {
        let steps: Vec<_> = codes.iter().map(|code| step(code, is_step)).collect();
        groups(&steps).into_iter().map(|group| group.members).collect()
    }

    #[test]
    fn what_is_needed_is_joined() {
        assert_eq!(members(&["a = 1", "z = 1", "b = a", "print(b)"], false), [[0, 2, 3]]);
        assert_eq!(members(&["a = 1", "b = a", "c = a"], false), [[0, 1, 2]]);
        assert_eq!(members(&["a = 1", "a = 2\nprint(a)"], false), Vec::<Vec<usize>>::new());
        // A program and a piece of it.
        assert_eq!(members(&["a = 1\nprint(a)", "print(a)"], true), Vec::<Vec<usize>>::new());
        assert_eq!(members(&["a = 1\nprint(a)", "a + 1"], false), Vec::<Vec<usize>>::new());
        assert_eq!(members(&["a = 1\nprint(a)", "a + 1"], true), [[0, 1]]);
    }

    #[test]
    fn lines_stay_where_they_are_while_they_can() {
        let python = Language::Python;
        assert_eq!(placed([(2, "a\n"), (4, "b\n")].into_iter(), python), ("\na\n\nb\n".to_owned(), true));
        assert_eq!(placed([(4, "b\n"), (2, "a\n")].into_iter(), python), ("\n\n\nb\na\n".to_owned(), false));
        let twice = [(1, "import { a } from 'x';\n"), (2, "import { a } from 'x';\nreturn a;\n")];
        let expected = "import { a } from 'x';\n\nreturn a;\n".to_owned();
        assert_eq!(placed(twice.into_iter(), Language::TypeScript), (expected, true));
    }
}
