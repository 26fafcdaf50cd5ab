//! Prompts: one that tells a model how to work in code, made from the live catalogue.

use rmcp::{
    ErrorData,
    model::{
        ArgumentInfo, CompleteResult, CompletionInfo, GetPromptRequestParams, GetPromptResult,
        ListPromptsResult, Prompt, PromptArgument, PromptMessage, Role,
    },
};
use serde_json::{Map, Value};
use terraphim_code_execution::{DEFAULT_PROMPT_BUDGET, Executor, PromptError, PromptRequest};
use terraphim_mcp_codegen::nearest;
use terraphim_types::{Language, TokenCount};

use crate::arguments::{did_you_mean, quoted};

/// The name of the prompt.
const WORK_IN_CODE: &str = "work_in_code";

/// Its languages, as they are completed.
const LANGUAGES: [&str; 6] = ["typescript", "javascript", "node", "python", "bash", "rust"];

/// Budgets that are offered where one is completed.
const BUDGETS: [&str; 5] = ["600", "1000", "1500", "2500", "4000"];

/// Largest budget, in tokens.
const MAX_BUDGET: u64 = 100_000;

/// Longest task, in characters.
const MAX_TASK_CHARS: usize = 10_000;

/// Its arguments.
const ARGUMENTS: [&str; 3] = ["language", "budget", "task"];

/// The list, which is always the same.
pub(crate) fn list() -> ListPromptsResult {
    let argument = |name: &str, description: String| {
        PromptArgument::new(name).with_description(description).with_required(false)
    };
    let arguments = vec![
        argument("language", format!("{}; default typescript", LANGUAGES.join(", "))),
        argument("budget", format!("Most tokens of the prompt (o200k); default {DEFAULT_PROMPT_BUDGET}")),
        argument("task", "What is to be done; the tools that are shown are chosen by it".to_owned()),
    ];
    let about = "How to do a task with the connected tools in one program: servers, tools, worked examples";
    let prompt = Prompt::new(WORK_IN_CODE, Some(about), Some(arguments)).with_title("Work in code");
    ListPromptsResult::with_all_items(vec![prompt])
}

/// The prompt, composed for its arguments.
pub(crate) async fn get(
    executor: &Executor,
    asked: GetPromptRequestParams,
) -> Result<GetPromptResult, ErrorData> {
    known(&asked.name)?;
    let request = request(asked.arguments.unwrap_or_default())?;
    let composed = executor.prompt(&request).await.map_err(|error| {
        let message = told(&error);
        match error {
            PromptError::TooSmall { .. } => ErrorData::invalid_params(message, None),
            PromptError::Tokens(_) => ErrorData::internal_error(message, None),
        }
    })?;
    let about = format!("Work in code, in {}: {} tokens", request.language, composed.tokens);
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, composed.text)]).with_description(about))
}

fn told(error: &PromptError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

fn known(name: &str) -> Result<(), ErrorData> {
    if name == WORK_IN_CODE {
        return Ok(());
    }
    let message = format!("there is no prompt `{}`: the only one is `{WORK_IN_CODE}`", quoted(name));
    Err(ErrorData::invalid_params(message, None))
}

fn request(mut arguments: Map<String, Value>) -> Result<PromptRequest, ErrorData> {
    let refused = |message: String| ErrorData::invalid_params(message, None);
    if let Some(name) = arguments.keys().find(|name| !ARGUMENTS.contains(&name.as_str())) {
        let near = did_you_mean(&nearest(name, ARGUMENTS));
        return Err(refused(format!("the prompt has no argument `{}`{near}", quoted(name))));
    }
    let mut text = |name: &str| match arguments.remove(name) {
        None | Some(Value::Null) => Ok(None),
        // Clients may send a number as such, although the protocol has texts.
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(_) => Err(refused(format!("the argument `{name}` must be a text"))),
    };
    let language = match text("language")? {
        None => Language::TypeScript,
        Some(name) => name.parse().map_err(|_| {
            let choices = LANGUAGES.join(", ");
            refused(format!("`{}` is no language of programs: choose from {choices}", quoted(&name)))
        })?,
    };
    let budget = match text("budget")? {
        None => DEFAULT_PROMPT_BUDGET,
        Some(number) => {
            number.parse().ok().filter(|budget| (1..=MAX_BUDGET).contains(budget)).ok_or_else(|| {
                refused(format!(
                    "the argument `budget` must be a whole number of tokens from 1 to {MAX_BUDGET}, not `{}`",
                    quoted(&number)
                ))
            })?
        }
    };
    let task = text("task")?.map(|task| task.chars().take(MAX_TASK_CHARS).collect());
    Ok(PromptRequest { language, budget: TokenCount(budget), task })
}

/// Values for an argument of the prompt that begin with what was typed.
pub(crate) fn complete(name: &str, argument: &ArgumentInfo) -> Result<CompleteResult, ErrorData> {
    known(name)?;
    let values: &[&str] = match argument.name.as_str() {
        "language" => &LANGUAGES,
        "budget" => &BUDGETS,
        "task" => &[],
        other => {
            let near = did_you_mean(&nearest(other, ARGUMENTS));
            return Err(ErrorData::invalid_params(
                format!("the prompt has no argument `{}`{near}", quoted(other)),
                None,
            ));
        }
    };
    let typed = argument.value.trim().to_ascii_lowercase();
    let fitting = values.iter().filter(|value| value.starts_with(&typed)).map(|value| (*value).to_owned());
    let info = CompletionInfo::with_all_values(fitting.collect());
    info.map(CompleteResult::new).map_err(|reason| ErrorData::internal_error(reason, None))
}
