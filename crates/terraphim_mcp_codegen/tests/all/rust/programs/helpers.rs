use mcp_runtime::prelude::*;

fn main() -> Result<Value> {
    let docs = call("notes", "docs", json!({}))?;
    let docs = docs.items();
    let titles = |list: &[Value]| list.iter().map(|one| one["title"].clone()).collect::<Vec<_>>();
    let groups = group_by(docs, "topic");
    Ok(json!({
        "groups": groups.iter().map(|(topic, list)| (topic, list.len())).collect::<Vec<_>>(),
        "x": titles(&groups["x"]),
        "by_closure": count_by(docs, |one: &Value| one["rank"].as_f64().map_or("none", |rank| if rank > 0.8 { "high" } else { "low" })),
        "sum": sum_by(docs, "n"),
        "rising": titles(&sort_by(docs, "rank", "asc")),
        "falling": titles(&sort_by(docs, "rank", Order::Desc)),
        "top": titles(&top_n(docs, 5, "rank")),
        "uniq": titles(&uniq_by(docs, "topic")),
        "chunks": chunk(&[1, 2, 3], 2),
        "pick": pick(&docs[0], &["n", "none", "title"]),
        "omit": omit(&docs[0], &["n", "topic"]),
        "texts": sort_by(&["b", "a"], |text: &&str| text.to_string(), "asc"),
    }))
}
