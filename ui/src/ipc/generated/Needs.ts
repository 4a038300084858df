export type Needs = "approval" | "step_up";
