/** Shots whose pictures are stored: each screen in use, most of them empty, the worst ones, and what opens over them. */
export const KEPT = [
  "inbox", "inbox-stages", "inbox-reject", "inbox-edit", "inbox-grant", "inbox-approved", "inbox-empty", "inbox-fresh", "inbox-hostile",
  "inbox-burst", "inbox-together", "inbox-votes-cast", "inbox-close", "palette", "keys", "approval-window", "approval-window-hostile",
  "activity", "activity-open", "activity-table", "activity-filters", "activity-export", "activity-empty", "grants", "grants-empty",
  "policies", "policies-list", "policies-empty", "builder", "builder-groups", "what-if", "people", "people-edit", "packs", "packs-git", "flows", "flows-edit",
  "upstreams", "upstreams-add", "upstreams-empty", "agents", "agents-connect", "agents-empty", "security", "security-empty", "security-tampered",
  "settings", "settings-log",
];
