//! The rules of `stance.rs`, by class and language.

mod leave;
mod said;

pub(crate) use leave::{ALSO, LEAVE, LEAVE_SPACELESS};
pub(crate) use said::{
    DANGEROUS, DANGEROUS_SPACELESS, NEGATED, NEGATED_SPACELESS, PAST, PAST_SPACELESS, SUPPOSED,
    SUPPOSED_SPACELESS,
};

use super::rules::{
    Form::{Any, Short, Statement},
    Rule, Spaceless, Word, rule,
};

/// Words with which something else than what was run before begins.
pub(crate) const NOW: &[Word] = &["now", "jetzt", "nun", "diesmal", "ahora", "maintenant"];

/// Words of a condition or a choice.
pub(crate) const CONDITIONS: &[Word] = &[
    "if",
    "unless",
    "alternatively",
    "optional*",
    "prefer*",
    "could",
    "might",
    "or",
    "falls",
    "wenn",
    "oder",
    "si",
    "o",
    "ou",
];

/// Things of which there are several.
pub(crate) const THINGS: &[Word] = &[
    "option",
    "plan",
    "version",
    "variant",
    "variante",
    "approach",
    "alternative",
    "solution",
    "program",
    "programm",
    "block",
    "lösung",
    "opción",
    "versión",
    "solución",
    "solution",
    "variant",
];

pub(crate) const RECOMMENDS: &[Word] = &[
    "recommend",
    "suggest",
    "prefer",
    "choose",
    "pick",
    "favor",
    "favour",
    "go",
    "going",
    "use",
    "run",
    "running",
    "empfehle",
    "nehme",
    "bevorzuge",
    "recomiendo",
    "prefiero",
    "elijo",
    "recommande",
    "préfère",
    "choisis",
    "conseille",
];

/// Words that begin with a digit.
const NUMBERS: &[Word] = &["0*", "1*", "2*", "3*", "4*", "5*", "6*", "7*", "8*", "9*"];

/// What somebody speaks of who takes it back.
const IT: &[Word] = &["this", "that", "it", "above", "code", "program", "version", "answer", "script"];

/// It is said to be wrong, or to be ignored.
pub(crate) const RETRACTED: &[Rule] = &[
    rule(Short, 0, &[&["wait", "stop"]]),
    rule(Any, 0, &[&["i", "we"], &["can't", "cannot", "couldn't"]]),
    rule(Any, 2, &[&["got"], &["wrong"]]),
    rule(Statement, 1, &[&["answer", "result", "total", "sum", "count", "number"], &["is", "was"], NUMBERS]),
    rule(Any, 0, &[&["on"], &["reflection", "checking", "inspection", "second"]]),
    rule(
        Any,
        1,
        &[
            &["i"],
            &["can't", "cannot", "couldn't", "don't"],
            &["tell", "know", "answer", "see", "do", "find"],
        ],
    ),
    rule(
        Any,
        1,
        &[&["nothing", "no", "nichts", "nada", "rien"], &["more", "left", "further", "mehr", "más"]],
    ),
    rule(Any, 0, &[&["plus"], &["rien"]]),
    rule(
        Any,
        0,
        &[&[
            "sorry",
            "apologies",
            "apologize",
            "hmm",
            "oops",
            "whoops",
            "désolé",
            "perdón",
            "entschuldig*",
            "ups",
        ]],
    ),
    rule(
        Any,
        2,
        &[
            &["this", "that", "it", "program", "code", "above", "script"],
            &["*n't", "cannot", "not"],
            &["work", "give", "done", "help", "exist", "answer", "possible", "right", "correct", "valid"],
        ],
    )
    .unless(&["if", "when", "each", "every"]),
    rule(Any, 0, &[&["no"], &["such"]]),
    rule(Any, 2, &[&["*n't", "no", "not"], &["another", "other"], &["way"]]),
    rule(
        Statement,
        1,
        &[
            &["ignore", "disregard", "scrap", "scratch", "forget", "discard", "retract"],
            &["that", "this", "it", "above", "code", "program", "my", "previous", "everything", "both"],
        ],
    )
    .unless(&["to"]),
    rule(Any, 0, &[&["nevermind", "never"], &["mind"]]),
    rule(
        Statement,
        3,
        &[
            &["is", "was", "were", "turned", "looks", "seems", "it's", "that's"],
            &["wrong", "incorrect", "mistaken", "outdated", "invalid", "unsafe"],
        ],
    )
    .unless(&[
        "if",
        "something",
        "anything",
        "nothing",
        "each",
        "every",
        "who",
        "whatever",
        "what",
        "which",
        "whether",
        "where",
        "*n't",
        "not",
    ]),
    rule(
        Any,
        1,
        &[
            &["no"],
            &["working", "safe", "correct", "valid"],
            &["solution", "way", "program", "version", "code"],
        ],
    ),
    rule(Any, 1, &[&["i"], &["misread", "misunderstood", "mistook"]]),
    rule(Any, 1, &[&["i"], &["was", "made"], &["wrong", "mistake", "error", "mistaken"]]),
    rule(Any, 1, &[&["*n't", "not", "never"], &["rely", "trust"]]),
    rule(Any, 2, &[IT, &["does", "did"], &["opposite"]]),
    rule(Any, 2, &[&["i"], &["take"], &["back"]]),
    rule(Any, 1, &[&["have", "know", "see"], &["no"], &["solution", "answer"]]),
    rule(Any, 0, &[&["ignorier*", "vergiss", "verwirf"]]),
    rule(Any, 2, &[&["stimmt", "funktioniert"], &["nicht"]]).unless(&["wenn", "falls", "ob"]),
    rule(Any, 2, &[&["ist", "war"], &["falsch", "fehlerhaft", "unbrauchbar"]])
        .unless(&["wenn", "falls", "was", "etwas", "ob", "nicht"]),
    rule(
        Any,
        0,
        &[&["ignora", "olvida", "olvide", "descarta", "ignóralo", "ignorez", "ignorez-le", "oubliez"]],
    ),
    rule(Any, 1, &[&["está", "es", "era", "estaba"], &["mal", "incorrecto", "equivocado", "erróneo"]])
        .unless(&["si", "no", "qué"]),
    rule(Any, 2, &[&["est", "était"], &["faux", "fausse", "incorrect", "erroné"]]).unless(&["si", "pas"]),
    rule(Any, 0, &[&["ne"], &["fonctionne", "marche"], &["pas"]]).unless(&["si"]),
];

