/** The screens by their names, in the order of the navigation. */

export const SCREENS = [
  { to: "/inbox", name: "Inbox", group: null },
  { to: "/activity", name: "Activity", group: null },
  { to: "/policies", name: "Policies", group: "The door" },
  { to: "/flows", name: "Approval flows", group: "The door" },
  { to: "/grants", name: "Grants", group: "The door" },
  { to: "/agents", name: "Agents", group: "Who and what" },
  { to: "/upstreams", name: "Upstreams", group: "Who and what" },
  { to: "/people", name: "People", group: "Who and what" },
  { to: "/security", name: "Security", group: "Who and what" },
  { to: "/settings", name: "Settings", group: "Who and what" },
] as const;

export type Screen = (typeof SCREENS)[number]["to"];

/** Screens of their own that are reached from one of the navigation, and belong to it. */
const PARTS: Readonly<Record<string, Screen>> = { "/builder": "/policies", "/what-if": "/policies", "/packs": "/policies" };

/** The screen of the navigation that an address belongs to without being it. */
export const screenAround = (path: string): Screen | undefined => PARTS[path];
