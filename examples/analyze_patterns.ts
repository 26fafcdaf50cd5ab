import { terraphim } from 'mcp-servers';
async function analyzePatterns() {
  const docs = await terraphim.search({ query: "rust async patterns", limit: 100 });
  const highQuality = docs.filter(d => d.rank > 0.8);
  const byTopic = groupBy(highQuality, 'topic');
  return { total: highQuality.length, topics: Object.keys(byTopic), top_doc: highQuality[0] };
}