pub(crate) const RETRACTED_SPACELESS: &[Spaceless] =
    &[(Any, &["请忽略", "忽略上", "忽略以上", "作废", "有误", "错了", "是错的", "收回"], &[])];

/// It takes the place of what was before it.
pub(crate) const INSTEAD: &[Rule] = &[
    rule(Statement, 0, &[&["instead"]]).then(&[":", ","]),
    rule(
        Short,
        0,
        &[&["corrected", "fixed", "better", "correction", "sondern", "besser", "richtig", "korrigiert"]],
    )
    .unless(&["not", "nicht", "even"]),
    rule(Short, 0, &[&["sino", "mejor", "corregido", "plutôt", "mieux", "corrigé"]]),
    rule(Statement, 0, &[&["stattdessen"]]),
    rule(Statement, 0, &[&["su"], &["lugar"]]),
    rule(Statement, 0, &[&["à"], &["la"], &["place"]]),
];

pub(crate) const INSTEAD_SPACELESS: &[Spaceless] =
    &[(Any, &["改用", "应该这样", "而应", "应改为", "正确的做法", "而是这样"], &[])];

/// It mends a part of what was before it.
pub(crate) const CORRECTS: &[Rule] = &[
    rule(
        Any,
        0,
        &[&[
            "replace",
            "bug",
            "bugs",
            "correct",
            "correction",
            "corrected",
            "fix",
            "fixed",
            "mistake",
            "wrong",
            "oops",
            "swap",
            "redefine",
            "change",
            "instead",
            "typo",
            "ersetz*",
            "fehler",
            "korrigier*",
            "korrektur",
            "ändere",
            "stattdessen",
            "reemplaza*",
            "sustituye*",
            "corrige",
            "corrección",
            "cambia",
            "error",
            "remplace*",
            "erreur",
            "corrigez",
            "changez",
        ]],
    ),
    rule(Any, 1, &[&["should", "must", "has", "needs", "have"], &["be"]]),
    rule(Any, 2, &[&["use"], &["this"], &["version"]]),
];

pub(crate) const CORRECTS_SPACELESS: &[Spaceless] = &[(Any, &["替换", "改为", "修正", "错误", "更正"], &[])];

/// Words with which a question of the task is told again, before its program.
pub(crate) const ASKS_OF_DATA: &[Word] = &[
    "how", "which", "who", "what", "when", "where", "wie", "welche*", "wer", "wann", "wo", "was", "cuánt*",
    "qué", "cuál*", "quién*", "combien", "quel*", "qui", "où",
];

/// Words of somebody who is asked, or of the program that is asked about.
pub(crate) const ASKED: &[Word] = &[
    "you", "your", "i", "we", "me", "this", "that", "it", "ok", "okay", "confirm", "right", "really", "du",
    "sie", "dein*", "ich", "das", "dies*", "so", "wirklich", "quieres", "quiere", "esto", "así", "vous",
    "tu", "votre", "ceci", "cela", "vraiment",
];

/// Words of an offer of something further.
pub(crate) const OFFERS: &[Word] =
    &["like", "want", "need", "interested", "möchtest", "möchten", "quieres", "voulez-vous"];
