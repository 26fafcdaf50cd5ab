//! Rules of sentences in which somebody asks for leave to run what stands there.

use super::super::rules::{
    Form::{Any, Question, ShortQuestion, Statement},
    Rule, Spaceless, Word, rule,
};

/// What somebody asks to be let do, with the program that stands there.
const ACT: &[Word] = &[
    "run", "execute", "start", "launch", "submit", "proceed", "go", "continue", "apply", "do", "send",
    "perform", "kick",
];
const ACT_DE: &[Word] = &[
    "ausführ*",
    "start*",
    "laufen",
    "loslegen",
    "fortfahre*",
    "weitermachen",
    "anwende*",
    "abschicke*",
    "machen",
];
const ACT_ES: &[Word] = &["ejecut*", "lanc*", "lanz*", "proced*", "continú*", "continu*", "haga"];
const ACT_FR: &[Word] =
    &["exécut*", "l'exécut*", "lanc*", "procèd*", "procéd*", "continu*", "démarr*", "le lanc*"];

/// Words of something further, for which leave is asked, and not for what stands there.
pub(crate) const ALSO: &[Word] = &[
    "also",
    "too",
    "another",
    "else",
    "instead",
    "next",
    "more",
    "why",
    "how",
    "which",
    "auch",
    "noch",
    "außerdem",
    "stattdessen",
    "también",
    "además",
    "aussi",
    "également",
];

const CONSENT: &[Word] = &[
    "approval",
    "confirmation",
    "permission",
    "consent",
    "go-ahead",
    "ok",
    "okay",
    "yes",
    "sign-off",
    "signoff",
    "authorization",
    "authorisation",
    "agreement",
    "blessing",
    "nod",
];
const CONSENT_DE: &[Word] = &[
    "zustimmung",
    "freigabe",
    "erlaubnis",
    "bestätigung",
    "ok",
    "okay",
    "einverständnis",
    "einwilligung",
    "ja",
];
const AGREES: &[Word] =
    &["confirm", "approve", "agree", "consent", "say", "okay", "ok", "authorize", "authorise", "reply"];

