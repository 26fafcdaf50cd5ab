//! `terraphim prompt`.

use terraphim_code_execution::{LiveCatalogue, PromptRequest, compose_prompt, tokens::TokenCounter};
use terraphim_types::TokenCount;

use crate::{
    cli::{Global, PromptArgs},
    commands::{block_on, print, printable},
    compose,
    error::{CliError, Exit},
    settings::Settings,
};

pub(crate) fn prompt(global: &Global, args: PromptArgs) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    let request = PromptRequest { language: args.lang, budget: TokenCount(args.budget), task: args.task };
    let composed = block_on(async {
        let counter = TokenCounter::new(compose::token_helper(&settings));
        counter.warm_up();
        let gateway = compose::gateway(&settings)?;
        let catalogue = LiveCatalogue::new(gateway.clone());
        let face = terraphim_mcp_server::face_json();
        let composed = compose_prompt(&catalogue, &counter, &face, &request).await;
        gateway.shutdown().await;
        composed.map_err(CliError::from)
    })??;
    if args.json {
        // Texts and numbers always serialise.
        print(&printable(&serde_json::to_string(&composed).unwrap_or_default()))?;
    } else {
        print(composed.text.trim_end())?;
    }
    Ok(Exit::Success)
}
