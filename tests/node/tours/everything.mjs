// Everything that the official `server-everything` offers to a client of the older era.
import { z } from "zod";
import { unwrap } from "../notebook.mjs";

const anything = z.looseObject({});

export async function visit(client, notebook) {
  const call = (name, args = {}, options) => client.callTool({ name, arguments: args }, options);

  // The server asks for the roots over the stream of its own, once, soon after the start; where that stream was not
  // open in time it is made to ask again. From here on the stream is known to be open.
  const again = setTimeout(() => call("get-roots-list").catch(() => {}), 3_000);
  notebook.write("roots asked", await notebook.heard("roots/list"));
  clearTimeout(again);
  await notebook.heard("notifications/message", { fits: ({ data }) => `${data}`.startsWith("Roots updated: 1 ") });
  await notebook.see("ping", client.ping());

  await notebook.see("tools", client.listTools());
  await notebook.see("echo", call("echo", { message: "Grüße, 世界 \u{1F6AA} \u0000\u2028" }));
  await notebook.see("sum", call("get-sum", { a: 0.1, b: 1e21 }));
  await notebook.see("image", call("get-tiny-image"));
  await notebook.see("annotated", call("get-annotated-message", { messageType: "error", includeImage: true }));
  await notebook.see("structured", call("get-structured-content", { location: "Chicago" }));
  await notebook.see("links", call("get-resource-links", { count: 3 }));
  await notebook.see("reference", call("get-resource-reference", { resourceType: "Text", resourceId: 3 }));
  await notebook.see("wrong arguments", call("get-sum", { a: "one" }));

  const steps = [];
  // The last step may come with the result in one piece, and is then dropped by the client library.
  const onprogress = (step) => step.progress < step.total && steps.push(step);
  await notebook.see("long", call("trigger-long-running-operation", { duration: 0.6, steps: 4 }, { onprogress }));
  notebook.write("long progress", steps);

  const stop = new AbortController();
  const stopped = call("trigger-long-running-operation", { duration: 60, steps: 200 }, {
    signal: stop.signal,
    onprogress: () => stop.abort("enough seen"),
  });
  notebook.write("cancelled", await stopped.then(() => "it came to its end", () => "stopped by the client"));
  await notebook.see("after the cancelled one", call("echo", { message: "still here" }));

  await notebook.see("sampling", call("trigger-sampling-request", { prompt: "Who is there?", maxTokens: 9 }));
  notebook.write("sampling asked", await notebook.heard("sampling/createMessage"));
  let mark = notebook.mark;
  await notebook.see("elicitation", call("trigger-elicitation-request"));
  notebook.write("elicitation asked", await notebook.heard("elicitation/create", { mark }));
  mark = notebook.mark;
  const link = { url: "https://example.com/sign?in=1&x=%20", message: "Please sign in", elicitationId: "e-1" };
  await notebook.see("link", call("trigger-url-elicitation", link));
  notebook.write("link asked", await notebook.heard("elicitation/create", { mark }));
  await notebook.see("link needed first", call("trigger-url-elicitation", { ...link, errorPath: true }));

  notebook.roots = [{ uri: "file:///srv/one", name: "One" }, { uri: "file:///srv/two" }];
  mark = notebook.mark;
  await client.sendRootsListChanged();
  await notebook.heard("notifications/message", { mark, fits: ({ data }) => `${data}`.startsWith("Roots updated: 2 ") });
  await notebook.see("roots", call("get-roots-list"));

  await notebook.see("resources", client.listResources());
  await notebook.see("templates", client.listResourceTemplates());
  await notebook.see("text", client.readResource({ uri: "demo://resource/dynamic/text/7" }));
  const { contents } = await client.readResource({ uri: "demo://resource/dynamic/blob/8" });
  notebook.write("blob", contents.map(({ blob, ...rest }) => ({ ...rest, text: unwrap(blob) })));
  await notebook.see("no such resource", client.readResource({ uri: "demo://nowhere" }));
  mark = notebook.mark;
  const file = { name: "a.gz", data: "data:text/plain,hello", outputType: "resourceLink" };
  await notebook.see("new resource", call("gzip-file-as-resource", file));
  notebook.write("resources changed", await notebook.heard("notifications/resources/list_changed", { mark }));
  const { resources } = await client.listResources(undefined, { cacheMode: "refresh" });
  notebook.write("resources after", resources.map(({ uri }) => uri));

  mark = notebook.mark;
  const uri = "demo://resource/dynamic/text/1";
  await notebook.see("subscribe", client.subscribeResource({ uri }));
  await call("toggle-subscriber-updates");
  notebook.write("updated", await notebook.heard("notifications/resources/updated", { mark }));
  await call("toggle-subscriber-updates");
  await notebook.see("unsubscribe", client.unsubscribeResource({ uri }));

  await notebook.see("prompts", client.listPrompts());
  await notebook.see("prompt", client.getPrompt({ name: "args-prompt", arguments: { city: "Köln", state: "NRW" } }));
  const reference = { resourceType: "Text", resourceId: "2" };
  await notebook.see("prompt with a resource", client.getPrompt({ name: "resource-prompt", arguments: reference }));
  await notebook.see("no such prompt", client.getPrompt({ name: "nothing" }));
  const prompt = { type: "ref/prompt", name: "completable-prompt" };
  await notebook.see(
    "completion",
    client.complete({
      ref: prompt,
      argument: { name: "name", value: "" },
      context: { arguments: { department: "Sales" } },
    }),
  );
  const template = { type: "ref/resource", uri: "demo://resource/dynamic/text/{resourceId}" };
  const argument = { name: "resourceId", value: "12" };
  await notebook.see("completion of a template", client.complete({ ref: template, argument }));

  mark = notebook.mark;
  await notebook.see("level", client.setLoggingLevel("debug"));
  await call("toggle-simulated-logging");
  const { level, data } = await notebook.heard("notifications/message", { mark, fits: ({ data }) => /level/i.test(data) });
  notebook.write("logged", `${data}`.toLowerCase().startsWith(level));
  await call("toggle-simulated-logging");

  // A task of this era: started, asked for input through its result, and read to its end.
  mark = notebook.mark;
  const { task } = await client.request(
    {
      method: "tools/call",
      params: {
        name: "simulate-research-query",
        arguments: { topic: "python", ambiguous: true },
        task: { ttl: 60_000 },
      },
    },
    anything,
  );
  notebook.write("task", { ttl: task.ttl, pollInterval: task.pollInterval, status: task.status });
  const params = { taskId: task.taskId };
  notebook.write("task looked at", (await client.request({ method: "tasks/get", params }, anything)).status);
  await notebook.see("task result", client.request({ method: "tasks/result", params }, anything));
  notebook.write("task asked", await notebook.heard("elicitation/create", { mark }));
  notebook.write("task ended", (await client.request({ method: "tasks/get", params }, anything)).status);
}
