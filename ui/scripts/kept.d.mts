export const KEPT: string[];
