// What `both-eras.mjs` offers, in the era that was agreed on.
import { createHash } from "node:crypto";
import { z } from "zod";

const anything = z.looseObject({});

export async function visit(client, notebook) {
  const call = (name, args, options) => client.callTool({ name, ...(args ? { arguments: args } : {}) }, options);
  const isModern = client.getProtocolEra() === "modern";

  await notebook.see("tools", client.listTools());
  await notebook.see("add", call("add", { a: 0.1, b: 2e20 }));
  await notebook.see("greet", call("greet", { place: "Köln am Rhein", name: "Zoë" }));
  await notebook.see("wrong arguments", call("add", { a: "one" }));
  await notebook.see("fails", call("fails"));

  const many = Array.from({ length: 40 }, (_, index) => call("greet", { place: `place ${index}`, name: `${index}` }));
  notebook.write("many at once", (await Promise.all(many)).map(({ content }) => content[0].text));
  const words = "Tür und Tor \u{1F6AA} ".repeat(20_000);
  const [{ text: long }] = (await call("repeat", { words, times: 6 })).content;
  notebook.write("long", { length: long.length, hash: createHash("sha256").update(long).digest("hex").slice(0, 16) });
  const params = { "example.com/any": [1, 0.5, null, "é"], nested: { list: [] } };
  await notebook.see("a method of its own", client.request({ method: "example.com/mirror", params }, anything));
  // Over HTTP the newer era says it with a status as well, of which this client makes an error of its own.
  const nothing = client.request({ method: "example.com/nothing", params }, anything);
  const refused = await nothing.then(() => "answered", ({ message }) => /Method not found/.exec(message)?.[0]);
  notebook.write("no such method", refused);

  let mark = notebook.mark;
  const steps = [];
  const _meta = isModern ? { "io.modelcontextprotocol/logLevel": "debug" } : {};
  if (!isModern) await client.setLoggingLevel("debug");
  const told = [];
  // The last step may come with the result in one piece, and is then dropped by the client library.
  const onprogress = (step) => {
    if (step.progress === step.total) return;
    steps.push(step);
    told.push(call("heard", { number: step.progress }));
  };
  const counting = { name: "count", arguments: { to: 3, attended: true }, _meta };
  await notebook.see("count", client.callTool(counting, { onprogress }));
  await Promise.all(told);
  notebook.write("count progress", steps);
  const last = ({ data }) => data.number === 3;
  notebook.write("count logged", await notebook.heard("notifications/message", { mark, fits: last }));

  for (const [name, method, args] of [
    ["ask-person", "elicitation/create"],
    ["ask-link", "elicitation/create"],
    ["ask-model", "sampling/createMessage"],
    ["ask-roots", "roots/list"],
    ["ask-twice", "elicitation/create", { of: "two" }],
  ]) {
    mark = notebook.mark;
    await notebook.see(name, call(name, args));
    notebook.write(`${name} asked`, await notebook.heard(method, { mark }));
  }

  const stop = new AbortController();
  const waiting = call("wait", undefined, { signal: stop.signal, onprogress: () => stop.abort("enough") });
  notebook.write("wait", await waiting.then(() => "it came to its end", () => "stopped by the client"));
  // The server's own word that it was told.
  const waited = async () => JSON.parse((await call("waited")).content[0].text);
  let waits = await waited();
  for (const limit = Date.now() + 10_000; waits.cancelled < waits.begun && Date.now() < limit; ) waits = await waited();
  notebook.write("the server was told", waits);

  await notebook.see("all pages", client.listResources());
  const first = await notebook.see("first page", client.request({ method: "resources/list", params: {} }));
  await notebook.see("next page", client.request({ method: "resources/list", params: { cursor: first.nextCursor } }));
  await notebook.see("templates", client.listResourceTemplates());
  await notebook.see("read", client.readResource({ uri: "shelf://title/Birds%20%26%20bees" }));
  await notebook.see("no such resource", client.readResource({ uri: "shelf://nowhere" }));

  await notebook.see("prompts", client.listPrompts());
  await notebook.see("prompt", client.getPrompt({ name: "letter", arguments: { to: "Ada" } }));
  const ref = { type: "ref/prompt", name: "letter" };
  await notebook.see("completion", client.complete({ ref, argument: { name: "to", value: "A" } }));
  const template = { type: "ref/resource", uri: "shelf://title/{title}" };
  const argument = { name: "title", value: "B" };
  await notebook.see("completion of a template", client.complete({ ref: template, argument }));

  await notebook.see("prompt that asks", client.getPrompt({ name: "asking" }));
  await notebook.see("resource that asks", client.readResource({ uri: "secret://one" }));

  mark = notebook.mark;
  const uri = "notes://all";
  if (isModern) {
    const listening = await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
    notebook.write("listens", listening.honoredFilter);
    await notebook.see("note", call("note", { words: "changed" }));
    const updated = await notebook.heard("notifications/resources/updated", { mark });
    notebook.write("updated", updated.uri);
    await notebook.see("grow", call("grow"));
    await notebook.heard("notifications/tools/list_changed", { mark });
    await listening.close();
    notebook.write("listened", await listening.closed);
  } else {
    await notebook.see("grow", call("grow"));
    notebook.write("tools changed", await notebook.heard("notifications/tools/list_changed", { mark }));
  }
  await notebook.see("notes", client.readResource({ uri }));
  const { tools } = await client.listTools(undefined, { cacheMode: "refresh" });
  notebook.write("tools after", tools.map(({ name }) => name));
}
