// Calls and other requests of `both-eras.mjs`, all sent at once: over pipes they arrive in this order.
export async function visit(client, notebook) {
  const greet = (index) => client.callTool({ name: "greet", arguments: { place: "here", name: `${index}` } });
  const letter = (index) => client.getPrompt({ name: "letter", arguments: { to: `${index}` } });
  const sent = Array.from({ length: 60 }, (_, index) => (index % 3 === 2 ? letter(index) : greet(index)));
  const answers = await Promise.all(sent);
  notebook.write("answers", answers.map(({ content, messages }) => (content ?? [messages[0].content])[0].text));
}
