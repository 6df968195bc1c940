// Holds a conversation through the JavaScript SDK and prints every event as the SDK understood it, one JSON a line.
//
//   node conversation.mjs ENDPOINT '{"model": …, "session": {…}, "audio": FILE?, "say": [TEXT…], "tools": {NAME: OUTPUT}}'
import { readFileSync } from "node:fs";
import { VoiceLiveClient } from "@azure/ai-voicelive";
import { AzureKeyCredential } from "@azure/core-auth";

const [endpoint, planned] = process.argv.slice(2);
const plan = JSON.parse(planned);
const waiting = [];

function arrived(event) {
  console.log(JSON.stringify(event, (_, value) => (value?.type === "Buffer" ? `${value.data.length} bytes` : value)));
  const place = waiting.findIndex(({ type }) => type === event.type);
  if (place >= 0) waiting.splice(place, 1)[0].resolve(event);
}

const next = (type) => new Promise((resolve) => waiting.push({ type, resolve }));

const client = new VoiceLiveClient(endpoint, new AzureKeyCredential("any"), plan.client ?? {});
const created = next("session.created");
const session = await client.startSession(plan.model, {
  sessionHandlers: {
    onServerEvent: async (event) => arrived(event),
    onError: async ({ error }) => console.log(JSON.stringify({ type: "sdk.error", message: String(error) })),
  },
});
await created;

const updated = next("session.updated");
await session.updateSession(plan.session);
await updated;

for (const text of plan.say ?? []) {
  const item = next("conversation.item.created");
  await session.addConversationItem({ type: "message", role: "user", content: [{ type: "input_text", text }] });
  await item;
  await answered(() => session.sendEvent({ type: "response.create" }));
}
if (plan.audio) await answered(() => session.sendAudio(readFileSync(plan.audio)));
await session.disconnect();
process.exit(0);

// One response, and those that follow when it calls tools.
async function answered(ask) {
  const done = next("response.done");
  await ask();
  const { response } = await done;
  const calls = response.output.filter(({ type }) => type === "function_call");
  for (const { callId, name } of calls) {
    const item = next("conversation.item.created");
    const output = JSON.stringify(plan.tools[name]);
    await session.addConversationItem({ type: "function_call_output", callId, output });
    await item;
  }
  if (calls.length) await answered(() => session.sendEvent({ type: "response.create" }));
}
