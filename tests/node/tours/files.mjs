// The official `server-filesystem`: writes, reads and what it refuses. `given.folder` is what it may touch.
import { join } from "node:path";

export async function visit(client, notebook, { folder }) {
  const call = (name, args = {}) => client.callTool({ name, arguments: args });
  const path = join(folder, "notes.txt");
  notebook.roots = [{ uri: `file://${folder}`, name: "files" }];
  await notebook.see("tools", client.listTools());
  await notebook.see("write", call("write_file", { path, content: "one\ntwo \u{1F511}\n" }));
  await notebook.see("read", call("read_text_file", { path, head: 2 }));
  await notebook.see("edit", call("edit_file", { path, edits: [{ oldText: "one", newText: "three" }] }));
  await notebook.see("list", call("list_directory", { path: folder }));
  await notebook.see("search", call("search_files", { path: folder, pattern: "*.txt" }));
  await notebook.see("move", call("move_file", { source: path, destination: join(folder, "moved.txt") }));
  await notebook.see("gone", call("read_text_file", { path }));
  await notebook.see("outside", call("read_text_file", { path: "/etc/hostname" }));
  await notebook.see("allowed", call("list_allowed_directories"));
}
