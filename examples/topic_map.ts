// What the notes say about one topic: the notes that fit, the terms that one may
// have meant, and the concepts that these notes mention most.
import { terraphim } from 'mcp-servers';

const [notes, terms] = await Promise.all([
  terraphim.search({ query: 'cancellation in async rust', limit: 50 }),
  terraphim.autocomplete_terms({ query: 'async', limit: 20 }),
]);
const mentions = await Promise.all(
  notes.map(note => terraphim.find_matches({ text: `${note.title}\n${note.snippet}` })),
);
const concepts = Object.entries(countBy(mentions.flat(), 'concept'));

return {
  notes: notes.length,
  best: notes[0].title,
  terms: uniqBy(terms, 'concept').map(term => term.concept),
  concepts: Object.fromEntries(topN(concepts, 5, ([, count]) => count)),
};
