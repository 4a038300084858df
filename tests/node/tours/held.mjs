// One call that is held for a person; it says `told` once it knows that it waits.
export async function visit(client, notebook, { words }) {
  const messages = [];
  const onprogress = ({ message }) => {
    if (messages.push(message) === 1) console.error("told");
  };
  await notebook.see("held", client.callTool({ name: "repeat", arguments: { words, times: 1 } }, { onprogress }));
  notebook.write("told while it waited", messages.length > 0 && messages.every(Boolean));
}
