//! Rules of sentences that say that a program is not to be run, is supposed, or was run before.

use super::super::rules::{
    Form::{Any, Question, Short, Statement},
    Rule, Spaceless, Word, rule,
};
use super::NUMBERS;

const RUN: &[Word] =
    &["run", "running", "execut*", "start", "started", "launch*", "submit*", "invoke", "invoked"];

/// Words of a sentence that goes on to what is run all the same, or speaks of other things.
const STILL: &[Word] = &[
    "so",
    "i'll",
    "let",
    "let's",
    "but",
    "now",
    "that",
    "which",
    "who",
    "those",
    "approval",
    "confirm*",
    "permission",
    "asking",
    "since",
    "because",
];

/// Words behind which a thing is described.
const RELATIVE: &[Word] = &["that", "which", "who", "those", "are", "i'll", "let", "so"];

/// It is said to do harm that cannot be mended.
pub(crate) const DANGEROUS: &[Rule] = &[
    rule(
        Any,
        2,
        &[
            &["not", "cannot", "*n't", "no", "never"],
            &["undone", "undo", "reversed", "restored", "recovered"],
        ],
    ),
    rule(
        Any,
        0,
        &[&[
            "irreversibl*",
            "irrevocabl*",
            "permanently",
            "destructive",
            "dangerous",
            "harmful",
            "malicious",
            "risky",
            "unwiderruflich",
            "gefährlich",
            "irreversible*",
            "peligros*",
            "dangereu*",
        ]],
    )
    .unless(&["not", "no", "*n't", "nothing", "nicht", "safe"]),
    rule(Any, 1, &[&["own"], &["risk"]]),
];

pub(crate) const DANGEROUS_SPACELESS: &[Spaceless] =
    &[(Any, &["危险", "不可恢复", "不可逆", "无法撤销"], &[])];

/// It is said not to be run.
pub(crate) const NEGATED: &[Rule] = &[
    rule(Any, 4, &[&["only"], &["can", "may", "must"]]).unless(&["that", "which", "i"]),
    rule(
        Any,
        2,
        &[
            &["no", "not", "*n't"],
            &["program", "code", "script", "run", "running"],
            &["needed", "necessary", "required"],
        ],
    )
    .unless(STILL),
    rule(Any, 0, &[&["i", "we"], &["won't", "can't", "cannot", "refuse", "decline"]]).unless(STILL),
    rule(Any, 2, &[&["haven't", "hasn't", "didn't"], &["run", "executed", "started", "sent", "submitted"]])
        .unless(STILL),
    rule(
        Any,
        0,
        &[
            &["i'm", "am", "we're", "are"],
            &["not"],
            &["allowed", "able", "permitted", "authorized", "authorised"],
        ],
    ),
    rule(Any, 1, &[&["advise", "recommend", "caution", "warn", "argue"], &["against"]]),
    rule(Any, 2, &[&["before"], &["i", "it", "this", "we", "it's"], RUN]),
    rule(Any, 2, &[&["before"], &["it", "this", "that"], &["can", "may", "is", "gets"]]),
    rule(
        Any,
        3,
        &[
            &["not", "*n't", "never"],
            &["meant", "intended", "supposed", "going", "ready", "safe", "allowed"],
            RUN,
        ],
    )
    .unless(&["that", "which"]),
    rule(
        Any,
        2,
        &[
            &["not", "*n't", "never"],
            &["be", "get"],
            &["run", "executed", "started", "launched", "submitted"],
        ],
    )
    .unless(&["that", "which", "whose", "twice", "need*"]),
    rule(Any, 2, &[&["nobody", "no-one", "noone", "one", "none"], &["should", "must", "may", "ought"], RUN])
        .unless(&["that", "which"]),
    rule(
        Any,
        2,
        &[
            &["i", "we", "i'd", "i'll"],
            &["won't", "wouldn't", "not", "never", "can't", "cannot", "refuse", "decline"],
            &["run", "execute", "start", "launch", "submit", "repeat", "recommend"],
        ],
    )
    .unless(&["need", "have", "haven't", "anything", "else", "twice", "out", "into"]),
    rule(
        Any,
        6,
        &[
            &["nicht", "niemals", "nie", "keinesfalls", "keinen"],
            &["ausführ*", "ausgeführt", "starte", "starten", "gestartet", "laufen"],
        ],
    )
    .unless(&["nur"]),
    rule(Any, 3, &[&["führe", "führen", "starte", "starten"], &["nicht", "niemals"]]),
    rule(
        Any,
        4,
        &[&["no", "nunca"], &["ejecutar", "ejecute", "ejecutes", "ejecuten", "ejecutarse", "lanzar"]],
    )
    .unless(&["solo", "problema"]),
    rule(Any, 0, &[&["n'exécut*"]]),
    rule(Any, 4, &[&["ne", "n'est"], &["pas", "jamais"], &["exécut*", "lancer", "lancé"]]),
    rule(Any, 0, &[&["ne"], &["lanc*", "exécut*", "démarr*"], &["pas", "jamais"]]),
];

