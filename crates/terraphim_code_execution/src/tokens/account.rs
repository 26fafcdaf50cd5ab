//! What goes into an account: the texts of a run and of the catalogue, and the
//! same with every text replaced by its tokens.

use std::{collections::HashMap, time::Duration};

use terraphim_types::{ServerName, TokenCount, ToolName};

use super::{
    counter::{TokenCounter, TokenError},
    excerpt::{ACCOUNT_BYTES, Excerpt, Scale, fit},
};

/// The definition of the search tool that the tool-search loop is charged with.
const SEARCH_TOOL: &str = concat!(
    r#"{"name":"search_tools","description":"Finds tools by what they do and loads their definitions.","#,
    r#""inputSchema":{"type":"object","properties":{"query":{"type":"string","description":"What the tool "#,
    r#"should do."},"limit":{"type":"integer","default":5}},"required":["query"]}}"#
);

/// The texts of one run that a model reads or writes, or would without code.
#[derive(Debug, Clone, Default)]
pub struct RunTexts {
    /// The code-mode tools as the model sees them: names, descriptions and
    /// schemas as one JSON text.
    pub face: String,
    /// What the model looked up before it wrote the program.
    pub fetches: Vec<FetchText>,
    /// The program.
    pub program: String,
    /// What the model gets back: result, logs and error. The account's own line
    /// is written after the count and cannot be in it.
    pub outcome: String,
    /// The calls that the program made.
    pub calls: CallLog,
}

/// One `search_tools` or `get_tool_docs` call of the model itself, outside a program.
#[derive(Debug, Clone, Default)]
pub struct FetchText {
    /// The arguments that the model wrote, as JSON.
    pub arguments: String,
    /// The answer that it read.
    pub answer: String,
}

/// One tool call of a program.
#[derive(Debug, Clone)]
pub struct CallText {
    /// The tool that was called.
    pub tool: ToolName,
    /// The arguments as JSON, as a model would have written them.
    pub arguments: Excerpt,
    /// The reply as a direct client would have shown it to the model.
    pub reply: Excerpt,
    /// When the call started, from the start of the run.
    pub started: Duration,
    /// When its reply was there, from the start of the run.
    pub ended: Duration,
}

/// The calls of a run, in memory that does not grow with their replies: above
/// twice [`ACCOUNT_BYTES`] the longest texts are cut to samples.
#[derive(Debug, Clone, Default)]
pub struct CallLog {
    calls: Vec<CallText>,
    held_bytes: usize,
}

impl CallLog {
    /// Adds a call. The number of calls is the caller's to bound.
    pub fn push(&mut self, call: CallText) {
        self.held_bytes += call.arguments.held_bytes() + call.reply.held_bytes();
        self.calls.push(call);
        if self.held_bytes > 2 * ACCOUNT_BYTES {
            fit(self.texts(), ACCOUNT_BYTES);
            self.held_bytes = self.texts().map(|text| text.held_bytes()).sum();
        }
    }

    /// The number of calls.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether nothing was called.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut Excerpt> {
        self.calls.iter_mut().flat_map(|call| [&mut call.arguments, &mut call.reply])
    }
}

impl FromIterator<CallText> for CallLog {
    fn from_iter<I: IntoIterator<Item = CallText>>(calls: I) -> Self {
        let mut log = Self::default();
        calls.into_iter().for_each(|call| log.push(call));
        log
    }
}

/// One definition of the catalogue.
#[derive(Debug, Clone)]
pub struct DefinitionText {
    /// The tool that it defines.
    pub tool: ToolName,
    /// The definition as JSON, as in `tools/list`.
    pub json: String,
}

/// The tokens of one run's texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedRun {
    /// Of the code-mode tools.
    pub face: TokenCount,
    /// Of what the model looked up: for each time, the arguments and the answer.
    pub fetches: Vec<(TokenCount, TokenCount)>,
    /// Of the program.
    pub program: TokenCount,
    /// Of the outcome that goes to the model.
    pub outcome: TokenCount,
    /// Of each call.
    pub calls: Vec<CountedCall>,
    /// Whether some of the texts were sampled.
    pub estimated: bool,
}

/// The tokens of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedCall {
    /// The tool that was called.
    pub tool: ToolName,
    /// Of the arguments.
    pub arguments: TokenCount,
    /// Of the reply.
    pub reply: TokenCount,
    /// When the call started, from the start of the run.
    pub started: Duration,
    /// When its reply was there, from the start of the run.
    pub ended: Duration,
}

