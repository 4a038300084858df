/** Shots whose pictures are stored: each screen empty, in use and at its worst, and each thing that opens over it. */
export const KEPT = [
  "inbox", "inbox-stages", "inbox-program", "inbox-reject", "inbox-edit", "inbox-grant", "inbox-approved", "inbox-list", "inbox-empty", "inbox-hostile",
  "inbox-off", "keys", "activity", "activity-today", "activity-numbers", "activity-export", "activity-table", "activity-open", "activity-filters", "activity-empty",
  "activity-hostile", "grants", "grants-empty", "grants-hostile", "policies", "policies-list", "policies-empty", "policies-hostile", "builder",
  "builder-new", "builder-try", "builder-hostile", "flows", "flows-edit", "flows-empty", "upstreams", "upstreams-add", "upstreams-empty",
  "upstreams-hostile", "agents", "agents-accept", "agents-wait", "agents-token", "agents-empty", "agents-hostile", "security", "security-enrol",
  "security-waiting", "security-empty", "security-tampered", "settings", "settings-saved", "settings-refused", "settings-log", "settings-end",
];