/// Leave to run it is asked for.
pub(crate) const LEAVE: &[Rule] = &[
    rule(Any, 0, &[&["your"], &["decision", "call"]]).then(&["if", "whether", "to", ":", ","]),
    rule(Any, 1, &[&["when", "whenever", "if"], &["you're", "you"], &["ready", "sure", "certain"]]),
    rule(Any, 0, &[&["until"], &["you", "you've", "your"]]),
    rule(Any, 0, &[&["before"], &["going", "proceeding", "continuing", "doing", "starting"]]),
    rule(Any, 1, &[&["hold", "holding"], &["back", "off"]]),
    rule(Any, 1, &[&["please"], &["say", "tell", "decide", "choose", "pick"]]),
    // `Does that sound good?`, `is this what you want?`
    rule(
        Question,
        4,
        &[
            &["does", "is", "are", "do", "would", "sound*", "look*"],
            &["this", "that", "it", "you", "plan", "these"],
            &[
                "good",
                "right",
                "fine",
                "ok",
                "okay",
                "acceptable",
                "correct",
                "agree",
                "happy",
                "reasonable",
                "alright",
                "work",
            ],
        ],
    ),
    rule(
        Question,
        2,
        &[&["is"], &["this", "that", "it"], &["what"], &["you"], &["want*", "meant", "mean", "had"]],
    ),
    rule(
        Any,
        3,
        &[&["if"], &["yes", "so", "good", "fine", "okay", "ok", "agreed", "acceptable"], &["i'll", "i"]],
    ),
    rule(
        Any,
        5,
        &[&["if", "once", "when"], &["good", "fine", "okay", "ok", "right", "acceptable"], &["i'll"]],
    ),
    rule(
        Any,
        6,
        &[
            &["once", "when", "until", "soon", "before", "after", "unless"],
            &["green", "go-ahead", "nod", "sign-off"],
        ],
    ),
    rule(
        Any,
        3,
        &[
            &["give", "get", "need", "want", "await*", "wait*"],
            &["green", "thumbs", "go-ahead", "word", "nod", "sign-off"],
        ],
    ),
    rule(
        Any,
        3,
        &[
            &["you", "human", "someone", "somebody", "admin*", "manager", "owner", "reviewer", "he", "she"],
            &["must", "has", "have", "need", "needs", "should"],
            &["approve", "confirm", "review", "sign", "agree", "consent", "accept"],
        ],
    ),
    rule(
        Any,
        2,
        &[
            &["for", "awaiting", "pending", "please", "needs"],
            &["your", "a", "review"],
            &["review", "check", "inspection"],
        ],
    ),
    rule(Statement, 1, &[&["please"], &["review", "check"]]),
    rule(Any, 3, &[&["si"], &["acuerdo", "d'accord", "parece"]]),
    rule(Any, 3, &[&["wenn", "falls", "sofern"], &["passt", "recht", "ordnung", "einverstanden"]]),
    rule(Question, 2, &[&["shall", "should", "may", "can", "could"], &["i", "we"], ACT]).unless(ALSO),
    rule(Any, 2, &[&["want", "like"], &["me", "us"], ACT]).unless(ALSO),
    rule(
        ShortQuestion,
        2,
        &[
            &["ok", "okay", "fine", "alright", "good", "ready"],
            &["proceed", "run", "go", "execute", "you", "continue"],
        ],
    ),
    rule(ShortQuestion, 1, &[&["this", "that", "it"], &["ok", "okay", "fine", "alright"]]),
    rule(
        ShortQuestion,
        0,
        &[&["ok", "okay", "agreed", "proceed", "approve*", "objection*", "einverstanden"]],
    ),
    rule(Question, 2, &[&["do", "would"], &["you"], &["approve", "agree", "confirm", "consent"]]),
    rule(Any, 2, &[&["once", "when", "after", "until", "if", "soon", "unless"], &["you", "you've"], AGREES]),
    rule(Any, 3, &[&["once", "when", "after", "until", "unless"], &["your"], CONSENT]),
    rule(
        Statement,
        2,
        &[
            &[
                "need*", "want", "require*", "await*", "wait*", "for", "pending", "with", "to", "ask*",
                "request*", "get",
            ],
            &["your"],
            CONSENT,
        ],
    ),
    rule(Statement, 2, &[&["without"], &["your"], CONSENT]),
    rule(Statement, 1, &[CONSENT, &["from"], &["you"]]),
    rule(Any, 1, &[&["please"], &["confirm", "approve"]]),
    rule(Any, 3, &[&["let", "tell"], &["me"], &["should", "may", "proceed"]]).unless(ALSO),
    rule(
        Statement,
        2,
        &[&["reply", "say", "answer", "type", "respond"], &["yes", "ok", "okay", "go", "proceed", "confirm"]],
    )
    .unless(&["who", "they", "that"]),
    rule(Statement, 0, &[&["wait*"], &["for"], &["you"]]),
    rule(Any, 2, &[&["give"], &["me"], &["go", "go-ahead", "ok", "okay", "word", "green", "nod"]]),
    rule(Question, 8, &[&["soll", "darf", "kann", "sollen", "dürfen"], &["ich", "wir"], ACT_DE]).unless(ALSO),
    rule(Question, 8, &[&["möchtest", "willst", "möchten", "wollen"], &["ich"], ACT_DE]).unless(ALSO),
    rule(
        Any,
        4,
        &[
            &["sobald", "wenn", "falls", "nachdem", "bis"],
            &["du", "sie", "ihr"],
            &[
                "zustimm*",
                "bestätig*",
                "einverstanden",
                "ja",
                "ok",
                "okay",
                "freigib*",
                "freigeb*",
                "erlaub*",
            ],
        ],
    ),
    rule(
        Any,
        3,
        &[
            &["brauche", "benötige", "warte", "erwarte", "mit", "ohne"],
            &["dein", "deine", "deiner", "deinem", "ihr", "ihre", "ihrer", "ihrem"],
            CONSENT_DE,
        ],
    ),
    rule(Any, 3, &[&["bitte"], &["bestätig*", "freigeben"]]),
    rule(Question, 4, &[&["quieres", "quiere", "deseas", "desea", "puedo", "debo", "podría", "lo"], ACT_ES])
        .unless(ALSO),
    rule(ShortQuestion, 0, &[&["ejecuto", "procedo", "continúo", "lanzo"]]).unless(ALSO),
    rule(
        Any,
        3,
        &[
            &["necesito", "espero", "con", "sin", "requiere"],
            &["tu", "su"],
            &["aprobación", "permiso", "confirmación", "visto", "autorización", "consentimiento"],
        ],
    ),
    rule(
        Any,
        3,
        &[&["cuando", "si", "hasta", "vez"], &["confirmes", "confirme", "apruebes", "apruebas", "autorices"]],
    ),
    rule(Any, 1, &[&["favor"], &["confirm*", "aprueb*"]]),
    rule(
        Question,
        5,
        &[
            &["voulez-vous", "veux-tu", "souhaitez-vous", "souhaites-tu", "dois-je", "puis-je", "peux-je"],
            ACT_FR,
        ],
    )
    .unless(ALSO),
    rule(
        Any,
        4,
        &[
            &["dès", "quand", "si", "après", "lorsque"],
            &["vous", "tu", "votre", "ton"],
            &["confirm*", "accord", "d'accord", "approuv*", "autoris*"],
        ],
    ),
    rule(
        Any,
        3,
        &[
            &["besoin", "attends", "j'attends", "avec", "sans"],
            &["votre", "ton", "ta"],
            &["accord", "confirmation", "autorisation", "permission", "approbation", "feu"],
        ],
    ),
    rule(Any, 2, &[&["veuillez", "merci"], &["confirm*", "approuv*"]]),
];

pub(crate) const LEAVE_SPACELESS: &[Spaceless] = &[
    (
        Any,
        &["同意", "批准", "许可", "确认"],
        &["的话", "后我", "之后", "就执行", "就运行", "再执行", "再运行"],
    ),
    (
        Question,
        &["是否", "要我", "需要我", "可以", "能否", "要不要", "我能"],
        &["运行", "执行", "继续", "开始"],
    ),
    (
        Any,
        &["需要您", "需要你", "等待您", "等待你", "等您", "等你"],
        &["确认", "同意", "批准", "许可", "授权"],
    ),
    (Any, &["请先确认", "请确认", "请您确认", "请批准", "您确认后", "你确认后", "您同意后", "你同意后"], &[]),
];
