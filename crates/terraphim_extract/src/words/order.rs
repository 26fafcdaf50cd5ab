//! Words that tell the place of a block among others.

/// Words that put a block into an order.
pub(crate) const ORDER: &[&str] = &[
    "first",
    "then",
    "next",
    "now",
    "finally",
    "lastly",
    "after that",
    "afterwards",
    "second",
    "third",
    "last,",
    "to start",
    "begin by",
    "start by",
    "zuerst",
    "zunächst",
    "dann",
    "danach",
    "anschließend",
    "schließlich",
    "zuletzt",
    "nun",
    "jetzt",
    "primero",
    "luego",
    "después",
    "ahora",
    "finalmente",
    "por último",
    "d'abord",
    "ensuite",
    "puis",
    "enfin",
    "maintenant",
];

/// The same in languages that put no blanks between words.
pub(crate) const ORDER_WITHIN: &[&str] =
    &["首先", "然后", "接着", "接下来", "最后", "まず", "次に", "最後に"];

/// Words before or behind the number of a step.
pub(crate) const STEP: &[&str] = &["step", "part", "schritt", "teil", "paso", "étape"];
