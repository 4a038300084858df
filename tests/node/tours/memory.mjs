// The official `server-memory`: a small graph is made, searched and cut down.
export async function visit(client, notebook) {
  const call = (name, args = {}) => client.callTool({ name, arguments: args });
  await notebook.see("tools", client.listTools());
  const entities = [
    { name: "Zoë", entityType: "person", observations: ["opens doors"] },
    { name: "Door", entityType: "thing", observations: ["is green", "creaks"] },
  ];
  await notebook.see("entities", call("create_entities", { entities }));
  const relations = [{ from: "Zoë", to: "Door", relationType: "keeps" }];
  await notebook.see("relations", call("create_relations", { relations }));
  await notebook.see("search", call("search_nodes", { query: "creaks" }));
  await notebook.see("nodes", call("open_nodes", { names: ["Zoë"] }));
  await notebook.see("delete", call("delete_entities", { entityNames: ["Door"] }));
  await notebook.see("graph", call("read_graph"));
  await notebook.see("wrong arguments", call("create_entities", { entities: "none" }));
}
