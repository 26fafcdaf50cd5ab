//! The prompt of code mode: listed, composed within its budget, completed, and refused.

use rmcp::{
    model::{
        ArgumentInfo, CompleteRequestParams, ContentBlock, ErrorCode, GetPromptRequestParams,
        GetPromptResult, Reference,
    },
    service::ServiceError,
};
use serde_json::{Value, json};
use terraphim_mcp_server::Expose;

use crate::{
    support::{Client, Setup, eras},
    tokens::counting,
};

async fn get(client: &Client, arguments: Value) -> Result<GetPromptResult, String> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    let asked = GetPromptRequestParams::new("work_in_code").with_arguments(arguments);
    client.running.get_prompt(asked).await.map_err(|error| match error {
        ServiceError::McpError(error) => {
            assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
            error.message.into_owned()
        }
        other => panic!("{other:?}"),
    })
}

fn text(result: &GetPromptResult) -> &str {
    match result.messages.as_slice() {
        [one] => match &one.content {
            ContentBlock::Text(text) => &text.text,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

async fn complete(client: &Client, argument: &str, typed: &str) -> Vec<String> {
    let argument = ArgumentInfo::new(argument, typed);
    let asked = CompleteRequestParams::new(Reference::for_prompt("work_in_code"), argument);
    client.running.complete(asked).await.unwrap().completion.values
}

#[tokio::test]
async fn the_prompt_is_listed_composed_and_completed_in_both_eras() {
    let stage = Setup { helper: counting(), ..Setup::default() }.build();
    let tokenizer = bpe_openai::o200k_base();
    for era in eras() {
        let client = stage.connect_by(era).await;
        let capabilities = &client.running.peer_info().unwrap().capabilities;
        assert!(capabilities.prompts.is_some() && capabilities.completions.is_some(), "{capabilities:?}");
        let prompts = client.running.list_all_prompts().await.unwrap();
        assert_eq!(prompts, client.running.list_all_prompts().await.unwrap(), "the list is stable");
        let names: Vec<_> = prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        assert_eq!(names, ["work_in_code"]);
        let arguments: Vec<_> =
            prompts[0].arguments.iter().flatten().map(|argument| argument.name.as_str()).collect();
        assert_eq!(arguments, ["language", "budget", "task"]);

        let plain = get(&client, json!({})).await.unwrap();
        assert!(
            text(&plain).contains("```ts\n") && text(&plain).contains("terraphim.search("),
            "{}",
            text(&plain)
        );
        for (language, fence) in
            [("python", "```py\n"), ("bash", "```sh\n"), ("rust", "```rust\n"), ("node", "```node\n")]
        {
            for budget in [300, 500, 800, 1_200, 3_000] {
                let asked =
                    json!({ "language": language, "budget": budget.to_string(), "task": "echo something" });
                let made = get(&client, asked).await.unwrap();
                let tokens = tokenizer.count(text(&made));
                assert!(tokens <= budget, "{tokens} of {budget} in {language}: {}", text(&made));
                assert!(text(&made).contains("> echo something"), "{}", text(&made));
                assert!(budget < 3_000 || text(&made).contains(fence), "{}", text(&made));
                let said = format!("Work in code, in {language}: {tokens} tokens");
                assert_eq!(made.description.as_deref(), Some(said.as_str()));
            }
        }
        assert_eq!(complete(&client, "language", "ja").await, ["javascript"]);
        assert_eq!(complete(&client, "language", "").await.len(), 6);
        assert_eq!(complete(&client, "budget", "1").await, ["1000", "1500"]);
        assert_eq!(complete(&client, "task", "x").await, Vec::<String>::new());
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn wrong_arguments_say_what_is_right() {
    let stage = Setup { helper: counting(), ..Setup::default() }.build();
    let client = stage.connect().await;
    let refused = async |arguments| get(&client, arguments).await.unwrap_err();
    assert_eq!(
        refused(json!({ "language": "cobol" })).await,
        "`cobol` is no language of programs: choose from typescript, javascript, node, python, bash, rust"
    );
    assert_eq!(
        refused(json!({ "budget": "much" })).await,
        "the argument `budget` must be a whole number of tokens from 1 to 100000, not `much`"
    );
    assert_eq!(
        refused(json!({ "lang": "ts" })).await,
        "the prompt has no argument `lang` (did you mean `language`?)"
    );
    let short = refused(json!({ "budget": "20" })).await;
    let least: u64 = short.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(short.starts_with("a prompt of 20 tokens is too short: the least"), "{short}");
    assert!(get(&client, json!({ "budget": least.to_string() })).await.is_ok(), "the least is enough");
    assert!(get(&client, json!({ "budget": (least - 1).to_string() })).await.is_err(), "less is not");
    let unknown = client.running.get_prompt(GetPromptRequestParams::new("nothing")).await.unwrap_err();
    assert!(unknown.to_string().contains("the only one is `work_in_code`"), "{unknown}");
}

#[tokio::test]
async fn without_code_mode_there_are_no_prompts() {
    let stage = Setup { expose: Expose::Tools, ..Setup::default() }.build();
    let client = stage.connect().await;
    assert!(client.running.peer_info().unwrap().capabilities.prompts.is_none());
    let ServiceError::McpError(error) = client.running.list_all_prompts().await.unwrap_err() else {
        panic!("an answer of the protocol")
    };
    assert_eq!(error.code, ErrorCode::METHOD_NOT_FOUND);
}

#[tokio::test]
async fn a_helper_that_fails_is_told() {
    let client = Setup::default().build().connect().await;
    let failed = client.running.get_prompt(GetPromptRequestParams::new("work_in_code")).await.unwrap_err();
    assert!(failed.to_string().contains("cannot be counted: the token helper"), "{failed}");
}
