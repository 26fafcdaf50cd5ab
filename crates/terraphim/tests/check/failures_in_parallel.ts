// Some of many calls fail; the others count.
import { up } from 'mcp-servers';
import { ToolError } from 'mcp-runtime';

const settled = await Promise.allSettled([up.add({ a: 1, b: 2 }), up.fail({}), up.echo({ text: 'x' })]);
const failed = [];
for (const one of settled) {
  if (one.status === 'rejected') {
    const reason = one.reason;
    failed.push(reason instanceof ToolError ? `${reason.server}.${reason.tool}` : String(reason));
  }
}
try {
  await up.fail({});
} catch (error) {
  failed.push(error.message);
  if (!(error instanceof ToolError)) throw error;
}
return { fulfilled: settled.filter((one) => one.status === 'fulfilled').length, failed };