/// The tokens of every definition of a catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedCatalogue {
    search_tool: TokenCount,
    servers: HashMap<ServerName, Vec<(String, TokenCount)>>,
    total: TokenCount,
    estimated: bool,
}

impl CountedCatalogue {
    /// From the tokens of a search tool's definition and those of the
    /// catalogue's definitions, in the catalogue's order.
    pub fn new(
        search_tool: TokenCount,
        definitions: impl IntoIterator<Item = (ToolName, TokenCount)>,
        estimated: bool,
    ) -> Self {
        let mut catalogue = Self { search_tool, estimated, ..Self::default() };
        for (tool, tokens) in definitions {
            catalogue.total = catalogue.total + tokens;
            let tools = catalogue.servers.entry(tool.server().clone()).or_default();
            tools.push((tool.tool().to_owned(), tokens));
        }
        catalogue
    }

    /// Of the search tool of the tool-search loop.
    pub fn search_tool(&self) -> TokenCount {
        self.search_tool
    }

    /// Of all definitions.
    pub fn total(&self) -> TokenCount {
        self.total
    }

    /// Of one server's definitions; none for a server that the catalogue lacks.
    pub fn server(&self, server: &ServerName) -> TokenCount {
        self.tools(server).iter().map(|(_, tokens)| *tokens).sum()
    }

    /// Of a search answer with `results` definitions: `tool`'s own and those
    /// that follow it on its server, from the first again after the last. A
    /// server with fewer tools gives fewer; a tool that the catalogue lacks, none.
    pub fn search_answer(&self, tool: &ToolName, results: usize) -> TokenCount {
        let tools = self.tools(tool.server());
        let Some(found) = tools.iter().position(|(name, _)| name == tool.tool()) else {
            return TokenCount::default();
        };
        let from_found = tools.iter().cycle().skip(found).take(results.min(tools.len()));
        from_found.map(|(_, tokens)| *tokens).sum()
    }

    /// Whether some of the definitions were sampled.
    pub fn is_estimated(&self) -> bool {
        self.estimated
    }

    fn tools(&self, server: &ServerName) -> &[(String, TokenCount)] {
        self.servers.get(server).map_or(&[], Vec::as_slice)
    }
}

/// Counts a run's texts: exactly up to [`ACCOUNT_BYTES`], above that by samples
/// of the longest texts.
///
/// # Errors
/// Whatever [`TokenCounter::count`] reports; there is no partial account.
pub async fn count_run(counter: &TokenCounter, run: RunTexts) -> Result<CountedRun, TokenError> {
    let fetches = run.fetches.len();
    let mut texts = vec![run.face.into(), run.program.into(), run.outcome.into()];
    texts.extend(run.fetches.into_iter().flat_map(|fetch| [fetch.arguments.into(), fetch.answer.into()]));
    let mut calls = Vec::with_capacity(run.calls.len());
    for CallText { tool, arguments, reply, started, ended } in run.calls.calls {
        texts.extend([arguments, reply]);
        calls.push(CountedCall { tool, arguments: TokenCount(0), reply: TokenCount(0), started, ended });
    }

    let (tokens, estimated) = count_texts(counter, texts).await?;
    let mut tokens = tokens.into_iter();
    let mut next = || tokens.next().unwrap_or_default();
    let (face, program, outcome) = (next(), next(), next());
    let fetches = (0..fetches).map(|_| (next(), next())).collect();
    for call in &mut calls {
        (call.arguments, call.reply) = (next(), next());
    }
    Ok(CountedRun { face, fetches, program, outcome, calls, estimated })
}

/// Counts the definitions of a catalogue. Do it once per catalogue, not per
/// run: the cost of a run must not grow with the catalogue.
///
/// Exact up to [`ACCOUNT_BYTES`] of definitions, above that sampled.
///
/// # Errors
/// Whatever [`TokenCounter::count`] reports; there is no partial account.
pub async fn count_catalogue(
    counter: &TokenCounter,
    definitions: Vec<DefinitionText>,
) -> Result<CountedCatalogue, TokenError> {
    let mut texts = vec![Excerpt::from(SEARCH_TOOL)];
    let mut tools = Vec::with_capacity(definitions.len());
    for DefinitionText { tool, json } in definitions {
        tools.push(tool);
        texts.push(json.into());
    }
    let (tokens, estimated) = count_texts(counter, texts).await?;
    let mut tokens = tokens.into_iter();
    let search_tool = tokens.next().unwrap_or_default();
    Ok(CountedCatalogue::new(search_tool, tools.into_iter().zip(tokens), estimated))
}

