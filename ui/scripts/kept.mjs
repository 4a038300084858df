/** Shots whose pictures are stored: each screen in use, most of them empty, the worst ones, and what opens over them. */
export const KEPT = [
  "inbox", "inbox-stages", "inbox-reject", "inbox-edit", "inbox-grant", "inbox-approved", "inbox-empty", "inbox-hostile",
  "inbox-together", "palette", "approval-window", "activity", "activity-open", "activity-empty", "grants", "policies", "policies-empty",
  "builder", "what-if", "people", "packs", "flows", "flows-edit", "upstreams", "agents", "agents-empty", "security", "security-tampered",
  "settings", "settings-log",
];
