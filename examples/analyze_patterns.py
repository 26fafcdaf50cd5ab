from mcp_servers import terraphim

docs = terraphim.search(query="rust async patterns", limit=100)
high_quality = [doc for doc in docs if doc["rank"] > 0.8]
by_topic = group_by(high_quality, "topic")
{"total": len(high_quality), "topics": list(by_topic), "top_doc": high_quality[0]}
