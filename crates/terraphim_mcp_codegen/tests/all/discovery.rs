//! Search over a small catalogue: ranking, filters, slips, detail.

use serde_json::{Value, json};
use terraphim_mcp_codegen::{Detail, DiscoveryIndex, Duplicates, ServerTools, ToolPage, ToolQuery};
use terraphim_types::ServerName;

use crate::definitions::tool;

pub(crate) fn server(name: &str, description: &str, tools: &[Value]) -> ServerTools {
    ServerTools {
        server: ServerName::new(name).unwrap(),
        description: Some(description.to_owned()),
        tools: tools.iter().cloned().map(tool).collect(),
    }
}

fn index() -> DiscoveryIndex {
    let declared =
        json!({ "terraphim": { "category": "knowledge-graph", "capabilities": ["search", "read"] } });
    let completing =
        json!({ "terraphim": { "category": "knowledge-graph", "capabilities": ["autocomplete"] } });
    DiscoveryIndex::build(&[
        server(
            "terraphim",
            "Notes and their knowledge graph.",
            &[
                json!({ "name": "search", "description": "Searches the documents. Ranked by the graph.", "_meta": declared,
                    "inputSchema": { "type": "object", "properties": { "query": { "type": "string" } }, "required": ["query"] } }),
                json!({ "name": "autocomplete_terms", "description": "Completes a term.", "_meta": completing }),
            ],
        ),
        server(
            "git-hub",
            "Git repositories and their issues.",
            &[
                json!({ "name": "create_issue", "description": "Opens an issue in a repository.",
                    "inputSchema": { "type": "object", "properties": { "repository": { "type": "string" }, "title": { "type": "string" } } } }),
                json!({ "name": "delete_branch", "description": "Removes a branch.",
                    "annotations": { "readOnlyHint": false, "destructiveHint": true } }),
                json!({ "name": "listCommits", "description": "The commits of a branch.", "annotations": { "readOnlyHint": true, "openWorldHint": true } }),
            ],
        ),
        server(
            "files",
            "Access to a folder on disk.",
            &[
                json!({ "name": "read_file", "description": "Reads one file." }),
                json!({ "name": "write_file", "description": "Writes one file." }),
            ],
        ),
    ])
}

fn search(query: Value) -> ToolPage {
    index().search(&serde_json::from_value::<ToolQuery>(query).expect("a query"))
}

fn names(page: &ToolPage) -> Vec<&str> {
    page.tools.iter().map(|hit| hit.name.as_str()).collect()
}

fn first(query: &str) -> String {
    names(&search(json!({ "query": query }))).first().copied().unwrap_or_default().to_owned()
}

#[test]
fn the_best_comes_first() {
    for (query, expected) in [
        ("search documents", "terraphim.search"),
        ("open a new issue in a repository", "git-hub.create_issue"),
        ("creating issues", "git-hub.create_issue"),
        ("list commits", "git-hub.listCommits"),
        ("reading files", "files.read_file"),
        ("github removing branches", "git-hub.delete_branch"),
        // A tool's own name, in any of its forms.
        ("files.write_file", "files.write_file"),
        ("git_hub.createIssue", "git-hub.create_issue"),
        ("delete_branch", "git-hub.delete_branch"),
    ] {
        assert_eq!(first(query), expected, "{query}");
    }
}

#[test]
fn beginnings_and_slips_are_understood() {
    for (query, expected) in [
        ("autocompl", "terraphim.autocomplete_terms"),
        ("repositroy isue", "git-hub.create_issue"),
        ("comits", "git-hub.listCommits"),
    ] {
        assert_eq!(first(query), expected, "{query}");
    }
    assert!(search(json!({ "query": "zzzzzzzz" })).tools.is_empty());
}

#[test]
fn filters_need_no_words() {
    let any = json!({ "category": "knowledge-graph", "capabilities": ["search", "autocomplete"] });
    assert_eq!(names(&search(any)), ["terraphim.autocomplete_terms", "terraphim.search"]);
    assert_eq!(names(&search(json!({ "capabilities": ["Destructive"] }))), ["git-hub.delete_branch"]);
    assert_eq!(
        names(&search(json!({ "server": "git_hub", "capabilities": ["read"] }))),
        ["git-hub.listCommits"]
    );
    assert_eq!(
        names(&search(json!({ "server": "files", "query": "branch file read" })))[0],
        "files.read_file"
    );
    let page = search(json!({ "server": "git-hub", "limit": 1, "offset": 1 }));
    assert_eq!((names(&page), page.total), (vec!["git-hub.delete_branch"], 3));
}

#[test]
fn nothing_asked_or_found_lists_what_there_is() {
    let page = search(json!({}));
    assert!(page.tools.is_empty());
    assert_eq!(page.total, 7);
    let count = |facets: &Option<Vec<terraphim_mcp_codegen::Facet>>, name: &str| {
        facets
            .as_ref()
            .and_then(|facets| facets.iter().find(|facet| facet.name == name))
            .map(|facet| facet.count)
    };
    assert_eq!(count(&page.categories, "knowledge-graph"), Some(2));
    assert_eq!(count(&page.categories, "version-control"), Some(3));
    assert_eq!(count(&page.categories, "files"), Some(2));
    assert_eq!(count(&page.capabilities, "destructive"), Some(1));
    assert_eq!(count(&page.capabilities, "read"), Some(3));
    let lost = search(json!({ "category": "no-such" }));
    assert_eq!((lost.total, lost.categories), (0, page.categories));
    assert!(search(json!({ "query": "file" })).categories.is_none());
}

#[test]
fn detail_decides_what_is_told() {
    let hit = |detail: &str| {
        let mut page = search(json!({ "query": "search documents", "detail": detail, "limit": 1 }));
        serde_json::to_value(page.tools.remove(0)).unwrap()
    };
    assert_eq!(hit("name"), json!({ "name": "terraphim.search", "server": "terraphim" }));
    assert_eq!(
        hit("brief"),
        json!({
            "name": "terraphim.search", "server": "terraphim",
            "description": "Searches the documents. Ranked by the graph.",
            "signature": "search(args: { query: string }): Promise<unknown>",
        })
    );
    let full = hit("full");
    assert_eq!(full["category"], "knowledge-graph");
    assert_eq!(full["capabilities"], json!(["read", "search"]));
    assert_eq!(full["parameters"], json!([{ "name": "query", "type": "string", "required": true }]));
    assert_eq!(full["example"], "const result = await terraphim.search({ query: \"query\" });");
    assert_eq!(serde_json::from_value::<ToolQuery>(json!({})).unwrap().detail, Detail::Brief);
}

#[test]
fn servers_of_like_names_are_told_apart() {
    let tools = [json!({ "name": "x" })];
    let index = DiscoveryIndex::build(&[
        server("a-b", "", &tools),
        server("a_b", "", &tools),
        server("a.b", "", &tools),
    ]);
    let modules: Vec<_> = index.modules().map(|module| module.identifier.clone()).collect();
    assert_eq!(modules, ["a_b_2", "a_b", "a_b_3"]);
    let query = ToolQuery { query: Some("x".into()), duplicates: Duplicates::Listed, ..ToolQuery::default() };
    let page = index.search(&query);
    let imports: Vec<_> = page.tools.iter().map(|hit| (hit.server.as_str(), hit.import.as_deref())).collect();
    assert_eq!(imports, [("a-b", Some("a_b_2")), ("a.b", Some("a_b_3")), ("a_b", None)]);
}
