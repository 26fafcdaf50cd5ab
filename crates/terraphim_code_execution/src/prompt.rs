//! The prompt that tells a model how to work in code, within a budget of tokens.

use terraphim_mcp_codegen::{Prompt, PromptFigures, PromptQuery};
use terraphim_types::{Language, ServerName, TokenCount, ToolDefinition};

use crate::{
    catalogue::{LiveCatalogue, definitions_of},
    tokens::{TokenCounter, TokenError},
};

/// Tokens of a prompt for which no budget is named.
pub const DEFAULT_PROMPT_BUDGET: u64 = 1_500;

/// What a prompt is asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptRequest {
    /// The language of its examples.
    pub language: Language,
    /// Most tokens of its text, by o200k.
    pub budget: TokenCount,
    /// What is to be done; the tools are chosen by it.
    pub task: Option<String>,
}

/// A prompt that fits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ComposedPrompt {
    /// Its text, in Markdown.
    pub text: String,
    /// Its tokens.
    pub tokens: TokenCount,
    /// The parts that did not fit, in the order in which they were left out.
    pub left_out: Vec<&'static str>,
    /// How many tools it shows.
    pub tools: usize,
}

/// Why there is no prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Not even the rules fit.
    #[error("a prompt of {budget} tokens is too short: the least for this language and task is {least}")]
    TooSmall {
        /// What was asked for.
        budget: TokenCount,
        /// What the shortest text has.
        least: TokenCount,
    },
    /// Tokens cannot be counted.
    #[error("the tokens of the prompt cannot be counted")]
    Tokens(#[from] TokenError),
}

/// Composes a prompt over the live catalogue; `face` is the definitions of the code-mode tools as JSON.
///
/// Its text never has more tokens than the budget: whole parts are left out, in the order of
/// [`Prompt::drafts`], until it fits.
///
/// # Errors
/// A budget below the shortest text, and whatever [`TokenCounter::count`] reports.
pub async fn compose_prompt(
    catalogue: &LiveCatalogue,
    counter: &TokenCounter,
    face: &str,
    request: &PromptRequest,
) -> Result<ComposedPrompt, PromptError> {
    let snapshot = catalogue.snapshot().await;
    let (asked, of) = (request.clone(), catalogue.clone());
    let prompt = catalogue
        .searching(&snapshot, move |index, context| {
            let query = PromptQuery { language: asked.language, task: asked.task.as_deref() };
            let standing = |server: &ServerName, tool: &ToolDefinition| of.standing(server, tool);
            Prompt::new_with(index, query, context, Some(&standing))
        })
        .await;
    let prompt = match figures(catalogue, counter, face, &prompt).await? {
        Some(figures) => prompt.with_figures(figures),
        None => prompt,
    };
    let drafts = prompt.drafts();
    let tokens = counter.count(drafts.iter().map(|draft| draft.text.clone()).collect()).await?;
    let mut least = TokenCount::default();
    for (draft, tokens) in drafts.into_iter().zip(tokens) {
        if tokens <= request.budget {
            let terraphim_mcp_codegen::PromptDraft { text, left_out, tools } = draft;
            return Ok(ComposedPrompt { text, tokens, left_out, tools });
        }
        least = tokens;
    }
    Err(PromptError::TooSmall { budget: request.budget, least })
}

/// What the first example costs as a direct call and as a program; None without an example.
async fn figures(
    catalogue: &LiveCatalogue,
    counter: &TokenCounter,
    face: &str,
    prompt: &Prompt,
) -> Result<Option<PromptFigures>, TokenError> {
    let Some((direct, program)) = prompt.compared() else { return Ok(None) };
    let program = serde_json::json!({ "name": "execute_code", "arguments": { "code": program } }).to_string();
    let definitions = definitions_of(catalogue.known().await.as_ref());
    let definitions = crate::tokens::count_catalogue(counter, definitions).await?.total();
    let counted = counter.count(vec![direct, program, face.to_owned()]).await?;
    let of = |at: usize| counted.get(at).map_or(0, |tokens| tokens.0);
    Ok(Some(PromptFigures { direct_call: of(0), program: of(1), face: of(2), definitions: definitions.0 }))
}
