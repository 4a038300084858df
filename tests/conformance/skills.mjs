// The extension `io.modelcontextprotocol/skills` (SEP-2640): one skill of two files.

import { createHash } from "node:crypto";
import { invalid } from "./refused.mjs";

export const SKILLS = "io.modelcontextprotocol/skills";

const ROOT = "skill://greeting";
const DIRECTORY = "inode/directory";
const MARKDOWN = "text/markdown";
const frontmatter = { name: "greeting", description: "How to greet somebody" };

const manifest = `---
name: ${frontmatter.name}
description: ${frontmatter.description}
---

Say hello, then the name. The notes beside this file say when not to.
`;

const files = new Map([
  [`${ROOT}/SKILL.md`, manifest],
  [`${ROOT}/references/notes.md`, "Nobody is greeted twice.\n"],
]);

const entry = {
  uri: `${ROOT}/SKILL.md`,
  frontmatter,
  resources: [...files].map(([uri, body]) => ({
    uri,
    digest: `sha256:${createHash("sha256").update(body).digest("hex")}`,
    size: Buffer.byteLength(body),
  })),
};

const folders = {
  [ROOT]: [
    { uri: `${ROOT}/SKILL.md`, ...frontmatter, mimeType: MARKDOWN },
    { uri: `${ROOT}/references`, name: "references", mimeType: DIRECTORY },
  ],
  [`${ROOT}/references`]: [{ uri: `${ROOT}/references/notes.md`, name: "notes.md", mimeType: MARKDOWN }],
};

export const skillResources = [{ uri: entry.uri, ...frontmatter, mimeType: MARKDOWN }];

export const listSkills = () => ({ skills: [entry] });

export function getSkill({ uri }) {
  if (uri !== entry.uri) throw invalid("No such skill", { uri });
  return { skill: entry };
}

export function readFolder({ uri }) {
  if (!Object.hasOwn(folders, uri)) throw invalid("No such folder", { uri });
  return { resources: folders[uri] };
}

/** The contents of one of the skill's files, or undefined. */
export function readSkillFile(uri) {
  const body = files.get(uri);
  return body === undefined ? undefined : [{ uri, mimeType: MARKDOWN, text: body }];
}