pub(crate) const NEGATED_SPACELESS: &[Spaceless] = &[(
    Any,
    &["勿", "不要", "不应", "不得", "不能", "不可", "别", "不是用来", "并非用于"],
    &["运行", "执行"],
)];

/// It is only supposed, or asked about.
pub(crate) const SUPPOSED: &[Rule] = &[
    rule(Any, 1, &[&["theoretically", "principle", "theory"]]),
    // What would be done is not done; `I would like` is another thing.
    rule(
        Any,
        0,
        &[&[
            "would", "i'd", "we'd", "could", "würde", "würden", "wäre", "könnte", "haría", "sería", "podría",
            "ferait", "serait", "ferais",
        ]],
    )
    .unless(&["like", "you'd", "whether", "if", "so", "which"]),
    rule(Any, 1, &[&["had"], &["we", "i", "you", "somebody", "someone"]]),
    rule(
        Any,
        1,
        &[&["has", "have", "had", "shows", "contains", "reads", "says"], &["this", "these", "following"]],
    ),
    rule(
        Question,
        4,
        &[
            &["what", "which", "how"],
            &["would", "do", "will"],
            &["you"],
            &["expect", "think", "say", "guess"],
        ],
    ),
    rule(Any, 0, &[&["worst"], &["case"]]),
    rule(
        Any,
        0,
        &[
            &["program", "script", "code", "call", "query", "command", "snippet"],
            &["like"],
            &["this", "these", "that"],
        ],
    ),
    rule(Any, 1, &[&["draft", "proposal", "entwurf", "borrador", "brouillon"]])
        .then(&[":", ",", "of", "for"]),
    rule(Any, 2, &[&["what", "would", "will"], &["happen", "happens"]])
        .unless(&["i'll", "let", "let's", "running"]),
    rule(
        Any,
        4,
        &[
            &["if"],
            &["someone", "somebody", "anyone", "anybody", "attacker", "one", "user", "client", "people"],
            &[
                "run*", "ran", "execut*", "call*", "submit*", "start*", "sent", "did", "used", "tried",
                "wrote",
            ],
        ],
    ),
    rule(Any, 2, &[&["let's", "let", "us"], &["say", "assume", "pretend"]]),
    rule(Any, 1, &[&["were"], &["to"], &["run", "execute", "submit", "call", "start"]]),
    rule(Any, 1, &[&["was"], &["würde", "passiert", "passierte", "geschieht", "geschähe"]]),
    rule(Any, 1, &[&["wenn", "falls"], &["jemand", "man", "einer"]]),
    rule(Any, 0, &[&["angenommen", "supongamos", "supón", "supposons", "imaginons", "imaginez"]]),
    rule(Any, 1, &[&["qué"], &["pasaría", "ocurriría", "sucedería", "pasa"]]),
    rule(Any, 0, &[&["si"], &["alguien", "quelqu'un", "l'on"]]),
    rule(Any, 1, &[&["que", "se"], &["passerait-il", "passe-t-il"]]),
    rule(Any, 0, &[&["qu'arriverait-il"]]),
];

pub(crate) const SUPPOSED_SPACELESS: &[Spaceless] = &[
    (Any, &["会发生什么", "会怎么样", "假设"], &[]),
    (Any, &["如果", "假如", "若"], &["有人", "某人", "攻击者"]),
];

/// What may follow a word of running where this program was run.
const THIS: &[Word] = &[
    "this",
    "it",
    "these",
    "that",
    "earlier",
    "before",
    "already",
    "yesterday",
    "below",
    "just",
    "by",
    "for",
    ":",
];

