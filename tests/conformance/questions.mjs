// What the tools ask a person or a model, as schemas: the defaults of SEP-1034, the enums of SEP-1330, and the
// small forms of the rest.

const titled = (pairs) => Object.entries(pairs).map(([value, title]) => ({ const: value, title }));

export const form = (message, properties, required = Object.keys(properties)) => ({
  message,
  requestedSchema: { type: "object", properties, required },
});

export const contact = (message) =>
  form(message, {
    username: { type: "string", description: "User's response" },
    email: { type: "string", description: "User's email address" },
  });

export const withDefaults = form(
  "Please review the values and change what is wrong",
  {
    name: { type: "string", description: "User name", default: "John Doe" },
    age: { type: "integer", description: "User age", default: 30 },
    score: { type: "number", description: "User score", default: 95.5 },
    status: {
      type: "string",
      description: "User status",
      enum: ["active", "inactive", "pending"],
      default: "active",
    },
    verified: { type: "boolean", description: "Whether the user is verified", default: true },
  },
  [],
);

export const withEnums = form(
  "Please choose",
  {
    untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
    titledSingle: {
      type: "string",
      oneOf: titled({ value1: "First Option", value2: "Second Option", value3: "Third Option" }),
    },
    legacyEnum: {
      type: "string",
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    },
    untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
    titledMulti: {
      type: "array",
      items: { anyOf: titled({ value1: "First Choice", value2: "Second Choice", value3: "Third Choice" }) },
    },
  },
  [],
);

export const sampling = (words, maxTokens = 100) => ({
  messages: [{ role: "user", content: { type: "text", text: words } }],
  maxTokens,
});
