/** Shots whose pictures are stored: each screen empty, in use and at its worst, and what opens over it. */
export const KEPT = [
  "inbox", "inbox-stages", "inbox-reject", "inbox-edit", "inbox-grant", "inbox-approved", "inbox-list", "inbox-empty", "inbox-hostile", "inbox-off",
  "inbox-together", "palette", "approval-window", "approval-window-hostile", "keys",
  "activity", "activity-export", "activity-table", "activity-open", "activity-filters", "activity-empty", "activity-hostile",
  "grants", "grants-empty", "policies", "policies-empty", "policies-hostile",
  "builder", "builder-new", "builder-try", "flows", "flows-edit", "flows-empty",
  "upstreams", "upstreams-add", "upstreams-empty", "agents", "agents-accept", "agents-token", "agents-empty", "agents-hostile",
  "people", "people-edit", "people-empty", "packs", "packs-git", "what-if",
  "security", "security-enrol", "security-empty", "security-tampered",
  "settings", "settings-saved", "settings-refused", "settings-log",
];
