/** Shots whose pictures are stored: each screen in use, most of them empty, the worst ones, and what opens over them. */
export const KEPT = [
  "inbox", "inbox-stages", "inbox-grant", "inbox-empty", "inbox-hostile", "inbox-together", "palette", "approval-window",
  "activity", "activity-table", "activity-open", "activity-empty", "grants", "policies", "policies-empty", "builder", "flows", "flows-edit",
  "upstreams", "agents", "agents-empty", "people", "packs", "what-if", "security", "security-tampered", "settings", "settings-log",
];