/// The tokens of each text, in order, and whether any was sampled.
async fn count_texts(
    counter: &TokenCounter,
    mut texts: Vec<Excerpt>,
) -> Result<(Vec<TokenCount>, bool), TokenError> {
    fit(texts.iter_mut(), ACCOUNT_BYTES);
    let estimated = !texts.iter().all(Excerpt::is_whole);
    let plan: Vec<(usize, Scale)> = texts.iter().map(|text| (text.windows().len(), text.scale())).collect();
    let windows = texts.into_iter().flat_map(Excerpt::into_windows).collect();
    let mut counts = counter.count(windows).await?.into_iter();
    let tokens = plan.into_iter().map(|(windows, scale)| scale.apply(counts.by_ref().take(windows).sum()));
    Ok((tokens.collect(), estimated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::counter::in_process;

    fn call(reply: &str) -> CallText {
        CallText {
            tool: "files.read".parse().unwrap(),
            arguments: r#"{"path":"a"}"#.into(),
            reply: reply.into(),
            started: Duration::ZERO,
            ended: Duration::ZERO,
        }
    }

    #[test]
    fn a_call_log_keeps_short_texts_whole_and_its_memory_bounded() {
        let long = "x".repeat(3 << 20);
        let mut log: CallLog = [call(&long), call("short")].into_iter().collect();
        assert!(log.calls.iter().all(|call| call.reply.is_whole()));
        for _ in 0..6 {
            log.push(call(&long));
            assert!(log.texts().map(|text| text.held_bytes()).sum::<usize>() <= 2 * ACCOUNT_BYTES);
        }
        assert_eq!(log.len(), 8);
        assert!(!log.calls[0].reply.is_whole());
        assert!(log.calls[1].reply.is_whole() && log.calls.iter().all(|call| call.arguments.is_whole()));
    }

    #[tokio::test]
    async fn an_empty_run_counts_nothing() {
        let counted = count_run(&in_process(), RunTexts::default()).await.unwrap();
        assert_eq!(counted, CountedRun::default());
    }

    #[tokio::test]
    async fn what_exceeds_the_budget_is_scaled_and_marked() {
        let counter = in_process();
        let line = "the same line again and again\n";
        let reply = line.repeat((6 << 20) / line.len());
        let exact = counter.count(vec![line.repeat(1_000)]).await.unwrap()[0].0 as f64 / 1_000.0;
        let run = RunTexts { calls: [call(&reply)].into_iter().collect(), ..RunTexts::default() };

        let counted = count_run(&counter, run).await.unwrap();

        assert!(counted.estimated);
        let expected = exact * (reply.len() / line.len()) as f64;
        let error = (counted.calls[0].reply.0 as f64 - expected).abs() / expected;
        assert!(error < 0.001, "{counted:?} is off by {error} of {expected}");
        let path = counter.count(vec![r#"{"path":"a"}"#.into()]).await.unwrap()[0];
        assert_eq!(counted.calls[0].arguments, path, "short texts stay exact");
    }

    #[test]
    fn a_search_answer_wraps_around_on_its_own_server() {
        let tools = ["s.a", "s.b", "s.c", "s.d", "s.e", "s.f", "t.g", "t.h"];
        let definitions = tools.iter().enumerate();
        let definitions = definitions.map(|(index, tool)| (tool.parse().unwrap(), TokenCount(1 << index)));
        let catalogue = CountedCatalogue::new(TokenCount(9), definitions, false);
        let answer = |tool: &str| catalogue.search_answer(&tool.parse().unwrap(), 5).0;
        assert_eq!(answer("s.a"), 0b1_1111);
        assert_eq!(answer("s.e"), 0b11_0111);
        assert_eq!(answer("t.h"), 0b1100_0000);
        assert_eq!(answer("s.unknown") + answer("u.a"), 0);
        assert_eq!(catalogue.total().0, 0b1111_1111);
    }
}
