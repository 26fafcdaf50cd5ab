// Asks the notes several questions at once, and reports where the answers overlap.
import { terraphim } from 'mcp-servers';
import { countBy, searchTools, workspace } from 'mcp-runtime';

interface Note {
  rank: number;
  topic: string | null;
  title: string;
  url: string;
  snippet: string;
  tags: string[];
}

const queries = [
  'cancellation and timeouts in async rust',
  'back-pressure with bounded channels',
  'what makes a retry safe',
  'walls around untrusted code',
];

// The searches are independent, so they run in parallel.
const answers = await Promise.all(
  queries.map(async (query) => {
    const notes: Note[] = await terraphim.search({ query, limit: 20 });
    return { query, notes };
  }),
);

// Each note once, with the queries that it answers.
const found = new Map<string, { note: Note; queries: string[] }>();
for (const { query, notes } of answers) {
  for (const note of notes) {
    const entry = found.get(note.url) ?? { note, queries: [] };
    entry.queries.push(query);
    found.set(note.url, entry);
  }
}

const entries = [...found.values()];
const byTopic = countBy(entries.map(({ note }) => ({ topic: note.topic ?? 'none' })), 'topic');
const shared = entries
  .filter((entry) => entry.queries.length > 1)
  .sort((a, b) => b.queries.length - a.queries.length || a.note.title.localeCompare(b.note.title))
  .map(({ note, queries }) => ({ title: note.title, tags: note.tags, answers: queries.length }));

// The full list stays in the workspace; only the summary leaves the run.
await workspace.saveData(
  'topics',
  entries.map(({ note, queries }) => ({ title: note.title, url: note.url, snippet: note.snippet, queries })),
);
const related = await searchTools({ category: 'knowledge-graph', capabilities: ['search', 'autocomplete'] });

return {
  notes: entries.length,
  by_topic: byTopic,
  best: answers.map(({ query, notes }) => ({ query, title: notes[0]?.title ?? null, rank: notes[0]?.rank ?? 0 })),
  in_several_answers: shared.slice(0, 10),
  tools: related.tools.map((tool: { name: string }) => tool.name),
};
