// Results without a schema may be anything.
import { up } from 'mcp-servers';

const answer = await up.text_json({});
const doubled = answer.list.map((n) => n * 2);
const [first, ...others] = doubled;
const total = others.reduce((sum, n) => sum + n, first);
for (const key of Object.keys(answer)) console.log(key, answer[key]);
if (answer.answer > 40) {
  return { total, answer: answer.answer };
}
return null;
