// One call that is held for a person.
export async function visit(client, notebook, { words }) {
  const messages = [];
  const onprogress = ({ message }) => messages.push(message);
  await notebook.see("held", client.callTool({ name: "repeat", arguments: { words, times: 1 } }, { onprogress }));
  notebook.write("told while it waited", messages.length > 0 && messages.every(Boolean));
}