/// It was run before.
pub(crate) const PAST: &[Rule] = &[
    rule(Any, 4, &[&["how", "what"], &["was", "were", "did", "got"], &["*ed", "done", "taken", "sent"]])
        .unless(STILL),
    rule(Any, 1, &[&["been"], &["*ed", "taken", "done", "sent"]]).unless(STILL),
    rule(Any, 0, &[&["this", "that"], &["did"], &["it"]]),
    rule(Any, 1, &[&["already"], &["*ed", "sent", "taken"]]).unless(RELATIVE),
    rule(Statement, 1, &[&["answer", "result", "total", "sum", "count", "number"], &["is", "was"], NUMBERS]),
    rule(Short, 0, &[&["done", "erledigt", "hecho", "fait"]]).unless(&["not", "to", "be"]),
    rule(
        Any,
        1,
        &[
            &["i", "we", "you", "he", "she", "they", "agent", "job", "colleague"],
            &[
                "used", "tried", "called", "ran", "executed", "did", "found", "got", "sent", "applied",
                "computed", "measured", "counted", "fetched", "obtained", "produced",
            ],
            &["this", "these", "it", "that", "out", "following", "the", "with"],
        ],
    )
    .then(&[":", "program", "query", "code", "call", "script", "command", "first", "way", "with", "by"]),
    rule(Any, 1, &[&["lief", "liefen"]]).unless(&["nicht"]),
    rule(Any, 4, &[&["j'ai", "ai", "avons"], &["lancé", "fait", "utilisé"]]),
    rule(
        Any,
        1,
        &[
            &["for"],
            &["context", "reference", "record", "records", "completeness", "documentation", "transparency"],
        ],
    ),
    rule(
        Any,
        4,
        &[
            &["i", "we", "you", "he", "she", "they", "agent", "job", "what"],
            &["called", "used", "did", "invoked", "queried", "produced", "sent", "tried"],
        ],
    )
    .then(&[":"]),
    rule(Any, 0, &[&["ran"]]).then(THIS),
    rule(
        Any,
        2,
        &[
            &["ran", "executed", "launched", "submitted"],
            &["following", "program", "script", "code", "query", "command"],
        ],
    ),
    rule(
        Any,
        3,
        &[
            &[
                "i",
                "we",
                "you",
                "he",
                "she",
                "they",
                "job",
                "agent",
                "i've",
                "colleague",
                "assistant",
                "bot",
                "who",
            ],
            &["executed", "launched", "submitted", "invoked"],
        ],
    )
    .then(THIS),
    rule(Any, 2, &[&["i", "we", "you", "he", "she", "they", "agent", "assistant", "job"], &["used", "did"]])
        .then(&[":"]),
    rule(Any, 1, &[&["was", "were", "been"], &["run", "executed", "launched", "submitted"]])
        .unless(&["not", "*n't", "never"])
        .then(THIS),
    rule(Any, 0, &[&["have", "has", "had", "i've", "we've", "you've"], &["run", "executed", "submitted"]])
        .then(THIS),
    rule(Any, 1, &[&["already"], &["ran", "run", "executed", "did", "done", "submitted", "launched"]])
        .unless(&["not", "*n't"]),
    rule(Any, 1, &[&["query", "program", "code", "script", "command", "call"], &["was"]]).then(&[":"]),
    rule(
        Any,
        8,
        &[&["habe", "hat", "hast", "haben", "wurde", "wurden", "hatte"], &["ausgeführt", "gestartet"]],
    )
    .unless(&["nicht", "werden"]),
    rule(Any, 0, &[&["ejecuté", "ejecutó", "ejecutaste", "ejecutamos", "ejecutaron"]]),
    rule(Any, 2, &[&["he", "ha", "has", "han", "hemos", "fue", "había"], &["ejecutado"]]).unless(&["no"]),
    rule(
        Any,
        2,
        &[
            &["j'ai", "ai", "a", "as", "avons", "avez", "ont", "été"],
            &["exécuté", "exécutée", "lancé", "lancée"],
        ],
    )
    .unless(&["pas"]),
];

pub(crate) const PAST_SPACELESS: &[Spaceless] = &[
    (Any, &["已经", "已", "之前", "昨天", "刚才", "上次"], &["运行", "执行"]),
    (Any, &["运行过", "执行过", "执行了", "运行了"], &[]),
];
