export type PolicyModeRequest = { id: string, mode: "enforce" | "observe" | "off", };
