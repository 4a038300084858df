// What both eras serve alike: the plain tools, the resources and the prompts. Nothing here knows how it is asked.

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

export const SERVER = { name: "doorward-conformance-upstream", version: "0.1.0" };
export const INSTRUCTIONS = "Every tool here does what one scenario of the conformance suites needs.";

export const text = (words) => ({ type: "text", text: words });
export const said = (words) => ({ content: [text(words)] });
export const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

const image = { type: "image", data: PIXEL, mimeType: "image/png" };
const nothing = { type: "object", properties: {} };

/** A tool: what `tools/list` says of it, and what it does with its arguments in the context of one call. */
export function tool(name, description, run, inputSchema = nothing) {
  return { definition: { name, description, inputSchema }, run };
}

/** The first one has to work without arguments: a scenario takes the first tool it finds. */
export const plainTools = [
  tool("test_simple_text", "Answers with one line of text", () =>
    said("This is a simple text response for testing."),
  ),
  tool("test_image_content", "Answers with a picture of one pixel", () => ({ content: [image] })),
  tool("test_audio_content", "Answers with a sound of no length", () => ({
    content: [{ type: "audio", data: SILENCE, mimeType: "audio/wav" }],
  })),
  tool("test_embedded_resource", "Answers with a resource", () => ({
    content: [
      {
        type: "resource",
        resource: {
          uri: "test://embedded-resource",
          mimeType: "text/plain",
          text: "This is an embedded resource content.",
        },
      },
    ],
  })),
  tool("test_multiple_content_types", "Answers with text, a picture and a resource", () => ({
    content: [
      text("Multiple content types test:"),
      image,
      {
        type: "resource",
        resource: {
          uri: "test://mixed-content-resource",
          mimeType: "application/json",
          text: JSON.stringify({ test: "data", value: 123 }),
        },
      },
    ],
  })),
  tool("test_error_handling", "Always fails", () => ({
    ...said("This tool intentionally returns an error for testing"),
    isError: true,
  })),
  tool("test_tool_with_progress", "Reports progress three times", async (_, call) => {
    for (const progress of [0, 50, 100]) {
      await call.progress(progress, 100);
      await pause(30, call.signal);
    }
    return said("Progress was reported.");
  }),
  tool(
    "json_schema_2020_12_tool",
    "Has an input schema that uses much of JSON Schema 2020-12",
    () => said("The schema is what matters here."),
    {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      $defs: {
        address: {
          $anchor: "addressDef",
          type: "object",
          properties: { street: { type: "string" }, city: { type: "string" } },
        },
      },
      properties: {
        name: { type: "string" },
        address: { $ref: "#/$defs/address" },
        contactMethod: { type: "string", enum: ["phone", "email"] },
        phone: { type: "string" },
        email: { type: "string" },
      },
      allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
      if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
      then: { required: ["phone"] },
      else: { required: ["email"] },
      additionalProperties: false,
    },
  ),
];

export const resources = [
  {
    uri: "test://static-text",
    name: "static-text",
    description: "A text that never changes",
    mimeType: "text/plain",
  },
  {
    uri: "test://static-binary",
    name: "static-binary",
    description: "A picture of one pixel",
    mimeType: "image/png",
  },
  {
    uri: "test://watched-resource",
    name: "watched-resource",
    description: "A text that can be subscribed to",
    mimeType: "text/plain",
  },
];

export const resourceTemplates = [
  {
    uriTemplate: "test://template/{id}/data",
    name: "template-data",
    description: "Data for an id",
    mimeType: "application/json",
  },
];

const bodies = {
  "test://static-text": { text: "This is the content of the static text resource." },
  "test://static-binary": { blob: PIXEL },
  "test://watched-resource": { text: "This text can be subscribed to." },
};

/** The contents of a resource, or undefined where there is none. */
export function read(uri) {
  const resource = resources.find((each) => each.uri === uri);
  if (resource) return [{ uri, mimeType: resource.mimeType, ...bodies[uri] }];
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) return undefined;
  const data = { id, templateTest: true, data: `Data for ID: ${id}` };
  return [{ uri, mimeType: "application/json", text: JSON.stringify(data) }];
}

const user = (content) => ({ messages: [{ role: "user", content }] });

/** A prompt: what `prompts/list` says of it, and its messages for given arguments. */
export const plainPrompts = [
  {
    definition: { name: "test_simple_prompt", description: "A prompt of one line" },
    messages: () => user(text("This is a simple prompt for testing.")),
  },
  {
    definition: {
      name: "test_prompt_with_arguments",
      description: "A prompt that holds its arguments",
      arguments: [
        { name: "arg1", description: "The first argument", required: true },
        { name: "arg2", description: "The second argument", required: true },
      ],
    },
    messages: ({ arg1, arg2 }) => user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  },
  {
    definition: {
      name: "test_prompt_with_embedded_resource",
      description: "A prompt that holds a resource",
      arguments: [{ name: "resourceUri", description: "The resource's address", required: true }],
    },
    messages: ({ resourceUri }) => ({
      messages: [
        {
          role: "user",
          content: {
            type: "resource",
            resource: {
              uri: resourceUri ?? "test://static-text",
              mimeType: "text/plain",
              text: "Embedded resource content for testing.",
            },
          },
        },
        { role: "user", content: text("Please process the embedded resource above.") },
      ],
    }),
  },
  {
    definition: { name: "test_prompt_with_image", description: "A prompt that holds a picture" },
    messages: () => ({
      messages: [
        { role: "user", content: image },
        { role: "user", content: text("Please analyze the image above.") },
      ],
    }),
  },
];

/** Completions for any argument. */
export function complete(value) {
  const values = ["paris", "park", "party"].filter((each) => each.startsWith(value ?? ""));
  return { completion: { values, total: values.length, hasMore: false } };
}
